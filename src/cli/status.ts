import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { clearScreen } from '../lib/terminal.ts'
import { describeStatus, readStatus } from '../operate/status.ts'
import { report } from './output.ts'
import { withServices } from './with-services.ts'

const WATCH_EVERY_MS = 2_000

export function statusCommand(command: Command): void {
  command.option('--watch', 'refresh every two seconds, until Ctrl-C').action((options) =>
    withServices(
      async (services) => {
        const stop = new AbortController()
        if (options.watch) {
          process.once('SIGINT', () => stop.abort())
          // The pipe is closed.
          process.stdout.once('error', () => stop.abort())
        }
        do {
          const status = await readStatus(services)
          if (options.watch && process.stdout.isTTY) clearScreen()
          report(command, status, describeStatus(status, services.now()))
          if (options.watch) await delay(WATCH_EVERY_MS, undefined, { signal: stop.signal }).catch(() => {})
        } while (options.watch && !stop.signal.aborted)
      },
      // A wrong SUPPRESSION_KEY stops everything else; status must still show it.
      { anyKey: true },
    ),
  )
}

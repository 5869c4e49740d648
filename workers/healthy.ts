import { stat } from 'node:fs/promises'
import { printError } from '../src/lib/terminal.ts'
import { heartbeatFile, SILENT_MS } from './heartbeat.ts'

/** Container health check: exits 0 if this machine's worker reached its database within a minute. */
const beat = await stat(heartbeatFile()).catch(() => undefined)
if (!beat || Date.now() - beat.mtimeMs > SILENT_MS) {
  printError('No worker on this machine reached its database within a minute.')
  process.exitCode = 1
}

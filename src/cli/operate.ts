import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { halt, resumeAfterRestore, whyHalted } from '../delivery/ledger/restore-guard.ts'
import { clearScreen } from '../lib/terminal.ts'
import { writeDown } from '../operate/audit.ts'
import { diagnosesInWords } from '../operate/doctor/diagnosis.ts'
import { examine } from '../operate/doctor/examine.ts'
import { readStatus, statusInWords } from '../operate/status.ts'
import { dkimRecord, readDkimKeys } from '../relay/dkim-keys.ts'
import { readEnvironment } from '../runtime/config/config.ts'
import { migrate } from '../runtime/db/database.ts'
import { commandLine } from './admin.ts'
import { report, withConfig, withServices } from './open.ts'

const WATCH_EVERY_MS = 2_000
/** Looking and stopping must work also where a wrong SUPPRESSION_KEY keeps everything else from starting. */
const ANY_KEY = { anyKey: true }

export function operateCommands(program: Command): void {
  program
    .command('migrate')
    .description('bring the database’s tables up to date')
    .action(async (_options, command) => {
      const { DATABASE_URL } = readEnvironment(process.env)
      if (DATABASE_URL) await migrate(DATABASE_URL)
      else await withServices(async () => {})
      report(command, { migrated: true }, 'The tables are up to date.')
    })

  program
    .command('status')
    .description('how readers, papers, editions and mails stand')
    .option('--watch', 'look again every two seconds, until Ctrl-C')
    .action((options, command) =>
      withServices(async (services) => {
        const stop = new AbortController()
        if (options.watch) process.once('SIGINT', () => stop.abort())
        do {
          const status = await readStatus(services)
          if (options.watch && process.stdout.isTTY) clearScreen()
          report(command, status, statusInWords(status, services.now()))
          if (options.watch) await delay(WATCH_EVERY_MS, undefined, { signal: stop.signal }).catch(() => {})
        } while (options.watch && !stop.signal.aborted)
      }, ANY_KEY),
    )

  program
    .command('doctor')
    .description('look at everything that mail hangs on: database, queue, relays, DNS, page, worker. Changes nothing')
    .addHelpText('after', '\nExit code 1 when anything is wrong; what is merely to be looked at is no failure.')
    .action((_options, command) =>
      withConfig(
        async (config) => {
          const diagnoses = await examine(config)
          report(command, diagnoses, diagnosesInWords(diagnoses))
          if (diagnoses.some(({ state }) => state === 'wrong')) process.exitCode = 1
        },
        { mails: true },
      ),
    )

  program
    .command('halt')
    .description('mail nothing from this database until it is resumed: before or after a restore, as the first thing')
    .action((_options, command) =>
      withServices(async (services) => {
        await halt(services)
        await writeDown(services.db, services.now(), { who: commandLine(), what: 'halted', about: 'all mailing' })
        report(command, { halted: true }, 'Nothing is mailed any more. To go on: paperboy resume --after-restore')
      }, ANY_KEY),
    )

  program
    .command('resume')
    .description('mail again after a restore from a backup, or after halt')
    .requiredOption('--after-restore', 'that you have looked: open editions, and list days closed since, are cancelled')
    .option('--keep-editions', 'nothing was mailed since the backup: do not cancel them')
    .action((options, command) =>
      withServices(async (services) => {
        const halted = await whyHalted(services.db)
        if (!halted)
          return report(command, { resumed: false, cancelled: 0 }, 'Nothing was halted; nothing was changed.')
        const { cancelled } = await resumeAfterRestore(services, options.keepEditions === true)
        await writeDown(services.db, services.now(), { who: commandLine(), what: 'resumed', about: 'all mailing' })
        const known = halted.mailedLast
          ? ` The database last mailed at ${halted.mailedLast.toISOString()}: who left or bounced since then is not known to it.`
          : ''
        report(
          command,
          { resumed: true, cancelled, ...halted },
          `Mails go out again; ${cancelled} editions were cancelled.${known}`,
        )
      }),
    )

  program
    .command('dkim')
    .description('print the DNS records that publish the keys of DKIM_PRIVATE_KEY_FILE')
    .action(async (_options, command) => {
      const records = (await readDkimKeys(readEnvironment(process.env))).map(dkimRecord)
      report(
        command,
        records,
        records.map(zoneLine).join('\n') || 'DKIM_DOMAIN is not set: the relay signs, or nobody.',
      )
    })
}

/** As a zone file has it: a TXT record's strings hold 255 characters each. */
const zoneLine = ({ name, text }: { name: string; text: string }): string =>
  `${name}. TXT ${text
    .match(/.{1,255}/g)!
    .map((piece) => `"${piece}"`)
    .join(' ')}`

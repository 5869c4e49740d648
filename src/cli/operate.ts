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

export function operateCommands(program: Command): void {
  program
    .command('migrate')
    .description('update the database tables to this version')
    .action(async (_options, command) => {
      const { DATABASE_URL } = readEnvironment(process.env)
      if (DATABASE_URL) await migrate(DATABASE_URL)
      else await withServices(async () => {})
      report(command, { migrated: true }, 'The tables are up to date.')
    })

  program
    .command('status')
    .description('show readers, papers, editions and emails')
    .option('--watch', 'refresh every two seconds, until Ctrl-C')
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
      }),
    )

  program
    .command('doctor')
    .description('check everything email depends on: database, queue, relays, DNS, site, worker. Changes nothing')
    .addHelpText('after', '\nExits with 1 on errors. Warnings do not change the exit code.')
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
    .description('stop all email from this database until `resume`. Run it first, before or after a restore')
    .action((_options, command) =>
      withServices(async (services) => {
        await halt(services)
        await writeDown(services.db, services.now(), { who: commandLine(), what: 'halted', about: 'all email' })
        report(command, { halted: true }, 'All email is halted. To continue: paperboy resume --after-restore')
      }),
    )

  program
    .command('resume')
    .description('send email again after a restore from a backup, or after `halt`')
    .requiredOption('--after-restore', 'confirm that you checked: cancels open editions and list days closed since')
    .option('--keep-editions', 'do not cancel them, because nothing was sent since the backup')
    .action((options, command) =>
      withServices(async (services) => {
        const halted = await whyHalted(services.db)
        if (!halted)
          return report(command, { resumed: false, cancelled: 0 }, 'Email is not halted. Nothing was changed.')
        const { cancelled } = await resumeAfterRestore(services, options.keepEditions === true)
        await writeDown(services.db, services.now(), { who: commandLine(), what: 'resumed', about: 'all email' })
        const known = halted.mailedLast
          ? ` The database last sent email at ${halted.mailedLast.toISOString()}. It does not know who unsubscribed or bounced since then.`
          : ''
        report(
          command,
          { resumed: true, cancelled, ...halted },
          `Email is sent again. ${cancelled} editions were cancelled.${known}`,
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
        records.map(zoneLine).join('\n') || 'DKIM_DOMAIN is not set. Paperboy does not sign; your relay may.',
      )
    })
}

/** A zone file line. A TXT record's strings hold 255 characters each. */
const zoneLine = ({ name, text }: { name: string; text: string }): string =>
  `${name}. TXT ${text
    .match(/.{1,255}/g)!
    .map((piece) => `"${piece}"`)
    .join(' ')}`

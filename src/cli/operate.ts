import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import {
  editionsToCancel,
  halt,
  resumeAfterHalt,
  resumeAfterRestore,
  whyHalted,
} from '../delivery/ledger/restore-guard.ts'
import { describeEdition } from '../edition/draft/control.ts'
import { clearScreen, complain } from '../lib/terminal.ts'
import { writeDown } from '../operate/audit.ts'
import { diagnosesInWords } from '../operate/doctor/diagnosis.ts'
import { examine } from '../operate/doctor/examine.ts'
import { readStatus, statusInWords } from '../operate/status.ts'
import { listUnknownServiceMails } from '../outbox/unknown.ts'
import { dkimRecord, readDkimKeys } from '../relay/dkim-keys.ts'
import { readEnvironment } from '../runtime/config/config.ts'
import { migrate } from '../runtime/db/database.ts'
import type { Services } from '../runtime/services.ts'
import { commandLine } from './admin.ts'
import { report, withConfig, withServices } from './open.ts'

const WATCH_EVERY_MS = 2_000
/** Looking and stopping must work also where a wrong SUPPRESSION_KEY keeps everything else from starting. */
const ANY_KEY = { anyKey: true }

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
      }, ANY_KEY),
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
        await writeDown(services.db, services.now(), { who: commandLine(), what: 'halted', about: 'all mailing' })
        report(command, { halted: true }, 'Nothing is sent any more. To go on: paperboy resume')
      }, ANY_KEY),
    )

  program
    .command('resume')
    .description('send again after halt, or after a restore from a backup')
    .option('--after-restore', 'after a restore: lists the editions that are open and cancels them')
    .option('--keep-editions', 'with --after-restore: nothing was sent since the backup, so cancel none')
    .option('--dry-run', 'with --after-restore: list the editions and change nothing')
    .action(async (options: ResumeOptions, command: Command) => {
      if (!options.afterRestore && (options.keepEditions || options.dryRun))
        command.error('--keep-editions and --dry-run go with --after-restore.')
      await withServices((services) => resume(services, options, command))
    })

  program
    .command('unknown')
    .description('list service emails and sign-in links whose outcome is unknown')
    .action((_options, command) =>
      withServices(async (services) => {
        const unknown = await listUnknownServiceMails(services)
        const lines = unknown.map(({ kind, reply, messageId, at }) => `${at}  ${kind}  ${messageId}  ${reply}`)
        report(command, unknown, lines.join('\n') || 'None is unknown.')
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

interface ResumeOptions {
  afterRestore?: boolean
  keepEditions?: boolean
  dryRun?: boolean
}

async function resume(services: Services, options: ResumeOptions, command: Command): Promise<void> {
  const { db, now } = services
  const halted = await whyHalted(db)
  if (!halted) return report(command, { resumed: false, cancelled: [] }, 'Nothing is halted; nothing was changed.')
  const entry = { who: commandLine(), what: 'resumed', about: 'all mailing' }
  if (!options.afterRestore) {
    await resumeAfterHalt(services)
    await writeDown(db, now(), entry)
    return report(
      command,
      { resumed: true, cancelled: [], ...halted },
      'Emails are sent again. No edition was cancelled.',
    )
  }
  const open = options.keepEditions ? [] : await editionsToCancel(db)
  const named = open.map((edition) => `${describeEdition(edition)} (${edition.state})`).join(', ') || 'none'
  if (options.dryRun)
    return report(command, { resumed: false, wouldCancel: open }, `Editions that would be cancelled: ${named}.`)
  complain(`Editions to cancel: ${named}.`)
  const { cancelled } = await resumeAfterRestore(services, options.keepEditions === true)
  await writeDown(db, now(), entry)
  const known = halted.mailedLast
    ? ` The database last sent at ${halted.mailedLast.toISOString()}: it does not know who unsubscribed or bounced since then.`
    : ''
  const count = `${cancelled.length} ${cancelled.length === 1 ? 'edition was' : 'editions were'} cancelled`
  report(command, { resumed: true, cancelled, ...halted }, `Emails are sent again; ${count}.${known}`)
}

/** As a zone file has it: a TXT record's strings hold 255 characters each. */
const zoneLine = ({ name, text }: { name: string; text: string }): string =>
  `${name}. TXT ${text
    .match(/.{1,255}/g)!
    .map((piece) => `"${piece}"`)
    .join(' ')}`

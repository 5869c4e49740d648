import type { Command } from 'commander'
import { editionsToCancel, resumeAfterHalt, resumeAfterRestore, whyHalted } from '../delivery/ledger/restore-guard.ts'
import { describeEdition } from '../edition/draft/control.ts'
import { printError } from '../lib/terminal.ts'
import { recordAudit, withAudit } from '../operate/audit.ts'
import type { Services } from '../runtime/services.ts'
import { cliActor } from './actor.ts'
import { report } from './output.ts'
import { withServices } from './with-services.ts'

interface ResumeOptions {
  afterRestore?: boolean
  keepEditions?: boolean
  dryRun?: boolean
}

export function resumeCommand(command: Command): void {
  command
    .option('--after-restore', 'after a restore: lists the editions that are open and cancels them')
    .option('--keep-editions', 'with --after-restore: nothing was sent since the backup, so cancel none')
    .option('--dry-run', 'with --after-restore: list the editions and change nothing')
    .action(async (options: ResumeOptions) => {
      if (!options.afterRestore && (options.keepEditions || options.dryRun))
        command.error('--keep-editions and --dry-run go with --after-restore.')
      await withServices((services) => resume(services, options, command))
    })
}

async function resume(services: Services, options: ResumeOptions, command: Command): Promise<void> {
  const { db, now } = services
  const halted = await whyHalted(db)
  if (!halted) return report(command, { resumed: false, cancelled: [] }, 'Nothing is halted; nothing was changed.')
  const actor = cliActor()
  const entry = { actor, action: 'resumed', target: 'all mailing' }
  if (!options.afterRestore) {
    await withAudit(services, entry, (tx) => resumeAfterHalt({ ...services, db: tx }))
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
  printError(`Editions to cancel: ${named}.`)
  const { cancelled } = await withAudit(services, entry, async (tx) => {
    const resumed = await resumeAfterRestore({ ...services, db: tx }, options.keepEditions === true)
    for (const edition of resumed.cancelled)
      await recordAudit(tx, now(), { actor, action: 'cancelled', target: describeEdition(edition) })
    return resumed
  })
  const known = halted.mailedLast
    ? ` The database last sent at ${halted.mailedLast.toISOString()}: it does not know who unsubscribed or bounced since then.`
    : ''
  const count = `${cancelled.length} ${cancelled.length === 1 ? 'edition was' : 'editions were'} cancelled`
  report(command, { resumed: true, cancelled, ...halted }, `Emails are sent again; ${count}.${known}`)
}

import { type Command, InvalidArgumentError, Option } from 'commander'
import { isAnyQueued, RESENDABLE_STATES, type ResendableState, sendAgain } from '../../delivery/send/send-again.ts'
import { describeEdition, type EditionKey, editionOptions } from '../../edition/draft/control.ts'
import { withAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { cliActor } from '../actor.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { editionCommand } from './edition-command.ts'

/** `edition again` */
export function resendCommand(edition: Command): void {
  editionCommand(edition, 'again', 'send refused, expired or unknown deliveries again, with the same Message-ID')
    .addOption(
      new Option('--only <states>', 'states to send again, separated by commas: refused, expired, unknown')
        .argParser(parseStates)
        .makeOptionMandatory(),
    )
    .option('--yes', 'send; without it: dry run')
    .action((options: EditionKey & { only: ResendableState[]; yes?: boolean }, command) =>
      withServices(async (services) => {
        const dryRun = options.yes !== true
        const again = (db: Services['db']) => sendAgain({ ...services, db }, options, { only: options.only, dryRun })
        const action = `queued ${options.only.join(' and ')} deliveries again of`
        const entry = { actor: cliActor(), action, target: describeEdition(options) }
        const counts = dryRun ? await again(services.db) : await withAudit(services, entry, again, isAnyQueued)
        report(command, { ...counts, done: !dryRun }, describeCounts(counts, options, dryRun))
      }),
    )
}

function describeCounts(counts: Awaited<ReturnType<typeof sendAgain>>, key: EditionKey, dryRun: boolean): string {
  const parts = Object.entries(counts).map(([state, count]) => `${count.toLocaleString('en')} ${state}`)
  const list = parts.join(', ') || 'none'
  if (!dryRun) return `Queued again: ${list}. A worker sends them, or run: paperboy edition send ${editionOptions(key)}`
  const risk = counts.unknown ? ' An unknown delivery may have arrived, so its reader may get it twice.' : ''
  return `Dry run: would send again ${list}.${risk} Add --yes to send.`
}

/** @throws InvalidArgumentError for any other state */
function parseStates(text: string): ResendableState[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.every((name): name is ResendableState => RESENDABLE_STATES.some((known) => known === name))) return names
  throw new InvalidArgumentError(`Use ${RESENDABLE_STATES.join(', ')}, separated by commas.`)
}

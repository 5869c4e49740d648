import type { Command } from 'commander'
import { recall } from '../../delivery/ledger/recall.ts'
import {
  cancel,
  describeEdition,
  type EditionKey,
  findEdition,
  hold,
  pause,
  resume,
} from '../../edition/draft/control.ts'
import { describeRelease } from '../../edition/draft/describe-release.ts'
import { release } from '../../edition/draft/release.ts'
import { withAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { cliActor } from '../actor.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { editionCommand } from './edition-command.ts'

/** Commands that only change an edition's state: name, name in the audit log, description, function. */
const COMMANDS: [string, string, string, (services: Services, key: EditionKey) => Promise<unknown>][] = [
  ['release', 'released', 'freeze and compose the edition now', release],
  ['hold', 'held', 'stop the schedule from releasing a draft', hold],
  ['pause', 'paused', 'pause sending', pause],
  ['resume', 'resumed', 'resume a paused edition, or release a held draft on schedule', resume],
  ['recall', 'recalled', 'make a released edition a held draft again, while no email can have arrived', recall],
  ['cancel', 'cancelled', 'end the edition for good and skip unsent deliveries', cancel],
]

export function stateCommands(edition: Command): void {
  for (const [name, done, description, act] of COMMANDS)
    editionCommand(edition, name, description).action((key: EditionKey, command) =>
      withServices(async (services) => {
        const entry = { actor: cliActor(), action: done, target: describeEdition(key) }
        await withAudit(services, entry, (db) => act({ ...services, db }, key))
        const changed = await findEdition(services, key)
        const { state, held } = changed
        const scheduled = state === 'draft' && !held
        report(
          command,
          { ...key, state, held },
          `The ${key.kind} edition of ${key.date} is ${held ? 'held, ' : ''}${state}.${scheduled ? ` It is released ${describeRelease(changed, services.now())}.` : ''}`,
        )
      }),
    )
}

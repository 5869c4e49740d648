import type { Command } from 'commander'
import { assemble } from '../../edition/draft/assemble.ts'
import { describeEdition, type EditionKey, editionOptions } from '../../edition/draft/control.ts'
import { describeRelease } from '../../edition/draft/describe-release.ts'
import { counted } from '../../lib/counted.ts'
import { isChanged, withAudit } from '../../operate/audit.ts'
import { cliActor } from '../actor.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { editionCommand } from './edition-command.ts'

export function assembleCommand(edition: Command): void {
  editionCommand(edition, 'assemble', 'assemble the draft, or update it from the day’s papers').action(
    (key: EditionKey, command) =>
      withServices(async (services) => {
        const entry = { actor: cliActor(), action: 'assembled', target: describeEdition(key) }
        const made = await withAudit(services, entry, (db) => assemble({ ...services, db }, key), isChanged)
        const note = made.changed
          ? `draft assembled. It is released ${describeRelease(made, services.now())}`
          : `it is ${made.state} already, nothing was changed`
        const remedy =
          made.changed && made.held ? ` To release it: paperboy edition release ${editionOptions(key)}` : ''
        report(command, made, `Edition of ${key.date}, ${counted(made.papers, 'paper')}: ${note}.${remedy}`)
      }),
  )
}

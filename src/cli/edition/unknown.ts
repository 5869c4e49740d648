import type { Command } from 'commander'
import { listUnknown } from '../../delivery/ledger/progress.ts'
import { type EditionKey, findEdition } from '../../edition/draft/control.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { editionCommand } from './edition-command.ts'

export function unknownCommand(edition: Command): void {
  editionCommand(edition, 'unknown', 'list deliveries with an unknown outcome').action((key: EditionKey, command) =>
    withServices(async (services) => {
      const { id } = await findEdition(services, key)
      const unknown = await listUnknown(services, id)
      const lines = unknown.map((one) => `${one.address}  ${one.handedAt}  ${one.messageId}  ${one.reply}`)
      report(command, unknown, lines.length > 0 ? lines.join('\n') : 'No delivery is unknown.')
    }),
  )
}

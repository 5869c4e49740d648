import type { Command } from 'commander'
import { withAudit } from '../../operate/audit.ts'
import { eraseByAddress } from '../../subscription/erase.ts'
import { subscriberIdOf } from '../../subscription/find-reader.ts'
import { cliActor } from '../actor.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'

export function eraseCommand(subscribers: Command): void {
  subscribers
    .command('erase <address>')
    .description('delete a reader’s address from every table; its keyed hash stays suppressed')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const target = `reader ${await subscriberIdOf(services, address)}`
        await withAudit(services, { actor: cliActor(), action: 'erased', target }, (db) =>
          eraseByAddress({ ...services, db }, address),
        )
        report(command, { erased: true }, 'The address is deleted from every table.')
      }),
    )
}

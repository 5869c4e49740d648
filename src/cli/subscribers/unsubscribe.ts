import type { Command } from 'commander'
import { withAudit } from '../../operate/audit.ts'
import { subscriberIdOf } from '../../subscription/find-reader.ts'
import { unsubscribeByAddressOrToken } from '../../subscription/unsubscribe.ts'
import { cliActor } from '../actor.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'

export function unsubscribeCommand(subscribers: Command): void {
  subscribers
    .command('unsubscribe <address-or-token>')
    .description('unsubscribe a reader by address, or by the token in the subject of their email')
    .action((who: string, _options, command) =>
      withServices(async (services) => {
        const target = who.includes('@') ? `reader ${await subscriberIdOf(services, who)}` : 'a reader, by their token'
        const entry = { actor: cliActor(), action: 'unsubscribed', target }
        const changed = await withAudit(services, entry, (db) => unsubscribeByAddressOrToken({ ...services, db }, who))
        report(
          command,
          { unsubscribed: true, changed },
          changed
            ? 'Unsubscribed. The reader gets no more digests.'
            : 'Nothing was changed: the reader already gets no digests.',
        )
      }),
    )
}

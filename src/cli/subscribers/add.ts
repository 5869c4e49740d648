import type { Command } from 'commander'
import { userName } from '../../embedded/system-user.ts'
import { withAudit } from '../../operate/audit.ts'
import { type AddedReader, addReader, isAddition } from '../../subscription/add-reader.ts'
import { cliActor } from '../actor.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'

const SAYS: Record<AddedReader, string> = {
  added: 'Added. Without --active, they get an email that asks to confirm.',
  activated: 'The pending sign-up is active now.',
  refused: 'Not added: this address unsubscribed, bounced, complained or is suppressed here.',
  unchanged: 'This address is already a reader. Nothing was changed.',
}

export function addCommand(subscribers: Command): void {
  subscribers
    .command('add <address>')
    .description('add one reader, as an import does')
    .option('--active', 'they agreed elsewhere already: no confirmation email')
    .option('--attested-by <who>', 'who says that they agreed (default: your login name)')
    .action((address: string, options, command) =>
      withServices(async (services) => {
        const attestedBy = options.attestedBy ?? userName()
        const added = await withAudit(
          services,
          { actor: cliActor(), action: 'added', target: 'a reader' },
          (db) => addReader({ ...services, db }, address, { active: options.active === true, attestedBy }),
          isAddition,
        )
        void services.queues.wake('send-service-emails', {})
        report(command, { result: added }, SAYS[added])
      }),
    )
}

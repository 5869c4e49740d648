import type { Command } from 'commander'
import { createSignInLink, requireAdmin } from '../operate/admins/sessions.ts'
import { withAudit } from '../operate/audit.ts'
import { cliActor } from './actor.ts'
import { report } from './output.ts'
import { withServices } from './with-services.ts'

export function adminCommands(admin: Command): void {
  admin
    .command('link <address>')
    .description('print a sign-in link for an address in ADMIN_EMAILS, for when no email arrives')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const entry = {
          actor: cliActor(),
          action: 'made a sign-in link for',
          target: requireAdmin(services.config, address),
        }
        const url = await withAudit(services, entry, (db) => createSignInLink({ ...services, db }, address))
        report(command, { url }, url)
      }),
    )
}

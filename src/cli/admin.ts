import type { Command } from 'commander'
import { createSignInLink } from '../operate/admins/sessions.ts'
import { report } from './output.ts'
import { withServices } from './with-services.ts'

export function adminCommands(admin: Command): void {
  admin
    .command('link <address>')
    .description('print a sign-in link for an address in ADMIN_EMAILS, for when no email arrives')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const url = await createSignInLink(services, address)
        report(command, { url }, url)
      }),
    )
}

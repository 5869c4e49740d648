import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { linkByHand } from '../operate/admins/sessions.ts'
import { report, withServices } from './open.ts'

export function adminCommands(program: Command): void {
  program
    .command('admin')
    .description('the pages of the curator and the operator')
    .command('link <address>')
    .description('print a link that signs in an address of ADMIN_EMAILS, for when no mail comes')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const url = await linkByHand(services, address)
        report(command, { url }, url)
      }),
    )
}

/** Who is written down for what a command does. */
export const commandLine = (): string => `command line (${userInfo().username})`

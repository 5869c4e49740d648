import type { Command } from 'commander'
import { hashOfAddress } from '../../mail/address.ts'
import { withAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { lift, suppressManually } from '../../suppression/suppress.ts'
import { cliActor } from '../actor.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'

const hashOf = ({ config }: Services, address: string) => hashOfAddress(config.SUPPRESSION_KEY, address)

export function addCommand(suppressions: Command): void {
  suppressions
    .command('add <address>')
    .description('stop all email to this address until you lift it')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const hash = hashOf(services, address)
        const entry = { actor: cliActor(), action: 'suppressed', target: 'an address' }
        const changed = await withAudit(services, entry, (db) => suppressManually(db, hash, services.now()))
        report(
          command,
          { suppressed: true, changed },
          changed ? 'The address is suppressed.' : 'The address was already suppressed.',
        )
      }),
    )
}

export function liftCommand(suppressions: Command): void {
  suppressions
    .command('lift <address>')
    .description('allow this address to sign up again; sends no email')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const hash = hashOf(services, address)
        const entry = { actor: cliActor(), action: 'lifted the suppression of', target: 'an address' }
        const reason = await withAudit(services, entry, (db) => lift(db, hash, services.now()))
        report(command, { lifted: true, reason }, `The address was suppressed (${reason}). It can sign up again now.`)
      }),
    )
}

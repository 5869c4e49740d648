import type { Command } from 'commander'
import { recordAudit } from '../operate/audit.ts'
import { resetDomain } from '../relay/rates.ts'
import { describeRelays, reportRelays } from '../relay/report.ts'
import { cliActor } from './actor.ts'
import { report } from './output.ts'
import { withServices } from './with-services.ts'

export function relayCommands(relays: Command): void {
  showCommand(relays)
  resetDomainCommand(relays)
}

function showCommand(relays: Command): void {
  relays
    .command('show')
    .description('which relays refuse us, and which domains are sent to slowly, with their words')
    .action((_options, command) =>
      withServices(async (services) => {
        const found = await reportRelays(services)
        report(
          command,
          found,
          describeRelays(found, services.now()).join('\n') || 'No relay rests, and no domain is slowed down.',
        )
      }),
    )
}

function resetDomainCommand(relays: Command): void {
  relays
    .command('reset-domain <domain>')
    .description('send to a slowed domain at full speed again; it is slowed down anew when it asks again')
    .action((domain: string, _options, command) =>
      withServices(async (services) => {
        // The audit log outlives an erasure, and a domain may name a person.
        const entry = { actor: cliActor(), action: 'reset the rate of', target: 'a receiving domain' }
        const reset = await services.db.transaction(async (tx) => {
          const slowed = await resetDomain(tx, domain, services.now())
          if (slowed) await recordAudit(tx, services.now(), entry)
          return slowed
        })
        report(
          command,
          { domain: domain.toLowerCase(), reset },
          reset ? `${domain} is sent to at full speed again.` : `${domain} was not slowed down. Nothing was changed.`,
        )
      }),
    )
}

import { once } from 'node:events'
import type { Command } from 'commander'
import { complain } from '../lib/terminal.ts'
import { addressHash, parseAddress } from '../mail/address.ts'
import { recordAudit, withAudit } from '../operate/audit.ts'
import { exportSuppressions, importSuppressions } from '../suppression/exchange.ts'
import { liftByHand, suppress } from '../suppression/suppress.ts'
import { cliActor } from './admin.ts'
import { report, withServices } from './open.ts'

export function suppressionCommands(program: Command): void {
  const suppressions = program.command('suppressions').description('manage addresses that must not get email')

  suppressions
    .command('add <address>')
    .description('stop all email to this address until you lift it')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const hash = addressHash(services.config.SUPPRESSION_KEY, parseAddress(address, { utf8: true }).key)
        const entry = { who: cliActor(), what: 'suppressed', about: 'an address' }
        const result = await withAudit(services, entry, (db) =>
          suppress(db, [{ hash, reason: 'manual' }], services.now()),
        )
        const changed = result.added + result.strengthened > 0
        report(
          command,
          { suppressed: true, changed },
          changed ? 'The address is suppressed.' : 'The address was already suppressed.',
        )
      }),
    )

  suppressions
    .command('lift <address>')
    .description('allow this address to sign up again; sends no email')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const hash = addressHash(services.config.SUPPRESSION_KEY, parseAddress(address, { utf8: true }).key)
        const entry = { who: cliActor(), what: 'lifted the suppression of', about: 'an address' }
        const reason = await withAudit(services, entry, (db) => liftByHand(db, hash, services.now()))
        report(command, { lifted: true, reason }, `The address was suppressed (${reason}). It can sign up again now.`)
      }),
    )

  suppressions
    .command('import <file>')
    .description('suppress every address in a CSV file with the column email, or in an export')
    .action((file: string, _options, command) =>
      withServices(async (services) => {
        const result = await importSuppressions(services, file)
        const { read, added, strengthened } = result
        const entry = { who: cliActor(), what: 'suppressed', about: `${added} addresses` }
        await recordAudit(services.db, services.now(), entry)
        report(command, result, `${read} lines read: ${added} newly suppressed, ${strengthened} for a stronger reason.`)
      }),
    )

  suppressions
    .command('export')
    .description('print all suppressions as CSV: hashes, valid with the same SUPPRESSION_KEY')
    .action(() =>
      withServices(async (services) => {
        for await (const chunk of exportSuppressions(services)) {
          if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
        }
        complain('Done.')
      }),
    )
}

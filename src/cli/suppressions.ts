import { once } from 'node:events'
import type { Command } from 'commander'
import { complain } from '../lib/terminal.ts'
import { addressHash, parseAddress } from '../mail/address.ts'
import { byHand, writeDown } from '../operate/audit.ts'
import { exportSuppressions, importSuppressions } from '../suppression/exchange.ts'
import { liftByHand, suppress } from '../suppression/suppress.ts'
import { commandLine } from './admin.ts'
import { report, withServices } from './open.ts'

export function suppressionCommands(program: Command): void {
  const suppressions = program.command('suppressions').description('addresses that must not be mailed')

  suppressions
    .command('add <address>')
    .description('never mail this address again, until you lift it')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const hash = addressHash(services.config.SUPPRESSION_KEY, parseAddress(address, { utf8: true }).key)
        const deed = { who: commandLine(), what: 'suppressed', about: 'an address' }
        const result = await byHand(services, deed, (db) => suppress(db, [{ hash, reason: 'manual' }], services.now()))
        const changed = result.added + result.strengthened > 0
        report(command, { suppressed: true, changed }, changed ? 'It is suppressed.' : 'It was suppressed already.')
      }),
    )

  suppressions
    .command('lift <address>')
    .description('let this address sign up again; nobody is mailed by it')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const hash = addressHash(services.config.SUPPRESSION_KEY, parseAddress(address, { utf8: true }).key)
        const deed = { who: commandLine(), what: 'lifted the suppression of', about: 'an address' }
        const reason = await byHand(services, deed, (db) => liftByHand(db, hash, services.now()))
        report(command, { lifted: true, reason }, `It was suppressed (${reason}). It may sign up again now.`)
      }),
    )

  suppressions
    .command('import <file>')
    .description('suppress every address of a CSV file with a column email, or of an export')
    .action((file: string, _options, command) =>
      withServices(async (services) => {
        const result = await importSuppressions(services, file)
        const { read, added, strengthened } = result
        const brought = { who: commandLine(), what: 'suppressed', about: `${added} addresses` }
        await writeDown(services.db, services.now(), brought)
        report(command, result, `${read} lines read: ${added} newly suppressed, ${strengthened} for a stronger reason.`)
      }),
    )

  suppressions
    .command('export')
    .description('all suppressions as CSV, to standard output; hashes, good under the same SUPPRESSION_KEY')
    .action(() =>
      withServices(async (services) => {
        for await (const chunk of exportSuppressions(services)) {
          if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
        }
        complain('Done.')
      }),
    )
}

import { once } from 'node:events'
import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { readerDeliveries } from '../delivery/ledger/reader-deliveries.ts'
import { complain } from '../lib/terminal.ts'
import { byHand, writeDown } from '../operate/audit.ts'
import { eraseByHand } from '../subscription/erase.ts'
import { exportSubscribers } from '../subscription/export.ts'
import { subscriberIdOf } from '../subscription/find-reader.ts'
import { importSubscribers } from '../subscription/import.ts'
import { unsubscribeByHand } from '../subscription/unsubscribe.ts'
import { commandLine } from './admin.ts'
import { report, withServices } from './open.ts'

export function subscriberCommands(program: Command): void {
  const subscribers = program.command('subscribers').description('readers, in and out')

  subscribers
    .command('import <file>')
    .description(
      'import readers from a CSV file with a header line: email, and where wanted the other columns of an export',
    )
    .option('--active', 'they agreed elsewhere already: no confirmation mail')
    .option('--attested-by <who>', 'who says that they agreed (default: your login name)')
    .option('--dry-run', 'check everything, change nothing')
    .option('--partial', 'import the good lines although there are bad ones')
    .action((file: string, options, command) =>
      withServices(async (services) => {
        const result = await importSubscribers(services, file, {
          active: options.active === true,
          attestedBy: options.attestedBy ?? userInfo().username,
          dryRun: options.dryRun === true,
          partial: options.partial === true,
        })
        const { read, added, activated, unchanged, remembered, refused, problems, bad } = result
        const brought = { who: commandLine(), what: 'imported', about: `${added} readers` }
        if (!options.dryRun) await writeDown(services.db, services.now(), brought)
        for (const problem of problems) complain(problem)
        if (bad > problems.length) complain(`… and ${bad - problems.length} more`)
        if (bad > 0) process.exitCode = 1
        const did = options.dryRun ? 'would be' : 'were'
        report(
          command,
          result,
          `${read} addresses read: ${added} ${did} added, ${activated} ${did} made active, ${unchanged} left as they are, ${remembered} ${did} kept as having left there, ${refused} not taken since they left, bounced, complained or are suppressed here${bad > 0 ? `; ${bad} bad lines left out` : ''}.`,
        )
      }),
    )

  subscribers
    .command('unsubscribe <address-or-token>')
    .description('take somebody off the list who asked by mail: their address, or the token in their mail’s subject')
    .action((who: string, _options, command) =>
      withServices(async (services) => {
        const about = who.includes('@') ? `reader ${await subscriberIdOf(services, who)}` : 'a reader, by their token'
        await byHand(services, { who: commandLine(), what: 'unsubscribed', about }, (db) =>
          unsubscribeByHand({ ...services, db }, who),
        )
        report(command, { unsubscribed: true }, 'They get no digest any more.')
      }),
    )

  subscribers
    .command('erase <address>')
    .description('forget a reader: the address goes from every table, its keyed hash stays suppressed')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const about = `reader ${await subscriberIdOf(services, address)}`
        await byHand(services, { who: commandLine(), what: 'erased', about }, (db) =>
          eraseByHand({ ...services, db }, address),
        )
        report(command, { erased: true }, 'Their address is in no table any more.')
      }),
    )

  subscribers
    .command('deliveries <address>')
    .description('what became of the digests of an address: state, the relay’s reply, Message-ID')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const found = await readerDeliveries(services, address)
        const lines = found.map(
          (one) =>
            `${one.date} ${one.kind}  ${one.state}${one.handedAt ? `  ${one.handedAt}` : ''}  ${[one.relay, one.reply].filter(Boolean).join(': ')}  ${one.messageId}`,
        )
        report(command, found, lines.join('\n') || 'The ledger has no delivery to this address.')
      }),
    )

  subscribers
    .command('export')
    .description('all subscribers as CSV, to standard output')
    .action(() =>
      withServices(async (services) => {
        for await (const chunk of exportSubscribers(services)) {
          if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
        }
        complain('Done. The file holds addresses: keep it safe.')
      }),
    )
}

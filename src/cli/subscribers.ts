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
  const subscribers = program.command('subscribers').description('import, export and manage readers')

  subscribers
    .command('import <file>')
    .description('import readers from a CSV file. Needs the column email; any other column of an export is optional')
    .option('--active', 'readers agreed elsewhere: activate them without a confirmation email')
    .option('--attested-by <who>', 'name of the person who attests consent (default: your login name)')
    .option('--dry-run', 'check everything, change nothing')
    .option('--partial', 'import valid lines even if others are invalid')
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
          `${read} addresses read: ${added} ${did} added, ${activated} ${did} made active, ${unchanged} unchanged, ${remembered} ${did} kept as unsubscribed there, ${refused} refused because they unsubscribed, bounced, complained or are suppressed here${bad > 0 ? `; ${bad} invalid lines skipped` : ''}.`,
        )
      }),
    )

  subscribers
    .command('unsubscribe <address-or-token>')
    .description('unsubscribe a reader by address, or by the token in the subject of their email')
    .action((who: string, _options, command) =>
      withServices(async (services) => {
        const about = who.includes('@') ? `reader ${await subscriberIdOf(services, who)}` : 'a reader, by their token'
        await byHand(services, { who: commandLine(), what: 'unsubscribed', about }, (db) =>
          unsubscribeByHand({ ...services, db }, who),
        )
        report(command, { unsubscribed: true }, 'Unsubscribed. The reader gets no more digests.')
      }),
    )

  subscribers
    .command('erase <address>')
    .description('delete a reader’s address from every table; its keyed hash stays suppressed')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const about = `reader ${await subscriberIdOf(services, address)}`
        await byHand(services, { who: commandLine(), what: 'erased', about }, (db) =>
          eraseByHand({ ...services, db }, address),
        )
        report(command, { erased: true }, 'The address is deleted from every table.')
      }),
    )

  subscribers
    .command('deliveries <address>')
    .description('list the digests sent to an address: state, relay’s reply, Message-ID')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const found = await readerDeliveries(services, address)
        const lines = found.map(
          (one) =>
            `${one.date} ${one.kind}  ${one.state}${one.handedAt ? `  ${one.handedAt}` : ''}  ${[one.relay, one.reply].filter(Boolean).join(': ')}  ${one.messageId}`,
        )
        report(command, found, lines.join('\n') || 'No digest was sent to this address.')
      }),
    )

  subscribers
    .command('export')
    .description('print all subscribers as CSV')
    .action(() =>
      withServices(async (services) => {
        for await (const chunk of exportSubscribers(services)) {
          if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
        }
        complain('Done. The export contains addresses: keep it safe.')
      }),
    )
}

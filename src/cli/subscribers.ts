import { once } from 'node:events'
import { userInfo } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import { readerDeliveries } from '../delivery/ledger/reader-deliveries.ts'
import { complain } from '../lib/terminal.ts'
import { recordAudit, withAudit } from '../operate/audit.ts'
import { eraseByHand } from '../subscription/erase.ts'
import { exportSubscribers } from '../subscription/export.ts'
import { subscriberIdOf } from '../subscription/find-reader.ts'
import { type ImportResult, importSubscribers } from '../subscription/import.ts'
import { type Mapping, MEANINGS_IN_WORDS, parseMapping } from '../subscription/import-columns.ts'
import { unsubscribeByHand } from '../subscription/unsubscribe.ts'
import { cliActor } from './admin.ts'
import { report, withServices } from './open.ts'

export function subscriberCommands(program: Command): void {
  const subscribers = program.command('subscribers').description('import, export and manage readers')

  subscribers
    .command('import <file>')
    .description('import readers from a CSV file: our own export, or one of Mailchimp, Substack, Ghost and other tools')
    .option('--active', 'they agreed elsewhere already: no confirmation mail')
    .option('--attested-by <who>', 'who says that they agreed (default: your login name)')
    .option('--dry-run', 'check everything, say how each column is read, change nothing')
    .option('--partial', 'import the good lines although there are bad ones')
    .option('--map <column=meaning>', 'what a column, or COLUMN:VALUE, means; repeat it for more', asMapping, [])
    .addHelpText('after', `\n${MEANINGS_IN_WORDS}`)
    .action((file: string, options, command) =>
      withServices(async (services) => {
        const result = await importSubscribers(services, file, {
          active: options.active === true,
          attestedBy: options.attestedBy ?? userInfo().username,
          dryRun: options.dryRun === true,
          partial: options.partial === true,
          mappings: options.map,
        })
        const { added, problems, bad } = result
        const entry = { who: cliActor(), what: 'imported', about: `${added} readers` }
        if (!options.dryRun) await recordAudit(services.db, services.now(), entry)
        for (const problem of problems) complain(problem)
        if (bad > problems.length) complain(`… and ${bad - problems.length} more`)
        if (bad > 0) process.exitCode = 1
        const counts = inWords(result, options.dryRun ? 'would be' : 'were')
        report(command, result, options.dryRun ? `${columnsInWords(result)}\n${counts}` : counts)
      }),
    )

  subscribers
    .command('unsubscribe <address-or-token>')
    .description('unsubscribe a reader by address, or by the token in the subject of their email')
    .action((who: string, _options, command) =>
      withServices(async (services) => {
        const about = who.includes('@') ? `reader ${await subscriberIdOf(services, who)}` : 'a reader, by their token'
        await withAudit(services, { who: cliActor(), what: 'unsubscribed', about }, (db) =>
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
        await withAudit(services, { who: cliActor(), what: 'erased', about }, (db) =>
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

/** One more --map. @throws InvalidArgumentError, which is wrong usage */
function asMapping(text: string, before: Mapping[]): Mapping[] {
  try {
    return [...before, parseMapping(text)]
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

const SEPARATOR_NAMES: Record<string, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs' }

/** How each column of a file is read, a line for each, and which are ignored. */
function columnsInWords({ columns, separator, encoding }: ImportResult): string {
  const used = columns.filter(({ meaning }) => meaning !== 'ignore')
  const ignored = columns.filter(({ meaning }) => meaning === 'ignore').map(({ name }) => name)
  const width = Math.max(...used.map(({ name }) => name.length))
  return [
    `Read as ${encoding.toUpperCase()}, separated by ${SEPARATOR_NAMES[separator] ?? separator}. Columns:`,
    ...used.map(({ name, meaning, by }) => `  ${name.padEnd(width)}  ${meaning} (${by})`),
    `Ignored: ${ignored.join(', ') || 'none'}.`,
  ].join('\n')
}

/** Tags named in the report; further ones are only counted. */
const MOST_TAGS_NAMED = 20

function inWords(result: ImportResult, did: string): string {
  const { read, added, asked, activated, unchanged, remembered, refused, bad } = result
  const tags = Object.entries(result.strangeTags).map(([tag, rows]) => `${tag} (${rows})`)
  const more = tags.length > MOST_TAGS_NAMED ? ` and ${tags.length - MOST_TAGS_NAMED} more` : ''
  return [
    `${read} addresses read:`,
    `  ${added} ${did} added${asked > 0 ? `, ${asked} of them as pending: they get a confirmation email` : ''}`,
    `  ${activated} pending ones ${did} made active`,
    `  ${remembered} ${did} kept as unsubscribed, bounced or complained, as the file says`,
    `  ${refused} ${did} refused: they unsubscribed, bounced, complained or are suppressed here`,
    `  ${unchanged} ${did} left as they are`,
    ...(bad > 0 ? [`  ${bad} bad lines ${did} left out`] : []),
    ...(tags.length > 0 ? [`Tags that are no topic here: ${tags.slice(0, MOST_TAGS_NAMED).join(', ')}${more}.`] : []),
  ].join('\n')
}

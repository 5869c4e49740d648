import { type Command, InvalidArgumentError, Option } from 'commander'
import { dayOf } from '../calendar/days.ts'
import { PaperboyError } from '../lib/errors.ts'
import { complain, progressBar } from '../lib/terminal.ts'
import { withAudit } from '../operate/audit.ts'
import { collect } from '../papers/ingest/collect.ts'
import { importFile } from '../papers/ingest/import-file.ts'
import { refresh } from '../papers/ingest/refresh.ts'
import { configuredSources, sourceNamed } from '../papers/ingest/sources/configured.ts'
import { spanDays } from '../papers/ingest/sources/span.ts'
import { acceptSubmission, declineSubmission, openSubmissions } from '../papers/ingest/submissions.ts'
import { indexPapers } from '../papers/search/index-papers.ts'
import { SOURCE_NAMES } from '../runtime/config/source-names.ts'
import { cliActor } from './admin.ts'
import { asDate, report, withServices } from './open.ts'

function asSpan(value: string): string {
  try {
    spanDays(value)
    return value
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

/** Of each file; the count of all is in the result. */
const BAD_SHOWN = 50

export function paperCommands(program: Command): void {
  const papers = program.command('papers').description('collect, import and review papers')

  papers
    .command('collect')
    .description('read a list day, a week or a month from the configured sources')
    .addOption(new Option('--source <name>', 'use this source instead of PAPER_SOURCES').choices(SOURCE_NAMES))
    .option('--date <day>', 'the list day (default: today, UTC)', asDate)
    .option('--week <week>', 'ISO week, such as 2026-W11', asSpan)
    .option('--month <month>', 'month, such as 2026-03', asSpan)
    .action((options, command) =>
      withServices(async (services) => {
        const span = options.month ?? options.week ?? options.date ?? dayOf(services.now())
        const sources = options.source ? [sourceNamed(services, options.source)] : configuredSources(services)
        if (sources.length === 0)
          throw new PaperboyError('SOURCE_UNAVAILABLE', 'PAPER_SOURCES is empty. Set it, or add --source.')
        for (const source of sources) {
          const found = await collect({ ...services, source }, span)
          report(
            command,
            found,
            `${source.name}, ${span}: ${found.outcome}, ${found.papers} papers (${found.added} new, ${found.changed} changed).`,
          )
        }
      }),
    )

  papers
    .command('refresh <ids...>')
    .description('update papers by arXiv ID: votes from hf, new versions and withdrawals from arxiv')
    .addOption(new Option('--source <name>', 'use this source instead of PAPER_SOURCES').choices(SOURCE_NAMES))
    .action((ids: string[], options, command) =>
      withServices(async (services) => {
        const sources = options.source ? [sourceNamed(services, options.source)] : configuredSources(services)
        for (const source of sources) {
          const found = await refresh({ ...services, source }, ids)
          report(
            command,
            found,
            `${source.name}: ${found.papers} of ${ids.length} found, ${found.changed} changed, ${found.signals} new signals.`,
          )
        }
      }),
    )

  papers
    .command('import <files...>')
    .description(
      'import files: Hugging Face daily_papers JSON, arXiv Atom, RSS, OAI-DC or text, JSON Lines, or votes over time as CSV',
    )
    .option('--date <day>', 'put every paper on this list day', asDate)
    .action((files: string[], options, command) =>
      withServices(async (services) => {
        const total = { files: files.length, papers: 0, added: 0, changed: 0, signals: 0, bad: 0 }
        const step = progressBar('Importing', files.length)
        for (const [index, file] of files.entries()) {
          const { bad, ...counts } = await importFile(
            { ...services, closeHourUtc: services.config.EDITION_CLOSE_HOUR_UTC },
            file,
            options.date ? { date: options.date } : {},
          )
          for (const name of ['papers', 'added', 'changed', 'signals'] as const) total[name] += counts[name]
          total.bad += bad.length
          for (const record of bad.slice(0, BAD_SHOWN))
            complain(`${record.file}: record ${record.position}: ${record.reason}`)
          if (bad.length > BAD_SHOWN)
            complain(`${file}: ${(bad.length - BAD_SHOWN).toLocaleString('en')} more bad records`)
          step(index + 1)
        }
        await indexPapers(services)
        const { papers: read, added, changed, signals, bad } = total
        report(
          command,
          total,
          `${read} papers read: ${added} new, ${changed} changed, ${signals} new signals, ${bad} bad records.`,
        )
        if (bad > 0) process.exitCode = 1
      }),
    )

  papers
    .command('submissions')
    .description('list suggested papers that await a decision')
    .action((_options, command) =>
      withServices(async (services) => {
        const open = await openSubmissions(services)
        const lines = open.map((one) =>
          `${one.arxivId}  ${one.state}  suggested ${one.times}×  ${one.title ?? ''}`.trimEnd(),
        )
        report(command, open, lines.length > 0 ? lines.join('\n') : 'No suggestion is open.')
      }),
    )

  papers
    .command('accept <id>')
    .description('put a suggested paper on a list day')
    .option('--date <day>', 'the list day (default: today, UTC)', asDate)
    .option('--note <text>', 'reason, for the record')
    .action((id: string, options, command) =>
      withServices(async (services) => {
        const accepted = await withAudit(services, { who: cliActor(), what: 'accepted', about: `paper ${id}` }, (db) =>
          acceptSubmission({ ...services, db }, id, options.date, options.note),
        )
        report(command, accepted, `“${accepted.title}” is on the list of ${accepted.day}.`)
      }),
    )

  papers
    .command('decline <id>')
    .description('decline a suggested paper')
    .option('--note <text>', 'reason, for the record')
    .action((id: string, options, command) =>
      withServices(async (services) => {
        const { title } = await withAudit(services, { who: cliActor(), what: 'declined', about: `paper ${id}` }, (db) =>
          declineSubmission({ ...services, db }, id, options.note),
        )
        report(command, { title, state: 'declined' }, `“${title}” is declined.`)
      }),
    )
}

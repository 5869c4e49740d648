import type { Command } from 'commander'
import { PaperboyError } from '../errors.ts'
import { collect } from '../papers/collect.ts'
import { importFile } from '../papers/import-file.ts'
import { configuredSources } from '../papers/sources/configured.ts'
import { complain, progressBar } from '../terminal.ts'
import { asDate, report, withServices } from './open.ts'

export function paperCommands(program: Command): void {
  const papers = program.command('papers').description('bring papers in')

  papers
    .command('collect')
    .description('read a list day from the configured sources')
    .option('--source <name>', 'one source instead of all of PAPER_SOURCES')
    .option('--date <day>', 'the list day (default: today, UTC)', asDate)
    .action((options, command) =>
      withServices(async (services) => {
        const day = options.date ?? services.now().toISOString().slice(0, 10)
        const sources = configuredSources(services.config).filter((s) => !options.source || s.name === options.source)
        if (sources.length === 0)
          throw new PaperboyError('SOURCE_UNAVAILABLE', `There is no source "${options.source}" in PAPER_SOURCES.`)
        for (const source of sources) {
          const found = await collect({ ...services, source }, day)
          report(
            command,
            found,
            `${source.name}, ${day}: ${found.outcome}, ${found.papers} papers (${found.added} new, ${found.changed} changed).`,
          )
        }
      }),
    )

  papers
    .command('import <files...>')
    .description('import lists from files: the daily_papers JSON of Hugging Face (also .gz), or a plain JSON array')
    .option('--date <day>', 'put every paper of the files on this list day', asDate)
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
          for (const record of bad) complain(`${record.file}: record ${record.position}: ${record.reason}`)
          step(index + 1)
        }
        const { papers: read, added, changed, signals, bad } = total
        report(
          command,
          total,
          `${read} papers read: ${added} new, ${changed} changed, ${signals} new signals, ${bad} bad records.`,
        )
        if (bad > 0) process.exitCode = 1
      }),
    )
}

import type { Command } from 'commander'
import { counted } from '../../lib/counted.ts'
import { printError, progressBar } from '../../lib/terminal.ts'
import { recordAudit } from '../../operate/audit.ts'
import { type ImportReport, type ReadFile, readFile, storeFile } from '../../papers/ingest/import-file.ts'
import { recordListFacts } from '../../papers/ranking/record-list-facts.ts'
import { indexPapers } from '../../papers/search/index-papers.ts'
import { refreshTopics } from '../../papers/topics/refresh-topics.ts'
import type { Services } from '../../runtime/services.ts'
import { cliActor } from '../actor.ts'
import { collectGarbageLate } from '../collect-garbage-late.ts'
import { parseDate, parseTime } from '../options.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'

/** Bad records printed per file. The result counts all of them. */
const BAD_SHOWN = 50

export function importCommand(papers: Command): void {
  papers
    .command('import <files...>')
    .description(
      'import files: Hugging Face daily_papers JSON, arXiv Atom, RSS, OAI-DC or text, JSON Lines, or votes over time as CSV',
    )
    .option('--date <day>', 'put every paper on this list day', parseDate)
    .option('--observed <time>', 'when the votes in the files were read, such as 2026-04-14T09:05:00Z', parseTime)
    .action((files: string[], options, command) =>
      withServices(async (services) => {
        collectGarbageLate()
        const { days, ...total } = await importFiles(services, files, options)
        await refreshTopics(services)
        // Side by side: indexing words keeps the database busy, and computing facts this process.
        await Promise.all([indexPapers(services), recordFacts(services, days)])
        const { papers: read, added, changed, signals, bad } = total
        report(
          command,
          total,
          `${counted(read, 'paper')} read: ${added} new, ${changed} changed, ${counted(signals, 'new signal')}, ${counted(bad, 'bad record')}.`,
        )
        if (bad > 0) process.exitCode = 1
      }),
    )
}

/** Records the facts of lists, the oldest first: each list is compared with those before it. */
async function recordFacts({ db, now, config }: Services, days: readonly string[]): Promise<void> {
  for (const day of days) await recordListFacts({ db, now, closeHourUtc: config.EDITION_CLOSE_HOUR_UTC }, day)
}

/** Stores each file with its audit entry: those before one that fails are stored. */
const storeRecorded = (services: Services, file: ReadFile, options: { observed?: Date }): Promise<ImportReport> =>
  services.db.transaction(async (db) => {
    const { EDITION_CLOSE_HOUR_UTC: closeHourUtc } = services.config
    const report = await storeFile({ ...services, db, closeHourUtc }, file, options)
    const { added, changed, signals } = report
    const target = `${counted(added, 'new paper')}, ${changed} changed, ${counted(signals, 'signal')}`
    if (added + changed + signals > 0)
      await recordAudit(db, services.now(), { actor: cliActor(), action: 'imported', target })
    return report
  })

async function importFiles(services: Services, files: readonly string[], options: { date?: string; observed?: Date }) {
  const total = { files: files.length, papers: 0, added: 0, changed: 0, signals: 0, bad: 0 }
  const days = new Set<string>()
  const step = progressBar('Importing', files.length)
  // While the database stores one file, the next is parsed.
  const read = (index: number) => {
    const reading = index < files.length ? readFile(files[index]!, options) : undefined
    reading?.catch(() => {}) // thrown where it is awaited
    return reading
  }
  let next = read(0)
  for (const [index, file] of files.entries()) {
    const parsed = (await next)!
    next = read(index + 1)
    const { bad, days: fileDays, ...counts } = await storeRecorded(services, parsed, options)
    for (const day of fileDays) days.add(day)
    for (const name of ['papers', 'added', 'changed', 'signals'] as const) total[name] += counts[name]
    total.bad += bad.length
    for (const record of bad.slice(0, BAD_SHOWN))
      printError(`${record.file}: record ${record.position}: ${record.reason}`)
    if (bad.length > BAD_SHOWN) printError(`${file}: ${counted(bad.length - BAD_SHOWN, 'more bad record')}`)
    step(index + 1)
  }
  return { ...total, days: [...days].sort() }
}

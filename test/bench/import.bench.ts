import { existsSync, readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { type MeasuredCommand, runPaperboy } from './support/measured-command.ts'
import { readerLines } from './support/reader-lines.ts'
import { spread } from './support/rounds.ts'
import { openStage } from './support/stage.ts'
import { printTable } from './support/table.ts'

const PAPERS = join(import.meta.dirname, '../../../shared/data/papers/hf-daily')

const help = `npm run bench -- import [--readers 1000000] [--rounds 3] [--from FOLDER]

Imports a file of readers, and the daily lists of papers in a folder, with the operator's command. Each round imports into empty
tables. Prints the elapsed time, the CPU time of the command and of PostgreSQL, and the command's peak memory.`

/** Aims on two idle cores. */
const AIMS = { readers: { seconds: 40, megabytes: 160 }, papers: { seconds: 15, megabytes: undefined } }

/** Measures `paperboy subscribers import` and `paperboy papers import`. */
export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      readers: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '3' },
      from: { type: 'string', default: PAPERS },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  const { services, env, folder } = await openStage(stack)
  const { db } = services
  const file = join(folder, 'readers.csv')
  const count = Number(values.readers)
  await writeFile(file, readerLines(count))
  const lists = existsSync(values.from)
    ? readdirSync(values.from)
        .filter((name) => /\.json(\.gz)?$/.test(name))
        .map((name) => join(values.from, name))
    : []
  if (lists.length === 0) console.log(`There are no papers at ${values.from}.`)
  const runs: Record<'readers' | 'papers', MeasuredCommand[]> = { readers: [], papers: [] }
  for (let round = 0; round < Number(values.rounds); round++) {
    await db.execute(sql`TRUNCATE subscribers, outbox CASCADE`)
    await db.execute(sql`CHECKPOINT`)
    if (count > 0) runs.readers.push(await runPaperboy(db, ['subscribers', 'import', file, '--active'], env))
    if (lists.length === 0) continue
    await db.execute(sql`TRUNCATE papers, signals, edition_papers, editions, deliveries, batches, polls CASCADE`)
    await db.execute(sql`CHECKPOINT`)
    runs.papers.push(await runPaperboy(db, ['papers', 'import', ...lists], env))
  }
  printTable([
    ['median of the rounds', 's', 'from', 'to', 'CPU s', 'PostgreSQL CPU s', 'peak MB', 'aim'],
    ...(['readers', 'papers'] as const).filter((name) => runs[name].length > 0).map((name) => row(name, runs[name])),
  ])
  for (const each of Object.values(runs)) if (each[0]) console.log(`\n${each[0].output}`)
}

function row(name: 'readers' | 'papers', runs: MeasuredCommand[]): string[] {
  const seconds = spread(runs.map((run) => run.seconds))
  const median = (of: (run: MeasuredCommand) => number, digits: number) => spread(runs.map(of)).median.toFixed(digits)
  const { seconds: most, megabytes } = AIMS[name]
  return [
    name,
    ...[seconds.median, seconds.least, seconds.most].map((each) => each.toFixed(1)),
    median((run) => run.cpuSeconds, 1),
    median((run) => run.databaseCpuSeconds, 1),
    median((run) => run.peakMegabytes, 0),
    `≤ ${most} s${megabytes ? `, ≤ ${megabytes} MB` : ''}`,
  ]
}

import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { listDay } from '../../src/papers/lists/list-day.ts'
import { searchPapers } from '../../src/papers/search/search.ts'
import { similarPapers } from '../../src/papers/search/similar.ts'
import { topicCounts } from '../../src/papers/topics/topics.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { query } from '../../src/runtime/db/query.ts'
import { papers } from '../../src/runtime/db/schema.ts'
import { readPapers } from './ranking/likeness.ts'
import { fillLibrary } from './search/library.ts'
import { openLibrary } from './support/library.ts'
import { printTable } from './support/table.ts'

const DATA = new URL('../../../shared/data/papers/hf-daily', import.meta.url).pathname

const help = `npm run bench -- search [--papers 100000] [--from FOLDER] [--times 200]

In short, in a minute or two: npm run bench -- search --papers 20000 --times 60

Measures search, similar papers and list pages on a library made from real papers. Each paper combines halves of two titles and two
abstracts, with authors drawn from all papers; a list day has 25. Requests run one after another on one connection, so other load on
the machine shows.`

export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      papers: { type: 'string', default: '100000' },
      from: { type: 'string', default: DATA },
      times: { type: 'string', default: '200' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  if (!existsSync(values.from)) return console.log(`There are no papers at ${values.from}.`)
  const { db } = await openLibrary(stack)
  const began = performance.now()
  const words = await fillLibrary(db, readPapers(values.from), Number(values.papers))
  console.log(`${values.papers} papers in ${Math.round((performance.now() - began) / 1000)} s`)
  await report(db, words, Number(values.times))
}

async function report(db: Db, words: string[], times: number): Promise<void> {
  const now = () => new Date()
  const one = <T>(from: readonly T[], at: number): T => from[(at * 7919) % from.length]!
  const someIds = await db.select({ id: papers.id }).from(papers).orderBy(sql`hashint8(${papers.id})`).limit(1000)
  const ids = someIds.map(({ id }) => id)
  const topics = (await topicCounts(db, { limit: 100 })).map((topic) => topic.slug)
  const listDays = await db.selectDistinct({ day: papers.listDay }).from(papers).orderBy(papers.listDay)
  const days = listDays.map(({ day }) => day)
  const question = (from: readonly string[], at: number, count: number) =>
    Array.from({ length: count }, (_, place) => one(from, at * (place + 2) + place)).join(' ')
  const common = await commonWords(db)
  const asked: Record<string, (at: number) => Promise<unknown>> = {
    'search: a word': (at) => searchPapers({ db, now }, { q: one(words, at) }),
    'search: two words': (at) => searchPapers({ db, now }, { q: `${one(words, at)} ${one(words, at * 3 + 1)}` }),
    'search: broad ("language model")': () => searchPapers({ db, now }, { q: 'language model' }),
    'search: some of three words': (at) => searchPapers({ db, now }, { q: question(words, at, 3) }),
    'search: some of eight words': (at) => searchPapers({ db, now }, { q: question(words, at, 8) }),
    'search: some of eight common words': (at) => searchPapers({ db, now }, { q: question(common, at, 8) }),
    'search: some words and a topic': (at) =>
      searchPapers({ db, now }, { q: question(words, at, 4), topic: one(topics, at) }),
    'search: newest of two words': (at) =>
      searchPapers({ db, now }, { q: `${one(words, at)} ${one(words, at * 3 + 1)}`, order: 'date' }),
    'search: a phrase': () => searchPapers({ db, now }, { q: '"reinforcement learning" -video' }),
    'search: word and topic': (at) =>
      searchPapers({ db, now }, { q: one(words, at), topic: one(topics, at), hasCode: true }),
    'search: mistyped': (at) =>
      searchPapers(
        { db, now },
        {
          q: mistyped(
            one(
              words.filter((word) => word.length > 6),
              at,
            ),
          ),
        },
      ),
    'papers like another': (at) => similarPapers({ db, now }, one(ids, at)),
    'a list day': (at) => listDay({ db, now, closeHourUtc: 2 }, one(days, at)),
    'newest of a topic': (at) => searchPapers({ db, now }, { topic: one(topics, at) }),
    'page 2,000 of all': () => searchPapers({ db, now }, { after: '2020-06-01:50000' }),
  }
  const rows = []
  for (const [name, ask] of Object.entries(asked)) rows.push([name, ...(await timed(db, ask, times))])
  rows.push(['counting all topics, once', ...(await timed(db, () => topicCounts(db), 1))])
  printTable([['milliseconds', 'p50', 'p95', 'p99', 'CPU of node', 'of Postgres'], ...rows])
  await printSizes(db)
}

/** Measures elapsed time, which other programs lengthen, and CPU time per answer, which they do not. */
async function timed(db: Db, ask: (at: number) => Promise<unknown>, times: number): Promise<string[]> {
  const took: number[] = []
  const backends = await backendsOf(db)
  const [node, postgres] = [process.cpuUsage(), cpuMs(backends)]
  for (let at = 0; at < times; at++) {
    const began = performance.now()
    await ask(at)
    took.push(performance.now() - began)
  }
  const { user, system } = process.cpuUsage(node)
  const used = cpuMs(backends)
  took.sort((a, b) => a - b)
  return [
    ...[0.5, 0.95, 0.99].map((part) => took[Math.min(Math.floor(times * part), times - 1)]!.toFixed(1)),
    ((user + system) / 1000 / times).toFixed(1),
    used === undefined ? '–' : ((used - postgres!) / times).toFixed(1),
  ]
}

const backendsOf = async (db: Db): Promise<number[]> =>
  (
    await db.execute<{ pid: number }>(sql`SELECT pid FROM pg_stat_activity WHERE datname = current_database()`)
  ).rows.map((row) => row.pid)

/** Returns the CPU time of these processes so far, in Linux's 10 ms ticks of /proc. Undefined without /proc. */
function cpuMs(pids: readonly number[]): number | undefined {
  if (!existsSync('/proc/self/stat')) return undefined
  const ticks = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return Number(fields[11]) + Number(fields[12])
  })
  return ticks.reduce((sum, one) => sum + one, 0) * 10
}

/** The words that most papers have. Search reads their index entries last. */
async function commonWords(db: Db): Promise<string[]> {
  const rows = await query(
    db,
    z.object({ term: z.string() }),
    sql`SELECT term FROM terms WHERE term ~ '^[a-z]{4,}$' ORDER BY papers DESC, id LIMIT 300`,
  )
  return rows.map((row) => row.term)
}

/** Swaps two letters in the middle. */
const mistyped = (word: string): string => `${word.slice(0, 3)}${word[4]}${word[3]}${word.slice(5)}`

async function printSizes(db: Db): Promise<void> {
  const { rows } = await db.execute<{ name: string; table: string; size: string }>(sql`
    SELECT t.relname AS table, coalesce(i.relname, 'the table itself') AS name, pg_size_pretty(coalesce(pg_relation_size(i.oid), pg_table_size(t.oid))) AS size
    FROM pg_class t
    CROSS JOIN LATERAL (SELECT NULL::oid AS indexrelid UNION ALL SELECT x.indexrelid FROM pg_index x WHERE x.indrelid = t.oid) own
    LEFT JOIN pg_class i ON i.oid = own.indexrelid
    WHERE t.relkind = 'r' AND t.relname IN ('papers', 'terms', 'paper_terms', 'paper_vectors', 'signals')
    ORDER BY t.relname, i.oid NULLS FIRST`)
  console.log()
  printTable([['tables', 'and their indexes', 'size'], ...rows.map((row) => [row.table, row.name, row.size])])
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { listDay } from '../../src/papers/lists/list-day.ts'
import { type SearchQuery, searchPapers } from '../../src/papers/search/search.ts'
import { similarPapers } from '../../src/papers/search/similar.ts'
import { wordsOf } from '../../src/papers/search/words.ts'
import { topicCounts } from '../../src/papers/topics/topic-counts.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { bigint, query, queryColumn, text } from '../../src/runtime/db/query.ts'
import { readPapers } from './ranking/likeness.ts'
import { fillLibrary, rareWords } from './search/library.ts'
import { cpuClock } from './support/cpu.ts'
import { openLibrary } from './support/library.ts'
import { percentile } from './support/rounds.ts'
import { printTable } from './support/table.ts'

const DATA = join(import.meta.dirname, '../../../shared/data/papers/hf-daily')

const help = `npm run bench -- search [--papers 100000] [--rounds 3] [--times 40] [--in FOLDER] [--from FOLDER]

In short, in a minute or two: npm run bench -- search --papers 20000 --times 20

Measures search, similar papers and list pages on a library made from real papers. Each paper combines halves of two titles and two
abstracts, with authors drawn from all papers; a list day has 25. A library of more than 100,000 papers has each several times.
Every round asks each kind of question --times times, one after another on one connection, so other load on the machine shows.
--in keeps the library in a folder, for later runs.`

export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      papers: { type: 'string', default: '100000' },
      from: { type: 'string', default: DATA },
      in: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      times: { type: 'string', default: '40' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  if (!existsSync(values.from)) return console.log(`There are no papers at ${values.from}.`)
  const { db } = await openLibrary(stack, values.in)
  const began = performance.now()
  await fillLibrary(db, readPapers(values.from), Number(values.papers))
  console.log(`${values.papers} papers in ${Math.round((performance.now() - began) / 1000)} s`)
  const now = () => new Date()
  const searches = Object.entries(await someQuestions(db, now)).map(([name, asked]): [string, Ask] => [
    name,
    (at) => searchPapers({ db, now }, asked(at)),
  ])
  const others = Object.entries(await otherQuestions(db, now))
  await report(db, searches, others, { rounds: Number(values.rounds), times: Number(values.times) })
  await printSizes(db)
}

type Ask = (at: number) => Promise<unknown>

async function report(db: Db, searches: [string, Ask][], others: [string, Ask][], pace: Pace): Promise<void> {
  const measured = await measure(db, [...searches, ...others], pace)
  const all = searches.map(([name]) => measured.get(name)!)
  printTable([
    ['milliseconds', 'p50', 'p95', 'p99', 'p95 of each round', 'CPU p50', 'CPU p95'],
    ...[...measured].map(([name, own]) => rowOf(name, own)),
    rowOf('all searches', merge(all)),
  ])
}

/** What people ask. Each kind of question weighs the same. */
async function someQuestions(db: Db, now: () => Date): Promise<Record<string, (at: number) => SearchQuery>> {
  const words = await rareWords(db)
  const long = words.filter((word) => word.length > 6)
  const common = await commonWords(db)
  const topics = (await topicCounts({ db, now }, { limit: 100 })).map((topic) => topic.slug)
  const several = (from: readonly string[], at: number, count: number) =>
    Array.from({ length: count }, (_, place) => one(from, at * (place + 2) + place)).join(' ')
  const { summaries, titles, authors, organisations } = await someTexts(db)
  const inARow = (at: number, count: number) => {
    const content = (one(summaries, at).match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => wordsOf(word).length > 0)
    return content.slice(at % 5, (at % 5) + count).join(' ')
  }
  return {
    'a rare word': (at) => ({ q: one(words, at) }),
    'a common word': (at) => ({ q: one(common, at) }),
    'two rare words': (at) => ({ q: several(words, at, 2) }),
    'two common words': (at) => ({ q: several(common, at, 2) }),
    '"language model"': () => ({ q: 'language model' }),
    'three words in a row': (at) => ({ q: inARow(at, 3) }),
    'five words in a row': (at) => ({ q: inARow(at, 5) }),
    'eight words in a row': (at) => ({ q: inARow(at, 8) }),
    'three rare words': (at) => ({ q: several(words, at, 3) }),
    'eight rare words': (at) => ({ q: several(words, at, 8) }),
    'eight common words': (at) => ({ q: several(common, at, 8) }),
    'a title': (at) => ({ q: one(titles, at) }),
    'an author': (at) => ({ q: one(authors, at) }),
    'an organisation': (at) => ({ q: one(organisations, at) }),
    'a common phrase, one word excluded': () => ({ q: '"reinforcement learning" -video' }),
    'a phrase of a title': (at) => ({ q: `"${one(titles, at).split(/\s+/).slice(0, 3).join(' ')}"` }),
    'four rare words and a topic': (at) => ({ q: several(words, at, 4), topic: one(topics, at) }),
    'a common word and a topic': (at) => ({ q: one(common, at), topic: one(topics, at) }),
    'a rare word, a topic, with code': (at) => ({ q: one(words, at), topic: one(topics, at), hasCode: true }),
    'newest of two rare words': (at) => ({ q: several(words, at, 2), order: 'date' }),
    'newest of a common word': (at) => ({ q: one(common, at), order: 'date' }),
    mistyped: (at) => ({ q: mistyped(one(long, at)) }),
    'two words, one mistyped': (at) => ({ q: `${mistyped(one(long, at))} ${one(common, at)}` }),
    Chinese: (at) => ({ q: one(['注意力机制', '大语言模型 推理', '扩散模型', '强化学习 -视频'], at) }),
    'nothing found': (at) => ({ q: `${NO_WORDS[at % NO_WORDS.length]} ${NO_WORDS[(at + 3) % NO_WORDS.length]}` }),
  }
}

const NO_WORDS = ['zzyzx', 'qwrtpsdf', 'xkcdvbnm', 'jjjjjjjj', 'vwxyzabc', 'ghghghgh', 'wqpfbgjl']

async function otherQuestions(db: Db, now: () => Date): Promise<Record<string, Ask>> {
  const ids = await queryColumn(db, bigint)`SELECT id FROM papers ORDER BY hashint8(id) LIMIT 1000`
  const days = await queryColumn(db, text)`SELECT DISTINCT list_day::text FROM papers ORDER BY 1`
  const topics = (await topicCounts({ db, now }, { limit: 100 })).map((topic) => topic.slug)
  return {
    'papers like another': (at) => similarPapers({ db, now }, one(ids, at)),
    'a list day': (at) => listDay({ db, now, closeHourUtc: 2 }, one(days, at)),
    'newest of a topic': (at) => searchPapers({ db, now }, { topic: one(topics, at) }),
    'page 2,000 of all': () => searchPapers({ db, now }, { after: '2020-06-01:50000' }),
  }
}

const one = <T>(from: readonly T[], at: number): T => from[(at * 7919) % from.length]!

async function someTexts(db: Db) {
  const found = query(db, {
    summary: text.nullable(),
    title: text,
    author: text.nullable(),
    organisation: text.nullable(),
  })
  const rows = await found`
    SELECT summary, title, authors[1] AS author, organization AS organisation FROM papers ORDER BY hashint8(id) LIMIT 1000`
  const known = (key: 'summary' | 'author' | 'organisation') => rows.flatMap((row) => row[key] ?? [])
  return {
    summaries: known('summary'),
    titles: rows.map(({ title }) => title),
    authors: known('author'),
    organisations: known('organisation'),
  }
}

interface Pace {
  rounds: number
  times: number
}

interface Measured {
  /** milliseconds of each round's answers */
  rounds: number[][]
  /** their CPU milliseconds */
  work: number[]
}

/** Measures elapsed time, which other programs lengthen, and CPU time, which they do not. */
async function measure(db: Db, kinds: [string, Ask][], { rounds, times }: Pace): Promise<Map<string, Measured>> {
  const measured = new Map(kinds.map(([name]): [string, Measured] => [name, { rounds: [], work: [] }]))
  // The first answer of each kind reads the disk.
  for (const [, ask] of kinds) await ask(0)
  for (let round = 0; round < rounds; round++)
    for (const [name, ask] of kinds) {
      const own = measured.get(name)!
      const cpu = await cpuClock(db)
      const took: number[] = []
      for (let at = round * times; at < (round + 1) * times; at++) {
        const [began, before] = [performance.now(), cpu()]
        await ask(at)
        took.push(performance.now() - began)
        own.work.push(cpu() - before)
      }
      own.rounds.push(took)
    }
  return measured
}

const merge = (all: readonly Measured[]): Measured => ({
  rounds: all[0]!.rounds.map((_, round) => all.flatMap((own) => own.rounds[round]!)),
  work: all.flatMap((own) => own.work),
})

const rowOf = (name: string, { rounds, work }: Measured): string[] => [
  name,
  ...[0.5, 0.95, 0.99].map((part) => percentile(rounds.flat(), part).toFixed(1)),
  rounds.map((round) => percentile(round, 0.95).toFixed(0)).join(' '),
  ...[0.5, 0.95].map((part) => percentile(work, part).toFixed(1)),
]

/** The words that most papers have. Search reads their index entries last. */
const commonWords = (db: Db): Promise<string[]> =>
  queryColumn(db, text)`SELECT term FROM terms WHERE term ~ '^[a-z]{4,}$' ORDER BY papers DESC, id LIMIT 300`

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

import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { buildApp } from '../../src/app.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { servicesOn } from '../support/services.ts'
import { readPapers } from './ranking/likeness.ts'
import { fillLibrary } from './search/library.ts'
import { openLibrary } from './support/library.ts'
import { printTable } from './support/table.ts'

const DATA = new URL('../../../shared/data/papers/hf-daily', import.meta.url).pathname

const help = `npm run bench -- pages [--papers 100000] [--from FOLDER] [--times 40]

Measures whole pages and feeds, from request to the last byte, on the library of npm run bench -- search. Requests run one after
another without a cache, so other load on the machine shows.`

export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      papers: { type: 'string', default: '100000' },
      from: { type: 'string', default: DATA },
      times: { type: 'string', default: '40' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  if (!existsSync(values.from)) return console.log(`There are no papers at ${values.from}.`)
  const { db, url } = await openLibrary(stack)
  await fillLibrary(db, readPapers(values.from), Number(values.papers))
  const services = servicesOn(db, { DATABASE_URL: url }, { now: new Date() })
  const app = buildApp(services, { pageCacheMs: 0 })
  stack.defer(() => app.close())
  const rows = []
  for (const [name, paths] of Object.entries(await somePages(db))) {
    const took: number[] = []
    for (let at = 0; at < Number(values.times); at++) {
      const began = performance.now()
      const { statusCode } = await app.inject(paths[at % paths.length]!)
      if (statusCode !== 200) throw new Error(`${paths[at % paths.length]} answered ${statusCode}`)
      took.push(performance.now() - began)
    }
    const sorted = took.toSorted((a, b) => a - b)
    const part = (share: number) => sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)]!.toFixed(1)
    rows.push([name, took[0]!.toFixed(1), part(0.5), part(0.95)])
  }
  printTable([['milliseconds', 'first', 'p50', 'p95'], ...rows])
}

async function somePages(db: Db): Promise<Record<string, string[]>> {
  const read = async (query: ReturnType<typeof sql>) =>
    (await db.execute<{ key: string }>(query)).rows.map((row) => row.key)
  const days = await read(
    sql`SELECT list_day::text AS key FROM papers GROUP BY list_day ORDER BY hashint8(min(id)) LIMIT 20`,
  )
  const ids = await read(sql`SELECT source_id AS key FROM papers WHERE source = 'arxiv' ORDER BY hashint8(id) LIMIT 20`)
  const topics = await read(sql`
    SELECT slug AS key FROM papers, unnest(topics) AS slug GROUP BY slug ORDER BY count(*) DESC LIMIT 20`)
  const weeks = await read(sql`
    SELECT DISTINCT to_char(list_day, 'IYYY"-W"IW') AS key FROM papers ORDER BY 1 DESC LIMIT 20`)
  return {
    'front page': ['/'],
    'a day': days.map((day) => `/papers?date=${day}`),
    'a week': weeks.map((week) => `/papers?week=${week}`),
    'a month': days.map((day) => `/papers?month=${day.slice(0, 7)}`),
    'a paper': ids.map((id) => `/papers/${id}`),
    'search, broad': ['/search?q=language+model'],
    'search, filtered': topics.map((topic) => `/search?topic=${topic}&code=1`),
    topics: ['/topics'],
    'a topic': topics.map((topic) => `/topics/${topic}`),
    'feed.xml': ['/feed.xml'],
    'feed.json of a topic': topics.map((topic) => `/feed.json?topic=${topic}`),
    'sitemap.xml': ['/sitemap.xml'],
  }
}

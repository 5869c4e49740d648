import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildApp } from '../../src/app.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { queryColumn, text } from '../../src/runtime/db/query.ts'
import { servicesOn } from '../support/services.ts'
import { readPapers } from './ranking/likeness.ts'
import { fillLibrary } from './search/library.ts'
import { cpuClock } from './support/cpu.ts'
import { openLibrary } from './support/library.ts'
import { percentile } from './support/rounds.ts'
import { printTable } from './support/table.ts'

const DATA = join(import.meta.dirname, '../../../shared/data/papers/hf-daily')

const BUSY_MS = 200

const help = `npm run bench -- pages [--papers 100000] [--rounds 3] [--times 20] [--in FOLDER] [--from FOLDER]

Measures whole pages and feeds, from request to the last byte, on the library of npm run bench -- search. Every round asks for each
kind of page --times times, one after another and without the cache of whole pages, so other load on the machine shows. --in keeps the
library in a folder, for later runs.`

export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      papers: { type: 'string', default: '100000' },
      from: { type: 'string', default: DATA },
      in: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      times: { type: 'string', default: '20' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  if (!existsSync(values.from)) return console.log(`There are no papers at ${values.from}.`)
  const { db, url } = await openLibrary(stack, values.in)
  await fillLibrary(db, readPapers(values.from), Number(values.papers))
  const services = servicesOn(db, { DATABASE_URL: url }, { now: new Date() })
  const app = buildApp(services, { pageCacheMs: 0 })
  stack.defer(() => app.close())
  const pages = Object.entries(await somePages(db))
  const first = new Map<string, number>()
  const took = new Map<string, number[][]>(pages.map(([name]) => [name, []]))
  const works = new Map<string, number[]>(pages.map(([name]) => [name, []]))
  const open = async (path: string, cpu = () => 0) => {
    for (;;) {
      const [began, before] = [performance.now(), cpu()]
      const { statusCode } = await app.inject(path)
      if (statusCode === 200) return { took: performance.now() - began, work: cpu() - before }
      // A busy machine makes the app refuse requests.
      if (statusCode !== 503) throw new Error(`${path} answered ${statusCode}`)
      await delay(BUSY_MS)
    }
  }
  for (const [name, paths] of pages) first.set(name, (await open(paths[0]!)).took)
  const times = Number(values.times)
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [name, paths] of pages) {
      const own: number[] = []
      const cpu = await cpuClock(db)
      for (let at = round * times; at < (round + 1) * times; at++) {
        const { took, work } = await open(paths[at % paths.length]!, cpu)
        own.push(took)
        works.get(name)!.push(work)
      }
      took.get(name)!.push(own)
    }
  printTable([
    ['milliseconds', 'first', 'p50', 'p95', 'p95 of each round', 'CPU p50', 'CPU p95', 'aim of p95'],
    ...[...took].map(([name, rounds]) => [
      name,
      first.get(name)!.toFixed(1),
      percentile(rounds.flat(), 0.5).toFixed(1),
      percentile(rounds.flat(), 0.95).toFixed(1),
      rounds.map((round) => percentile(round, 0.95).toFixed(0)).join(' '),
      ...[0.5, 0.95].map((part) => percentile(works.get(name)!, part).toFixed(1)),
      aimOf(name, Number(values.papers)),
    ]),
  ])
}

/** Milliseconds, on an idle machine. */
const aimOf = (name: string, papers: number): number => (papers <= 100_000 ? 40 : name.includes('search') ? 150 : 100)

async function somePages(db: Db): Promise<Record<string, string[]>> {
  const read = queryColumn(db, text)
  const days = await read`SELECT list_day::text FROM papers GROUP BY list_day ORDER BY hashint8(min(id)) LIMIT 60`
  const ids = await read`SELECT source_id FROM papers WHERE source = 'arxiv' ORDER BY hashint8(id) LIMIT 60`
  const topics = await read`
    SELECT slug FROM papers, unnest(topics) AS slug GROUP BY slug ORDER BY count(*) DESC LIMIT 60`
  const weeks = await read`SELECT to_char(list_day, 'IYYY"-W"IW') FROM papers GROUP BY 1 ORDER BY 1 DESC LIMIT 60`
  const authors = await read`
    SELECT authors[1] FROM papers WHERE authors[1] IS NOT NULL GROUP BY 1 ORDER BY hashtext(authors[1]) LIMIT 60`
  const organisations = await read`
    SELECT organization FROM papers WHERE organization IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 60`
  const titles = await read`SELECT title FROM papers ORDER BY hashint8(id) LIMIT 60`
  const searches = titles.map((title, at) => {
    const words = title.match(/[\p{L}\p{N}]+/gu) ?? []
    return `/search?q=${encodeURIComponent(words.slice(0, 1 + (at % 5)).join(' '))}`
  })
  const months = [...new Set(days.map((day) => day.slice(0, 7)))]
  const named = (path: string, names: string[]) => names.map((name) => `${path}${encodeURIComponent(name)}`)
  return {
    home: ['/'],
    'a day': named('/papers?date=', days),
    'a week': named('/papers?week=', weeks),
    'a month': named('/papers?month=', months),
    'a paper': named('/papers/', ids),
    'a search': searches,
    'search, broad': ['/search?q=language+model'],
    'search, filtered': topics.map((topic) => `/search?topic=${topic}&code=1`),
    topics: ['/topics'],
    'topics by a word': named('/topics?q=', ['video', 'agent', 'reasoning', 'image']),
    'a topic': named('/topics/', topics),
    'an author': named('/authors/', authors),
    'an organisation': named('/organisations/', organisations),
    trends: ['/trends'],
    'trends of a week': named('/trends?week=', weeks),
    editions: ['/editions'],
    'feed.xml': ['/feed.xml'],
    'feed.atom': ['/feed.atom'],
    'feed.json': ['/feed.json'],
    'feed.json of a topic': named('/feed.json?topic=', topics),
    'feed.json of an author': named('/feed.json?author=', authors),
    'feed.json of an organisation': named('/feed.json?organisation=', organisations),
    'sitemap.xml': ['/sitemap.xml'],
    'sitemap of pages': ['/sitemaps/pages.xml'],
    'sitemap of a month': months.map((month) => `/sitemaps/${month}.xml`),
  }
}

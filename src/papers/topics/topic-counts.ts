import { z } from 'zod'
import { dayOf, daysLater } from '../../calendar/days.ts'
import { keptFor } from '../../lib/kept-for.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query, queryColumn, queryOne, text } from '../../runtime/db/query.ts'
import { newestDay } from '../lists/list-day.ts'
import { isCounted } from '../public-papers.ts'
import { readTopicNames } from './topic-name.ts'
import { NAMED_TOPICS } from './topics.ts'

export interface TopicCount {
  /** for links: "video-generation" */
  slug: string
  /** in English, keywords as sources spell them. `topicName` gives a field's name in another language */
  name: string
  papers: number
}

/** Topics with fewer papers are not offered. */
const FEWEST_PAPERS = 3

/** Counting reads every paper: 0.2 s for 100,000 of them, 2 s for a million. */
const KEPT_MS = 10 * 60_000
/** From this id of the newest paper on, a new paper counts only with the next count. */
const LARGE = 20_000

const cache = new WeakMap<Db, { key: string; read: () => Promise<ReadonlyMap<string, Counted>> }>()

interface Deps {
  db: Db
  now: () => Date
}

interface Counted {
  papers: number
  /** list day of the first */
  since: string
}

/** Counts the papers of every topic, largest topics first. The counts of a large library are up to twenty minutes old. */
export async function countAllTopics({ db, now }: Deps): Promise<ReadonlyMap<string, Counted>> {
  const { newest } = await queryOne(db, { newest: bigint.nullable() })`SELECT max(id) AS newest FROM papers`
  const known = cache.get(db)
  const key = `${dayOf(now())} ${newest}`
  if (known && (known.key === key || (newest ?? 0) >= LARGE)) return known.read()
  const read = keptFor(() => countTopics({ db, now }), { ms: KEPT_MS, now: Date.now })
  cache.set(db, { key, read })
  return read()
}

/**
 * Counts the papers of each topic, largest topics first. Samples count only when there are no real papers.
 * @param options.days counts only papers of this many days up to the newest list: a newsletter may have no list for weeks
 */
export async function topicCounts(
  deps: Deps,
  { days, fewest = FEWEST_PAPERS, limit = 200 }: { days?: number | undefined; fewest?: number; limit?: number } = {},
): Promise<TopicCount[]> {
  const counts = days === undefined ? await countAllTopics(deps) : await countTopics(deps, days)
  const largest = [...counts].filter(([, { papers }]) => papers >= fewest).slice(0, limit)
  const nameOf = await readTopicNames(
    deps.db,
    largest.map(([slug]) => slug),
  )
  return largest.map(([slug, { papers }]) => ({ slug, name: nameOf(slug), papers }))
}

const TopicRow = z.object({ slug: z.string(), papers: z.number(), since: z.string() })

async function countTopics({ db, now }: Deps, days?: number): Promise<Map<string, Counted>> {
  const newest = days === undefined ? undefined : await newestDay({ db, now })
  const since = days === undefined || newest === undefined ? null : daysLater(newest, 1 - days)
  const rows = await query(db, TopicRow)`
    SELECT slug, count(*)::int AS papers, min(p.list_day)::text AS since FROM papers p, unnest(p.topics) AS slug
    WHERE p.list_day >= coalesce(${since}::date, '-infinity') AND ${isCounted(dayOf(now()))}
    GROUP BY slug ORDER BY papers DESC, slug`
  return new Map(rows.map(({ slug, ...counted }) => [slug, counted]))
}

/** Returns the slugs of all topics that readers can follow: the named ones and those of papers. */
export async function knownTopics(db: Db): Promise<Set<string>> {
  return new Set([...NAMED_TOPICS, ...(await queryColumn(db, text)`SELECT DISTINCT unnest(topics) FROM papers`)])
}

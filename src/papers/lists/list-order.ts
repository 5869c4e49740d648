import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import type { Span } from '../../calendar/spans.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, number, query, queryOne, text } from '../../runtime/db/query.ts'
import { hasBegun } from '../public-papers.ts'
import { ageHoursAt, firstReadBy, listedIn, settledBy, withSignals } from '../ranking/list-votes.ts'
import { type Rankable, rankPapers } from '../ranking/rank.ts'
import { addVotes, burstsOf, countVotesInSpan } from '../votes/reader-votes.ts'

const Ranked = z.object({
  id: bigint,
  day: text,
  listPosition: number,
  votes: number.nullable(),
  bursts: z.array(number).nullable(),
  ageHours: number.nullable(),
  weight: number,
  picked: z.boolean().nullable(),
})

interface Deps {
  db: Db
  now: () => Date
  closeHourUtc: number
}

/** A list day's papers in the order of its edition. */
interface DayOrder {
  ids: number[]
  /** a community voted for them; else our readers' votes order them, also after the close */
  voted: boolean
}

/**
 * Orders the papers of some list days. Days without papers, and days to come, are missing.
 * Votes after the close change nothing: the ranking is final. Where a community's were not read by then, as in a list that was imported,
 * the first that were read count. Without any, our readers' newest votes do.
 */
export async function orderDays(deps: Deps, days: readonly string[]): Promise<Map<string, DayOrder>> {
  const at = deps.now()
  const settled = settledBy(at, deps.closeHourUtc)
  const voted = new Set(await votedDays(deps.db, days, settled))
  const read = (areVoted: boolean, by: SQL) =>
    readLists(
      deps.db,
      days.filter((day) => voted.has(day) === areVoted),
      at,
      by,
    )
  const lists = await Promise.all([read(true, settled), read(false, firstReadBy(at))])
  return new Map(
    lists
      .flatMap((list) => [...list])
      .map(([day, papers]) => [day, { ids: rankPapers(papers).map(({ id }) => id), voted: isVoted(papers) }]),
  )
}

/** Returns the days whose lists have a paper with a community's votes by a moment. Finding out first reads a list of thousands only once. */
async function votedDays(db: Db, days: readonly string[], by: SQL): Promise<string[]> {
  const rows = await query(
    db,
    { day: text },
    prepared(sql`
      SELECT day::text FROM unnest(${sql.param(days)}::date[]) AS d (day) WHERE EXISTS (
        SELECT FROM papers p ${withSignals(by)} ${listedIn(sql`p.list_day = day`)} AND s.paper_id IS NOT NULL)`),
  )
  return rows.map(({ day }) => day)
}

const isVoted = (papers: readonly Rankable[]): boolean => papers.some(({ sourceVotes }) => sourceVotes !== null)

/** @param by SQL of the moment up to which votes of a paper `p` count */
async function readLists(db: Db, days: readonly string[], at: Date, by: SQL): Promise<Map<string, Rankable[]>> {
  if (days.length === 0) return new Map()
  const rows = await query(
    db,
    Ranked,
    prepared(sql`
      SELECT p.id, p.list_day::text AS day, p.list_position, s.votes, ${burstsOf(sql`p.id`, by)} AS bursts, ${ageHoursAt(by)} AS age_hours,
        p.weight, k.verdict = 'picked' AS picked
      FROM papers p ${withSignals(by)} ${listedIn(sql`p.list_day = ANY(${sql.param(days)}::date[]) AND ${hasBegun(dayOf(at))}`)}`),
  )
  const papers = rows.map(({ votes, bursts, ...row }) => ({
    ...row,
    sourceVotes: votes,
    votes: addVotes(votes, bursts),
  }))
  return Map.groupBy(papers, ({ day }) => day)
}

/** Some ids of a list in its order. */
export interface OrderedPage {
  ids: number[]
  /** the position of the first of them, starting at 1 */
  first: number
  /** number of papers in the whole list */
  total: number
  /** of a day: a community voted for its papers */
  voted?: boolean
}

interface Paging {
  /** id of the previous page's last paper; an unknown id returns the first page */
  after?: number | undefined
  limit: number
}

/** Returns a page of a list: a day's in the order of its edition, a week's or month's by votes. */
export async function readOrder(deps: Deps, span: Span, page: Paging): Promise<OrderedPage> {
  if (span.kind !== 'day') return orderByVotes(deps.db, span, deps.now(), page)
  const { ids, voted } = (await orderDays(deps, [span.from])).get(span.from) ?? { ids: [], voted: false }
  const start = page.after === undefined ? 0 : ids.indexOf(page.after) + 1
  return { ids: ids.slice(start, start + page.limit), first: start + 1, total: ids.length, voted }
}

/** PostgreSQL sorts, because a month may have thousands of papers. */
async function orderByVotes(db: Db, span: Span, at: Date, { after, limit }: Paging): Promise<OrderedPage> {
  const own = await countVotesInSpan(db, span, at)
  const { total, before, ids } = await queryOne(
    db,
    { total: number, before: number, ids: z.array(number) },
    prepared(sql`
      WITH listed AS MATERIALIZED (${listed(span, at, own)}), previous AS MATERIALIZED (SELECT votes, id FROM listed WHERE id = ${after ?? null}),
        behind AS (SELECT l.votes, l.id FROM listed l LEFT JOIN previous ON true WHERE previous.id IS NULL OR (l.votes, l.id) < (previous.votes, previous.id))
      SELECT (SELECT count(*) FROM listed)::int AS total,
        ((SELECT count(*) FROM listed) - (SELECT count(*) FROM behind))::int AS before,
        (SELECT coalesce(jsonb_agg(id ORDER BY votes DESC, id DESC), '[]') FROM (SELECT * FROM behind ORDER BY votes DESC, id DESC LIMIT ${limit}) page) AS ids`),
  )
  return { ids, first: before + 1, total }
}

/** Ids and votes of a span's papers, -1 for unknown votes. @param own our readers' votes by paper */
const listed = ({ from, to }: Span, at: Date, own: ReadonlyMap<number, number>): SQL => sql`
  SELECT p.id, coalesce(s.votes + coalesce(own.votes, 0), own.votes, -1) AS votes
  FROM papers p ${withSignals(at)}
  LEFT JOIN unnest(${sql.param([...own.keys()])}::bigint[], ${sql.param([...own.values()])}::int[]) AS own (id, votes) ON own.id = p.id
  ${listedIn(sql`p.list_day BETWEEN ${from}::date AND ${to}::date AND ${hasBegun(dayOf(at))}`)}`

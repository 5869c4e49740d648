import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import type { Span } from '../../calendar/spans.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, number, query, queryOne, text } from '../../runtime/db/query.ts'
import { hasBegun } from '../public-papers.ts'
import { ageHoursAt, listedIn, withSignals } from '../ranking/list-votes.ts'
import { rankPapers } from '../ranking/rank.ts'
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

/** Returns the ids of some list days' papers by day, each in the order of its edition. Days without papers, and days to come, are missing. */
export async function orderDays(db: Db, days: readonly string[], at: Date): Promise<Map<string, number[]>> {
  const rows = await query(
    db,
    Ranked,
    prepared(sql`
      SELECT p.id, p.list_day::text AS day, p.list_position, s.votes, ${burstsOf(sql`p.id`, at)} AS bursts, ${ageHoursAt(at)} AS age_hours,
        p.weight, k.verdict = 'picked' AS picked
      FROM papers p ${withSignals(at)} ${listedIn(sql`p.list_day = ANY(${sql.param(days)}::date[]) AND ${hasBegun(dayOf(at))}`)}`),
  )
  const byDay = Map.groupBy(rows, ({ day }) => day)
  return new Map(
    [...byDay].map(([day, own]) => [
      day,
      rankPapers(
        own.map(({ votes, bursts, ...row }) => ({ ...row, sourceVotes: votes, votes: addVotes(votes, bursts) })),
      ).map(({ id }) => id),
    ]),
  )
}

/** Some ids of a list in its order. */
export interface OrderedPage {
  ids: number[]
  /** the position of the first of them, starting at 1 */
  first: number
  /** number of papers in the whole list */
  total: number
}

interface Paging {
  /** id of the previous page's last paper; an unknown id returns the first page */
  after?: number | undefined
  limit: number
}

/** Returns a page of a list: a day's in the order of its edition, a week's or month's by votes. */
export async function readOrder(db: Db, span: Span, at: Date, page: Paging): Promise<OrderedPage> {
  if (span.kind !== 'day') return orderByVotes(db, span, at, page)
  const ids = (await orderDays(db, [span.from], at)).get(span.from) ?? []
  const start = page.after === undefined ? 0 : ids.indexOf(page.after) + 1
  return { ids: ids.slice(start, start + page.limit), first: start + 1, total: ids.length }
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

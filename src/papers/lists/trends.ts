import { z } from 'zod'
import { dayOf, daysBetween, daysLater } from '../../calendar/days.ts'
import { type Span, spanAround } from '../../calendar/spans.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, number, query, text } from '../../runtime/db/query.ts'
import { isCounted } from '../public-papers.ts'
import { topicWeeks } from '../topics/topic-weeks.ts'
import { isField } from '../topics/topics.ts'
import { neighbours, newestDay } from './list-day.ts'
import { type ListedRow, readListed } from './listed-rows.ts'

/** What moved in a week: fields, risers and the number of papers. */
export interface Trends {
  week: Span
  /** the newest list day that counts */
  lastDay: string
  /** the week goes on: every week counts only up to the weekday of `lastDay` */
  partial: boolean
  papers: number
  before: number
  /** fields of research with their papers in twelve weeks, oldest first */
  fields: { slug: string; weeks: number[] }[]
  mondays: string[]
  /** the papers with most votes in their first two days */
  risers: Riser[]
  /** papers of each list day in three weeks */
  days: { day: string; papers: number }[]
  previous?: Span | undefined
  next?: Span | undefined
}

export interface Riser {
  paper: ListedRow
  /** votes at the end of the first two days, or now */
  votes: number
  /** votes by hours after the list day began, oldest first */
  readings: { hours: number; votes: number }[]
}

interface Deps {
  db: Db
  now: () => Date
}

export const RISER_HOURS = 48
const MOST_RISERS = 6
/** A week of fewer list days says little, so the page opens with the week before. */
const FEWEST_DAYS = 3
const FRIDAY = 5

/** Returns the newest week that says something, or undefined without papers. */
export async function newestTrendWeek(deps: Deps): Promise<Span | undefined> {
  const day = await newestDay(deps)
  if (day === undefined) return undefined
  const week = spanAround('week', day)
  const { previous } = await neighbours(deps.db, week, dayOf(deps.now()))
  return day < daysLater(week.from, FEWEST_DAYS - 1) ? (previous ?? week) : week
}

/** Reads what moved in a week. @returns undefined when it has no papers */
export async function readTrends(deps: Deps, week: Span): Promise<Trends | undefined> {
  const { db, now } = deps
  const today = dayOf(now())
  const { lastDay, previous, next } = await neighbours(db, week, today)
  const partial = today < week.to && lastDay < daysLater(week.from, FRIDAY - 1)
  const weekday = partial ? 1 + daysBetween(week.from, lastDay) : 7
  const weeks = await topicWeeks(db, today, { weekday, upTo: lastDay })
  if (weeks?.mondays.at(-1) !== week.from) return undefined
  const days = await countListDays(deps, daysLater(week.from, -14), lastDay)
  const sum = (from: string) =>
    days
      .filter(({ day }) => day >= from && day < daysLater(from, weekday))
      .reduce((papers, each) => papers + each.papers, 0)
  return {
    week,
    lastDay,
    partial,
    papers: sum(week.from),
    before: sum(daysLater(week.from, -7)),
    fields: [...weeks.counts].filter(([slug]) => isField(slug)).map(([slug, counts]) => ({ slug, weeks: [...counts] })),
    mondays: weeks.mondays,
    risers: await readRisers(deps, week.from, lastDay),
    days,
    previous,
    next,
  }
}

/** Days without papers are missing. */
const countListDays = ({ db, now }: Deps, from: string, to: string) =>
  query(db, { day: text, papers: number })`
    SELECT p.list_day::text AS day, count(*)::int AS papers FROM papers p
    WHERE p.list_day BETWEEN ${from}::date AND ${to}::date AND ${isCounted(dayOf(now()), to)} GROUP BY 1 ORDER BY 1`

const Readings = z.object({
  id: bigint,
  votes: z.number(),
  readings: z
    .array(z.object({ hours: z.number(), votes: z.number() }))
    .nullable()
    .transform((readings) => readings ?? []),
})

async function readRisers({ db, now }: Deps, from: string, to: string): Promise<Riser[]> {
  const at = now()
  const rows = await query(db, Readings)`
    WITH listed AS (
      SELECT p.id, p.list_day::timestamp AT TIME ZONE 'UTC' AS began FROM papers p
      WHERE p.list_day BETWEEN ${from}::date AND ${to}::date AND NOT p.announced AND p.withdrawn_at IS NULL AND ${isCounted(dayOf(at), to)}
        AND NOT EXISTS (SELECT FROM picks k WHERE k.paper_id = p.id AND k.list_day = p.list_day AND k.verdict = 'dropped')
    ), top AS (
      SELECT l.*, s.votes FROM listed l
      JOIN LATERAL (
        SELECT votes FROM signals
        WHERE paper_id = l.id AND observed_at <= least(${at}::timestamptz, l.began + make_interval(hours => ${RISER_HOURS}))
        ORDER BY observed_at DESC LIMIT 1
      ) s ON s.votes > 0
      ORDER BY s.votes DESC, l.id LIMIT ${MOST_RISERS}
    )
    SELECT t.id, t.votes, (
      SELECT jsonb_agg(jsonb_build_object('hours', extract(epoch FROM observed_at - t.began) / 3600, 'votes', votes) ORDER BY observed_at)
      FROM signals WHERE paper_id = t.id
        AND observed_at BETWEEN t.began AND least(${at}::timestamptz, t.began + make_interval(hours => ${RISER_HOURS}))
    ) AS readings
    FROM top t ORDER BY t.votes DESC, t.id`
  const papers = await readListed(
    db,
    rows.map(({ id }) => id),
    at,
  )
  return papers.map((paper, i) => ({ paper, votes: rows[i]!.votes, readings: rows[i]!.readings }))
}

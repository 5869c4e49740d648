import { z } from 'zod'
import { dayOf, daysLater, startOfDay } from '../../calendar/days.ts'
import { isQuietDay } from '../../calendar/holidays.ts'
import type { Db } from '../../runtime/db/database.ts'
import { moment, number, query, queryColumn, text } from '../../runtime/db/query.ts'

/** Missing reads of one source. */
export interface SourceGaps {
  /** list days of the last two weeks without a read, from the first one on, and working days whose list was empty; newest first */
  days: { day: string; why: 'not read' | 'empty' }[]
  /** times without any read, longer than MOST_HOURS; newest first */
  pauses: { from: Date; to: Date; hours: number }[]
}

const DAYS = 14
/** Reads happen every half hour. */
const MOST_HOURS = 3

/** Finds the gaps in the reads of a source over the last two weeks. Today's list may still be empty. */
export async function findGaps({ db, now }: { db: Db; now: () => Date }, source: string): Promise<SourceGaps> {
  const today = dayOf(now())
  const first = daysLater(today, 1 - DAYS)
  const read = await query(db, { day: text, papers: number })`
    SELECT list_day::text AS day, papers FROM source_reads WHERE source = ${source} AND list_day >= ${first}::date`
  const [begun] = await queryColumn(db, text.nullable())`
    SELECT min(list_day)::text FROM source_reads WHERE source = ${source}`
  const papersOf = new Map(read.map(({ day, papers }) => [day, papers]))
  const days = Array.from({ length: DAYS }, (_, back) => daysLater(today, -back)).flatMap((day): SourceGaps['days'] => {
    const papers = papersOf.get(day)
    if (papers === undefined) return day >= (begun ?? today) ? [{ day, why: 'not read' }] : []
    return papers === 0 && day < today && !isQuietDay(day) ? [{ day, why: 'empty' }] : []
  })
  const pauses = await query(db, { from: moment, to: moment, hours: z.coerce.number() })`
    SELECT before AS "from", read_at AS "to", round(extract(epoch FROM read_at - before) / 3600, 1) AS hours
    FROM (SELECT read_at, lag(read_at) OVER (ORDER BY read_at) AS before FROM polls
      WHERE source = ${source} AND read_at >= ${startOfDay(first)}) AS reads
    WHERE read_at - before > make_interval(hours => ${MOST_HOURS}) ORDER BY read_at DESC LIMIT 20`
  return { days, pauses }
}

import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayOf, daysLater, startOfDay } from '../calendar/days.ts'
import { bool, number, query, queryOne, text } from '../runtime/db/query.ts'
import { FEWEST_PEOPLE, readSum, saveSum } from '../runtime/db/sums.ts'
import type { Services } from '../runtime/services.ts'

type Deps = Pick<Services, 'db' | 'now'>

/** What happens to readers, in the order of charts and tables. Imports and operators' suppressions are no sign-ups or bounces. */
export const READER_EVENTS = ['signed up', 'confirmed', 'imported', 'unsubscribed', 'bounced', 'complained'] as const
type ReaderEvent = (typeof READER_EVENTS)[number]

const NamedCounts = z.array(z.object({ name: z.string(), readers: z.number() }))
export const ReaderCounts = z.object({
  statuses: NamedCounts,
  /** of active readers, as the following ones */
  cadences: NamedCounts,
  locales: NamedCounts,
  /** by slug */
  topics: NamedCounts,
  domains: NamedCounts,
})
type ReaderCounts = z.output<typeof ReaderCounts>

const SUM = 'readers'
/** The first count reads the past so far back. */
const FIRST_DAYS = 400
/** Later counts read today and yesterday again: a row knows only the last time of each event. */
const RECOUNTED_DAYS = 1
const MOST_NAMED = 50

/**
 * Counts readers by status, cadence, language, topic and domain, and their sign-ups, confirmations and departures of the last two days.
 * It reads every row, about two seconds for a million readers, so a worker runs it and pages read the result.
 */
export async function countReaders(deps: Deps): Promise<void> {
  await countDays(deps)
  const { db, now } = deps
  const groups = await query(db, { kind: text, name: text, readers: number })`
    SELECT * FROM (
      SELECT CASE WHEN GROUPING(status) = 0 THEN 'statuses' WHEN GROUPING(cadence) = 0 THEN 'cadences'
                  WHEN GROUPING(locale) = 0 THEN 'locales' ELSE 'domains' END AS kind,
        coalesce(CASE WHEN GROUPING(status) = 0 THEN status::text WHEN GROUPING(cadence) = 0 THEN cadence::text
                      WHEN GROUPING(locale) = 0 THEN locale ELSE domain END, '') AS name,
        CASE WHEN GROUPING(status) = 0 THEN count(*) ELSE count(*) FILTER (WHERE active) END::int AS readers
      FROM (
        SELECT status, cadence, locale, split_part(email_key, '@', -1) AS domain, status = 'active' AS active
        FROM subscribers WHERE status <> 'erased'
      ) AS s
      GROUP BY GROUPING SETS ((status), (cadence), (locale), (domain))
      UNION ALL
      SELECT 'topics', topic, count(*)::int FROM subscribers s, unnest(s.topics) AS topic WHERE s.status = 'active' GROUP BY topic
    ) AS counted
    WHERE kind NOT IN ('topics', 'domains') OR readers >= ${FEWEST_PEOPLE}
    ORDER BY readers DESC, name`
  const named = (kind: keyof ReaderCounts, most = MOST_NAMED) =>
    groups
      .filter((each) => each.kind === kind)
      .slice(0, most)
      .map(({ name, readers }) => ({ name, readers }))
  const counts: ReaderCounts = {
    statuses: named('statuses'),
    cadences: named('cadences'),
    locales: named('locales'),
    topics: named('topics'),
    domains: named('domains'),
  }
  await saveSum(db, SUM, now(), counts)
}

/** Returns the last count of readers; undefined before the first one. */
export const readReaderCounts = ({ db }: Pick<Deps, 'db'>) => readSum(db, SUM, ReaderCounts)

async function countDays({ db, now }: Deps): Promise<void> {
  const { isFirst } = await queryOne(db, { isFirst: bool })`SELECT NOT EXISTS (SELECT FROM reader_days) AS is_first`
  const today = dayOf(now())
  const since = startOfDay(daysLater(today, isFirst ? -FIRST_DAYS : -RECOUNTED_DAYS))
  // Rows change with each event, so older rows need no look at their six times.
  await db.execute(sql`
    INSERT INTO reader_days AS d (day, event, readers)
    SELECT (e.at AT TIME ZONE 'UTC')::date, e.event, count(*)::int
    FROM (
      SELECT s.*, coalesce(s.imported_at, '-infinity') AS imported, x.reason, x.created_at AS suppressed_at
      FROM subscribers s LEFT JOIN suppressions x ON x.address_hash = s.address_hash WHERE s.updated_at >= ${since}
    ) s, LATERAL (VALUES
      ('signed up', CASE WHEN s.consent_origin IS NOT NULL THEN s.requested_at END),
      ('confirmed', CASE WHEN s.first_confirmed_at IS NOT NULL AND s.confirmed_at > s.imported THEN s.confirmed_at END),
      ('imported', s.imported_at),
      ('unsubscribed', CASE WHEN s.status = 'unsubscribed' AND s.left_at > s.imported THEN s.left_at END),
      -- The row changes again when they sign up again.
      ('bounced', CASE WHEN s.status = 'bounced' AND s.reason = 'hard bounce' AND s.suppressed_at > s.imported THEN s.suppressed_at END),
      ('complained', CASE WHEN s.status = 'complained' AND s.reason = 'complaint' AND s.suppressed_at > s.imported THEN s.suppressed_at END)
    ) AS e (event, at)
    WHERE e.at >= ${since} AND e.at < ${startOfDay(daysLater(today, 1))}
    GROUP BY 1, 2
    -- A reader who signs up again, or is erased, leaves an earlier day's rows, but not its count.
    ON CONFLICT (day, event) DO UPDATE SET readers = greatest(d.readers, excluded.readers)`)
}

/** One day's events. */
export interface ReaderDay {
  day: string
  counts: Record<ReaderEvent, number>
}

/** Returns the events of each of the last `days` days, oldest first, also of days without any. */
export async function readReaderDays({ db, now }: Deps, days: number): Promise<ReaderDay[]> {
  const today = dayOf(now())
  const first = daysLater(today, 1 - days)
  const rows = await query(db, { day: text, event: z.enum(READER_EVENTS), readers: number })`
    SELECT day::text, event, readers FROM reader_days WHERE day >= ${first}::date`
  const byDay = Map.groupBy(rows, ({ day }) => day)
  return Array.from({ length: days }, (_, index) => {
    const day = daysLater(first, index)
    const own = byDay.get(day) ?? []
    const counts = Object.fromEntries(
      READER_EVENTS.map((event) => [event, own.find((row) => row.event === event)?.readers ?? 0]),
    )
    return { day, counts: counts as Record<ReaderEvent, number> }
  })
}

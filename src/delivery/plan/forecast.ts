import { z } from 'zod'
import { bigint, moment, query } from '../../runtime/db/query.ts'
import type { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { asksFor } from './audience.ts'

/** Who gets an edition and when, if it is released as planned and no reader changes their preferences. For a released one: who still gets it. */
export interface Forecast {
  readers: number
  /** by language, most first */
  locales: { locale: string; readers: number }[]
  /** by time zone, most first */
  zones: { zone: string; readers: number; first: Date; last: Date }[]
  /** emails in each hour from the first to the last, also where there are none */
  hours: { from: Date; emails: number }[]
  first: Date | null
  last: Date | null
  /** active readers who do not get it: paused, suppressed, or with another cadence */
  left: { paused: number; suppressed: number; otherCadence: number }
}

const Row = z.object({
  zone: z.string(),
  locale: z.string(),
  due: moment.nullable(),
  readers: bigint,
  paused: bigint,
  suppressed: bigint,
  otherCadence: bigint,
})

const HOUR_MS = 3_600_000

/**
 * Computes an edition's readers and the hours of their emails: each reader's first hour after the list's close, or the release if that is
 * later. Readers with a delivery are left out. Readers are grouped first, so that their hours are computed once for each zone, hour and cadence.
 */
export async function forecast(
  { db, now }: Pick<Services, 'db' | 'now'>,
  edition: Pick<typeof editions.$inferSelect, 'id' | 'kind' | 'date' | 'closesAt' | 'releaseAt' | 'releasedAt'>,
): Promise<Forecast> {
  const { id, closesAt, releaseAt, releasedAt } = edition
  const release = releasedAt ? now() : new Date(Math.max(releaseAt.getTime(), now().getTime()))
  const from = releasedAt || release < closesAt ? release : closesAt
  const rows = await query(db, Row)`
    WITH grouped AS (
      SELECT s.zone, s.hour, s.cadence, s.weekday, s.locale, ${asksFor(edition)} AS asked,
        s.paused_until IS NOT NULL AND s.paused_until > ${release} AS paused, x.address_hash IS NOT NULL AS suppressed, count(*) AS readers
      FROM subscribers s LEFT JOIN suppressions x ON x.address_hash = s.address_hash
      WHERE s.status = 'active' AND NOT EXISTS (SELECT FROM deliveries d WHERE d.edition_id = ${id} AND d.subscriber_id = s.id)
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ), sorted AS (
      SELECT *, CASE WHEN NOT asked THEN 'cadence' WHEN suppressed THEN 'suppressed' WHEN paused THEN 'paused' ELSE 'gets' END AS fate FROM grouped
    )
    SELECT zone, locale,
      -- One microsecond earlier: a reader whose hour is the close itself gets this list.
      CASE WHEN fate = 'gets' THEN greatest(${release}::timestamptz,
        next_digest_at(zone, hour, cadence, weekday, ${from}::timestamptz - interval '1 microsecond')) END AS due,
      sum(readers) FILTER (WHERE fate = 'gets') AS readers, sum(readers) FILTER (WHERE fate = 'paused') AS paused,
      sum(readers) FILTER (WHERE fate = 'suppressed') AS suppressed, sum(readers) FILTER (WHERE fate = 'cadence') AS other_cadence
    FROM sorted GROUP BY 1, 2, 3, fate`
  const getting = rows.flatMap(({ due, ...row }) => (due === null || row.readers === 0 ? [] : [{ ...row, due }]))
  const times = getting.map(({ due }) => due.getTime()).sort((a, b) => a - b)
  return {
    readers: sum(getting, 'readers'),
    locales: countBy(getting, ({ locale }) => locale).map(([locale, own]) => ({
      locale,
      readers: sum(own, 'readers'),
    })),
    zones: countBy(getting, ({ zone }) => zone).map(([zone, own]) => ({
      zone,
      readers: sum(own, 'readers'),
      first: new Date(Math.min(...own.map(({ due }) => due.getTime()))),
      last: new Date(Math.max(...own.map(({ due }) => due.getTime()))),
    })),
    hours: byHour(getting),
    first: times[0] === undefined ? null : new Date(times[0]),
    last: times.length === 0 ? null : new Date(times.at(-1)!),
    left: { paused: sum(rows, 'paused'), suppressed: sum(rows, 'suppressed'), otherCadence: sum(rows, 'otherCadence') },
  }
}

type Counts = 'readers' | 'paused' | 'suppressed' | 'otherCadence'
const sum = (rows: readonly Record<Counts, number>[], count: Counts): number =>
  rows.reduce((total, row) => total + row[count], 0)

function countBy<Counted extends Record<Counts, number>>(rows: readonly Counted[], keyOf: (row: Counted) => string) {
  return [...Map.groupBy(rows, keyOf)].sort(
    ([a, one], [b, other]) => sum(other, 'readers') - sum(one, 'readers') || (a < b ? -1 : 1),
  )
}

function byHour(rows: readonly { due: Date; readers: number }[]): Forecast['hours'] {
  const emails = new Map<number, number>()
  for (const { due, readers } of rows) {
    const hour = Math.floor(due.getTime() / HOUR_MS)
    emails.set(hour, (emails.get(hour) ?? 0) + readers)
  }
  const [first, last] = [Math.min(...emails.keys()), Math.max(...emails.keys())]
  if (emails.size === 0) return []
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    from: new Date((first + index) * HOUR_MS),
    emails: emails.get(first + index) ?? 0,
  }))
}

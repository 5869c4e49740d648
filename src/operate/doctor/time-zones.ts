import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { offsetsOf, zoneForIntl } from '../../calendar/in-zone.ts'
import { counted } from '../../lib/counted.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query, text } from '../../runtime/db/query.ts'
import { type Diagnosis, warning } from './diagnosis.ts'

const DAY_MS = 86_400_000
/** Half a year in steps of two weeks: a new rule of a country begins in between, and lasts. */
const MOMENTS = 14
const STEP_DAYS = 14
const MOST_NAMED = 5

/**
 * Compares the database's clocks with Node's in the readers' time zones. Countries change their clocks with little notice, and only a
 * newer release of PostgreSQL, Node or the system's zone data knows. The database's clocks decide when digests come.
 *
 * @param offsetsIn for tests: Node's zone data
 */
export async function checkTimeZones(
  { db, now }: { db: Db; now: () => Date },
  offsetsIn: typeof offsetsOf = offsetsOf,
): Promise<Diagnosis[]> {
  const moments = Array.from({ length: MOMENTS }, (_, step) => now().getTime() + step * STEP_DAYS * DAY_MS)
  const zones = await query(db, { zone: text, readers: bigint, offsets: z.array(z.number()) })`
    SELECT zone, readers, ARRAY(
      SELECT (extract(epoch FROM (at AT TIME ZONE zone) - (at AT TIME ZONE 'UTC')) * 1000)::float8
      FROM unnest(${sql.param(moments.map((at) => new Date(at).toISOString()))}::timestamptz[]) WITH ORDINALITY AS moment (at, nr) ORDER BY nr
    ) AS offsets
    FROM (SELECT zone, count(*) AS readers FROM subscribers WHERE status = 'active' GROUP BY zone) AS used
    WHERE is_zone(zone) ORDER BY readers DESC, zone`
  const different = zones.filter(({ zone, offsets }) => {
    if (zoneForIntl(zone) !== zone) return false
    const offsetAt = offsetsIn(zone)
    return moments.some((at, nr) => offsetAt(at) !== offsets[nr])
  })
  if (different.length === 0) return []
  const readers = different.reduce((sum, each) => sum + each.readers, 0)
  const names = different.slice(0, MOST_NAMED).map(({ zone }) => zone)
  const rest = different.length - names.length
  return [
    warning(
      'Time zones',
      `PostgreSQL and Node know different clocks of ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}: digests for ${counted(readers, 'reader')} may come at a wrong hour`,
      'update PostgreSQL, or the package tzdata where it uses that of its system, and Node',
    ),
  ]
}

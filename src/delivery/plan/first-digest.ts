import { type SQL, sql } from 'drizzle-orm'
import { dayOf, daysLater, mondayOf } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { knownZone } from '../../runtime/db/known-zone.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { moment, queryOne } from '../../runtime/db/query.ts'
import type { subscribers } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { newestEditions } from './newest-editions.ts'
import { insertBatchesAndDeliveries, PLANNED, SELECT_PLANNED } from './plan-deliveries.ts'

/** A planned first digest. */
export interface FirstDigest {
  /** for waking a worker */
  batchId: number
  nextDigestAt: Date
}

type Reader = Pick<typeof subscribers.$inferSelect, 'id' | 'cadence'>

/**
 * Plans the newest edition at once for a reader who has just confirmed. Moves their next digest to their first hour after today ends in
 * their time zone, so that they do not get two on their first day. A weekly reader whose hour today brings a newer edition waits for
 * it: otherwise they would have last week's, and never this one.
 *
 * @returns undefined, with nothing changed, when there is no recent edition, they had it, or they wait
 */
export async function planFirstDigest(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  { id, cadence }: Reader,
): Promise<FirstDigest | undefined> {
  const [newest] = await newestEditions({ db, config, now }, cadence, 1)
  if (config.FIRST_DIGEST === 'at-their-hour' || !newest) return undefined
  const { nextDigestAt, endOfToday } = await queryOne(db, { nextDigestAt: moment, endOfToday: moment })`
    SELECT next_digest_at, ((${now()}::timestamptz AT TIME ZONE clock.zone)::date + 1)::timestamp AT TIME ZONE clock.zone AS end_of_today
    FROM subscribers, LATERAL (SELECT ${knownZone(sql`zone`)} AS zone) AS clock WHERE id = ${id}`
  const isToday = nextDigestAt < endOfToday
  if (cadence === 'weekly' && isToday && closedWeek(nextDigestAt, config.EDITION_CLOSE_HOUR_UTC) > newest.date)
    return undefined
  const statement = sql`
    WITH wanted AS (
      SELECT ${id}::bigint AS id, e.id AS edition_id FROM editions e
      WHERE e.id = ${newest.id}
        AND NOT EXISTS (SELECT FROM deliveries d WHERE d.edition_id = e.id AND d.subscriber_id = ${id})
    ), ${insertBatchesAndDeliveries(now(), sql`${now()}::timestamptz + make_interval(secs => ${config.DIGEST_EXPIRY_HOURS * 3600})`)}
    SELECT ${SELECT_PLANNED}`
  const {
    batchIds: [batchId],
  } = await queryOne(db, PLANNED, prepared(statement))
  return batchId === undefined ? undefined : { batchId, nextDigestAt: await nextAfter(db, id, endOfToday) }
}

/** SQL: whether a first digest was planned when the reader confirmed, and was not given up since. Later digests count as well. */
export const hasFirstDigest = (subscriberId: SQL, confirmedAt: SQL, expiryHours: number): SQL<boolean> => sql`EXISTS (
  SELECT FROM deliveries d
  WHERE d.subscriber_id = ${subscriberId} AND d.state IN ('queued', 'handed', 'accepted', 'deferred', 'unknown')
    AND d.expires_at >= ${confirmedAt} + make_interval(hours => ${expiryHours}))`

/** Returns the Monday of the newest week whose list has closed by a moment. */
const closedWeek = (at: Date, closeHourUtc: number): string =>
  daysLater(mondayOf(dayOf(new Date(at.getTime() - closeHourUtc * 3_600_000))), -7)

/** Moves a reader's next digest to their first hour at or after a moment, and returns it. */
async function nextAfter(db: Db, id: number, from: Date): Promise<Date> {
  const { nextDigestAt } = await queryOne(db, { nextDigestAt: moment })`
    UPDATE subscribers s
    SET next_digest_at = next_digest_at(s.zone, s.hour, s.cadence, s.weekday, ${from}::timestamptz - interval '1 microsecond')
    WHERE s.id = ${id} RETURNING s.next_digest_at`
  return nextDigestAt
}

import { type SQL, sql } from 'drizzle-orm'
import { kindOf, newestEditions } from '../delivery/plan/newest-editions.ts'
import type { Db } from '../runtime/db/database.ts'
import { moment, queryColumn, queryOne } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'
import type { Choices } from './preference-rules.ts'

type Deps = Pick<Services, 'db' | 'config'>

type Schedule = Pick<Choices, 'cadence' | 'zone' | 'hour' | 'weekday'> & { pausedUntil: Date | null }

/** When the digests are due that no planning has reached, by kind: a pause, the other kind or another hour may have given them up. */
export type GaveUp = Partial<Record<ReturnType<typeof kindOf>, string>>

interface Change {
  before: Schedule & { status: string; nextDigestAt: Date | null }
  after: Schedule
  /** what earlier changes gave up */
  earlier: GaveUp
  at: Date
}

/**
 * Finds out which digest a change of schedule gives back to a reader, who may try another hour, kind or pause and return.
 *
 * @returns `dueAgain`, when it is due; `staysDue`, whether one that is due now stays so; `gaveUp`, to be passed with the next change
 */
export async function dueAfterChange(
  { db, config }: Deps,
  subscriberId: number,
  { before, after, earlier, at }: Change,
): Promise<{ dueAgain: Date | undefined; staysDue: boolean; gaveUp: GaveUp }> {
  const isPaused = after.pausedUntil !== null && after.pausedUntil > at
  const wasPaused = before.pausedUntil !== null && before.pausedUntil > at
  const kind = kindOf(before.cadence)
  const nextKind = kindOf(after.cadence)
  const staysDue = !isPaused && kind === nextKind
  const gaveUp = { ...earlier }
  if (!wasPaused && before.nextDigestAt) {
    const first = gaveUp[kind] ? await firstHour(db, before, since(gaveUp[kind])) : undefined
    // Of several changes the first counts, unless a digest was planned since.
    if (first?.getTime() !== before.nextDigestAt.getTime()) gaveUp[kind] = before.nextDigestAt.toISOString()
  }
  const wasDueAt = gaveUp[nextKind]
  const staysPlanned = staysDue && !wasPaused
  // No planning moves that hour on while they are away. Who comes back in time gets the digest after all.
  const dueAt = wasDueAt && (staysPlanned ? await firstHour(db, after, since(wasDueAt)) : new Date(wasDueAt))
  if (!isPaused && !staysPlanned) delete gaveUp[nextKind]
  if (staysPlanned && gaveUp[kind]) {
    // An earlier hour may be planned before the one that was given up.
    const next = await firstHour(db, after, sql`${at}::timestamptz`)
    if (next < new Date(gaveUp[kind])) gaveUp[kind] = next.toISOString()
  }
  if (before.status !== 'active' || isPaused) return { dueAgain: undefined, staysDue, gaveUp }
  const stale = new Date(at.getTime() - config.DIGEST_FRESHNESS_HOURS * 3_600_000)
  const isBack = wasPaused || after.cadence !== before.cadence
  const unskipped = isBack ? await unskip({ db, config }, subscriberId, after.cadence, { at, stale }) : undefined
  const isStillDue = dueAt && dueAt > stale && dueAt <= at
  return { dueAgain: unskipped ?? (isStillDue ? dueAt : undefined), staysDue, gaveUp }
}

/** Returns the first hour of a schedule after a moment. */
async function firstHour(db: Db, { zone, hour, cadence, weekday }: Schedule, after: SQL): Promise<Date> {
  const { first } = await queryOne(db, { first: moment })`
    SELECT next_digest_at(${zone}, ${hour}, ${cadence}, ${weekday}::int, ${after}) AS first`
  return first
}

/** A moment just before another one, whose hour then counts too. */
const since = (at: string): SQL => sql`${at}::timestamptz - interval '1 microsecond'`

/**
 * Removes a reader's skipped delivery of the newest edition for a cadence, so that it is planned for them again. It was skipped for
 * another schedule or a pause, and they are back. One that may have arrived stays. So does one whose hour is stale: planning would
 * send nothing, and the next digest would apologise.
 * @returns the hour at which it was due
 */
async function unskip(
  { db, config }: Deps,
  subscriberId: number,
  cadence: Choices['cadence'],
  { at, stale }: { at: Date; stale: Date },
): Promise<Date | undefined> {
  const [newest] = await newestEditions({ db, config, now: () => at }, cadence, 1)
  if (!newest) return undefined
  const expiryMs = config.DIGEST_EXPIRY_HOURS * 3_600_000
  const [expiresAt] = await queryColumn(db, moment)`
    DELETE FROM deliveries
    WHERE edition_id = ${newest.id} AND subscriber_id = ${subscriberId} AND state = 'skipped' AND reply ~ '^(moved to|paused)'
      AND crashes + cuts = 0 AND expires_at > ${new Date(stale.getTime() + expiryMs)}
    RETURNING expires_at`
  return expiresAt && new Date(expiresAt.getTime() - expiryMs)
}

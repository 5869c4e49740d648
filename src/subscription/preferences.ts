import { eq, sql } from 'drizzle-orm'
import { canonicalZone } from '../calendar/zone-names.ts'
import { PaperboyError } from '../lib/errors.ts'
import { verifyToken } from '../mail/tokens.ts'
import { isLocale } from '../messages/catalogue.ts'
import type { Db } from '../runtime/db/database.ts'
import { subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { BadPreference, badWishes, type Choices, MOST_PAUSE_WEEKS, type Wishes } from './wishes.ts'

export interface Preferences extends Choices {
  pausedUntil: Date | null
  /** its day by the reader's calendar */
  pausedUntilDay: string | null
  status: string
  nextDigestAt: Date | null
  /** whether the last change can be undone */
  undoable: boolean
}

type Deps = Pick<Services, 'db' | 'keys' | 'now'>

/** @throws PaperboyError TOKEN_UNKNOWN, also for a subscriber who is gone */
export async function readPreferences({ db, keys }: Pick<Deps, 'db' | 'keys'>, token: string): Promise<Preferences> {
  const { subscriberId } = verifyToken(keys, 'preferences', token)
  return shownOf(await readRow(db, subscriberId))
}

/**
 * Saves what was given and leaves the rest. The next digest moves with hour, zone, cadence, weekday and pause at once. What was
 * before is kept for `undoPreferences`.
 *
 * @throws PaperboyError TOKEN_UNKNOWN | BadPreference naming the field, with nothing saved
 */
export async function savePreferences({ db, keys, now }: Deps, token: string, wishes: Wishes): Promise<Preferences> {
  const { subscriberId } = verifyToken(keys, 'preferences', token)
  for (const field of badWishes(wishes)) throw new BadPreference(field)
  return db.transaction(async (tx) => {
    const before = await readRow(tx, subscriberId, 'locked')
    const { pauseWeeks, pausedUntil, ...given } = wishes
    if (given.zone !== undefined) {
      given.zone = canonicalZone(given.zone)
      await checkZone(tx, given.zone)
    }
    const after = { ...choicesOf(before), ...given, pausedUntil: before.pausedUntil }
    if (pauseWeeks !== undefined) {
      after.pausedUntil = pauseWeeks === 0 ? null : new Date(now().getTime() + pauseWeeks * 7 * 86_400_000)
    }
    if (pausedUntil !== undefined) after.pausedUntil = await endOfPause(tx, pausedUntil, after.zone, now())
    return write(tx, subscriberId, before, after, now())
  })
}

/**
 * Takes the last change back; once more brings it again. Harmless where there is nothing to undo.
 * @throws PaperboyError TOKEN_UNKNOWN
 */
export async function undoPreferences({ db, keys, now }: Deps, token: string): Promise<Preferences> {
  const { subscriberId } = verifyToken(keys, 'preferences', token)
  return db.transaction(async (tx) => {
    const before = await readRow(tx, subscriberId, 'locked')
    if (before.previous === null) return shownOf(before)
    const { pausedUntil, ...choices } = before.previous as Choices & { pausedUntil: string | null }
    return write(
      tx,
      subscriberId,
      before,
      { ...choices, pausedUntil: pausedUntil ? new Date(pausedUntil) : null },
      now(),
    )
  })
}

type State = Choices & { pausedUntil: Date | null }
type Row = Awaited<ReturnType<typeof readRow>>

async function write(db: Db, subscriberId: number, before: Row, after: State, at: Date): Promise<Preferences> {
  const paused = after.pausedUntil !== null && after.pausedUntil > at
  await db
    .update(subscribers)
    .set({
      ...after,
      previous: { ...choicesOf(before), pausedUntil: before.pausedUntil },
      // A digest that is due but not yet planned stays due, or saving at the wrong minute would cost the reader a day.
      nextDigestAt: sql`CASE WHEN ${subscribers.nextDigestAt} <= ${at} AND NOT ${paused} THEN ${subscribers.nextDigestAt}
        ELSE next_digest_at(${after.zone}, ${after.hour}, ${after.cadence}, ${after.weekday}::int, ${paused ? after.pausedUntil : at}) END`,
      updatedAt: at,
    })
    .where(eq(subscribers.id, subscriberId))
  return shownOf(await readRow(db, subscriberId))
}

async function readRow(db: Db, subscriberId: number, locked?: 'locked') {
  const query = db
    .select({
      cadence: subscribers.cadence,
      hour: subscribers.hour,
      zone: subscribers.zone,
      weekday: subscribers.weekday,
      size: subscribers.size,
      topics: subscribers.topics,
      keywords: subscribers.keywords,
      likeVoted: subscribers.likeVoted,
      locale: subscribers.locale,
      format: subscribers.format,
      pausedUntil: subscribers.pausedUntil,
      pausedUntilDay: sql<string | null>`(${subscribers.pausedUntil} AT TIME ZONE
        CASE WHEN is_zone(${subscribers.zone}) THEN ${subscribers.zone} ELSE 'UTC' END)::date::text`,
      status: subscribers.status,
      nextDigestAt: subscribers.nextDigestAt,
      previous: subscribers.previous,
    })
    .from(subscribers)
    .where(eq(subscribers.id, subscriberId))
  const [found] = await (locked ? query.for('update') : query)
  if (!found || found.status === 'erased') throw gone()
  return found
}

/** The choices of a row alone. A language whose catalogue was taken away since counts as English. */
const choicesOf = (row: Row): Choices => {
  const {
    pausedUntil: _,
    pausedUntilDay: _day,
    status: _status,
    nextDigestAt: _next,
    previous: _previous,
    ...choices
  } = row
  return { ...choices, locale: isLocale(choices.locale) ? choices.locale : 'en' }
}

const shownOf = (row: Row): Preferences => ({
  ...choicesOf(row),
  pausedUntil: row.pausedUntil,
  pausedUntilDay: row.pausedUntilDay,
  status: row.status,
  nextDigestAt: row.nextDigestAt,
  undoable: row.previous !== null,
})

/** The first moment of a day on the reader's clock. @throws BadPreference when that is not to come, or too far off */
async function endOfPause(db: Db, day: string | null, zone: string, at: Date): Promise<Date | null> {
  if (day === null) return null
  const { rows } = await db.execute<{ moment: string }>(sql`SELECT ${day}::date::timestamp AT TIME ZONE
    CASE WHEN is_zone(${zone}) THEN ${zone} ELSE 'UTC' END AS moment`)
  const moment = new Date(rows[0]!.moment)
  const latest = at.getTime() + (MOST_PAUSE_WEEKS * 7 + 1) * 86_400_000
  if (moment <= at || moment.getTime() > latest) throw new BadPreference('pausedUntil')
  return moment
}

async function checkZone(db: Db, zone: string): Promise<void> {
  const { rows } = await db.execute<{ known: boolean }>(sql`SELECT is_zone(${zone}) AS known`)
  if (!rows[0]?.known) throw new BadPreference('zone')
}

const gone = (): PaperboyError =>
  new PaperboyError('TOKEN_UNKNOWN', 'There is no subscription behind this link any more.')

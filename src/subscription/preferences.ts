import { eq, sql } from 'drizzle-orm'
import { PaperboyError } from '../lib/errors.ts'
import { fingerprint } from '../lib/fingerprint.ts'
import { verifyToken } from '../mail/tokens.ts'
import { isLocale } from '../messages/catalogue.ts'
import { readTitles } from '../papers/lists/titles.ts'
import { canonicalSlug } from '../papers/topics/keywords.ts'
import { learnTaste } from '../papers/votes/learn-taste.ts'
import type { Db } from '../runtime/db/database.ts'
import { knownZone } from '../runtime/db/known-zone.ts'
import { bool, moment, queryOne } from '../runtime/db/query.ts'
import { subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { dueAfterChange, type GaveUp } from './due-after-change.ts'
import {
  BadPreference,
  type Choices,
  invalidFields,
  MAX_PAUSE_WEEKS,
  type PreferenceChanges,
  tidied,
} from './preference-rules.ts'

export interface Preferences extends Choices {
  pausedUntil: Date | null
  /** the calendar day of pausedUntil, in the reader's time zone */
  pausedUntilDay: string | null
  status: string
  nextDigestAt: Date | null
  /** names these choices */
  version: string
  /** names those before the last change; null when there is none to undo */
  previousVersion: string | null
}

/** The same change again within this time is a second click. */
const SAME_CLICK_MS = 60_000

type Deps = Pick<Services, 'db' | 'keys' | 'config' | 'now'>

/** @throws PaperboyError TOKEN_UNKNOWN, also for an erased or deleted subscriber */
export async function readPreferences({ db, keys }: Pick<Deps, 'db' | 'keys'>, token: string): Promise<Preferences> {
  const { subscriberId } = verifyToken(keys, 'preferences', token)
  return toPreferences(await readRow(db, subscriberId))
}

/** As `readPreferences`. Returns undefined for a token that is unknown, or of an erased or deleted subscriber. */
export const findPreferences = (...args: Parameters<typeof readPreferences>): Promise<Preferences | undefined> =>
  readPreferences(...args).catch((error: unknown) => {
    if (!(error instanceof PaperboyError)) throw error
    return undefined
  })

/**
 * Saves the given preferences and keeps the others. Hour, zone, cadence, weekday and pause move the next digest at
 * once.
 * The previous values are kept for `undoPreferences`.
 *
 * @param changes new values, or a function of the current ones
 * @throws PaperboyError TOKEN_UNKNOWN | BadPreference naming the field, with nothing saved
 */
export async function savePreferences(
  { db, keys, config, now }: Deps,
  token: string,
  changes: PreferenceChanges | ((current: Choices) => PreferenceChanges),
): Promise<Preferences> {
  const { subscriberId } = verifyToken(keys, 'preferences', token)
  return db.transaction(async (tx) => {
    const before = await readRow(tx, subscriberId, 'locked')
    const wanted = tidied(typeof changes === 'function' ? changes(choicesOf(before)) : changes)
    for (const field of invalidFields(wanted)) throw new BadPreference(field)
    const unknown = await findUnknownPapers({ db: tx, now }, wanted, before)
    if (unknown.length > 0) throw new BadPreference('likePapers', unknown)
    const { pauseWeeks, pausedUntil, ...given } = wanted
    if (given.zone !== undefined) await checkZone(tx, given.zone)
    const after = { ...choicesOf(before), ...given, pausedUntil: before.pausedUntil }
    // A pause ends on a day of the reader's calendar, wherever they move to.
    if (after.pausedUntil && after.pausedUntil > now() && after.zone !== before.zone)
      after.pausedUntil = await sameTimeIn(tx, after.pausedUntil, before.zone, after.zone)
    if (pauseWeeks !== undefined) after.pausedUntil = endOfWeeks(pauseWeeks, before.pausedUntil, now())
    if (pausedUntil !== undefined) after.pausedUntil = await endOfPause(tx, pausedUntil, after.zone, now())
    return write({ db: tx, config }, subscriberId, before, after, now())
  })
}

/** Returns the papers of a change that are not here, without those that the reader had before: no paper could meet such a wish. */
export async function findUnknownPapers(
  deps: Pick<Deps, 'db' | 'now'>,
  { likePapers = [] }: PreferenceChanges,
  before: Pick<Choices, 'likePapers'>,
): Promise<string[]> {
  const added = likePapers.filter((id) => !before.likePapers.includes(id))
  const known = await readTitles(deps, added)
  return added.filter((id) => !known.has(id))
}

/**
 * Undoes the last change; calling it again redoes it. Does nothing when there is no change to undo.
 *
 * @param version the `previousVersion` to return to, so that a second call with it does nothing. Without it, the last one
 * @throws PaperboyError TOKEN_UNKNOWN
 */
export async function undoPreferences(
  { db, keys, config, now }: Deps,
  token: string,
  version?: string,
): Promise<Preferences> {
  const { subscriberId } = verifyToken(keys, 'preferences', token)
  return db.transaction(async (tx) => {
    const before = await readRow(tx, subscriberId, 'locked')
    const previous = before.previous as Previous | null
    if (previous === null || (version !== undefined && version !== versionOf(previous))) return toPreferences(before)
    const { pausedUntil, gaveUp: _, ...choices } = previous
    const after = { ...choices, pausedUntil: pausedUntil ? new Date(pausedUntil) : null }
    return write({ db: tx, config }, subscriberId, before, after, now())
  })
}

type State = Choices & { pausedUntil: Date | null }
/** As stored in `previous`; rows of an earlier version have no gaveUp. */
type Previous = Choices & { pausedUntil: string | null; gaveUp?: GaveUp }
type Row = Awaited<ReturnType<typeof readRow>>

async function write(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  subscriberId: number,
  before: Row,
  after: State,
  at: Date,
): Promise<Preferences> {
  const paused = after.pausedUntil !== null && after.pausedUntil > at
  const changed = Object.keys(choicesOf(before)).filter(
    (name) => JSON.stringify(after[name as keyof Choices]) !== JSON.stringify(before[name as keyof Choices]),
  )
  const previous = before.previous as Previous | null
  // A change that is sent twice is undone as one. Later, saving without a change leaves nothing to undo.
  const isSame = changed.length === 0 && after.pausedUntil?.getTime() === before.pausedUntil?.getTime()
  const isSentTwice = isSame && at.getTime() - before.updatedAt.getTime() < SAME_CLICK_MS
  const earlier = previous?.gaveUp ?? {}
  const { dueAgain, staysDue, gaveUp } = await dueAfterChange({ db, config }, subscriberId, {
    before,
    after,
    earlier,
    at,
  })
  await db
    .update(subscribers)
    .set({
      ...after,
      // Links and undo may still have an earlier slug of a topic.
      topics: [...new Set(after.topics.map(canonicalSlug))],
      previous: isSentTwice
        ? previous && { ...previous, gaveUp }
        : { ...choicesOf(before), pausedUntil: before.pausedUntil, gaveUp },
      // What the reader chooses counts more than what a sign-up asked for before.
      asked: sql`${subscribers.asked} - ${sql.param(changed)}::text[]`,
      // A digest that is due but not yet planned stays due. Otherwise saving at that minute would cost the reader a
      // day. But who changes from daily to weekly asks for none today.
      nextDigestAt: sql`CASE WHEN ${dueAgain !== undefined} THEN ${dueAgain ?? null}::timestamptz
        WHEN ${subscribers.nextDigestAt} <= ${at} AND ${staysDue} THEN ${subscribers.nextDigestAt}
        ELSE next_digest_at(${after.zone}, ${after.hour}, ${after.cadence}, ${after.weekday}::int,
          -- One microsecond earlier: a pause ends at midnight, which may be the reader's hour.
          ${paused ? sql`${after.pausedUntil}::timestamptz - interval '1 microsecond'` : at}) END`,
      updatedAt: at,
    })
    .where(eq(subscribers.id, subscriberId))
  if (after.likeVoted !== before.likeVoted) await learnTaste({ db, now: () => at }, subscriberId)
  return toPreferences(await readRow(db, subscriberId))
}

const CHOICES = {
  cadence: subscribers.cadence,
  hour: subscribers.hour,
  zone: subscribers.zone,
  weekday: subscribers.weekday,
  size: subscribers.size,
  topics: subscribers.topics,
  share: subscribers.share,
  keywords: subscribers.keywords,
  authors: subscribers.authors,
  organisations: subscribers.organisations,
  likePapers: subscribers.likePapers,
  likeVoted: subscribers.likeVoted,
  sourceLinks: subscribers.sourceLinks,
  abstracts: subscribers.abstracts,
  locale: subscribers.locale,
  format: subscribers.format,
} satisfies Record<keyof Choices, unknown>

async function readRow(db: Db, subscriberId: number, locked?: 'locked') {
  const query = db
    .select({
      ...CHOICES,
      pausedUntil: subscribers.pausedUntil,
      pausedUntilDay: sql<
        string | null
      >`(${subscribers.pausedUntil} AT TIME ZONE ${knownZone(subscribers.zone)})::date::text`,
      status: subscribers.status,
      nextDigestAt: subscribers.nextDigestAt,
      previous: subscribers.previous,
      updatedAt: subscribers.updatedAt,
    })
    .from(subscribers)
    .where(eq(subscribers.id, subscriberId))
  const [found] = await (locked ? query.for('update') : query)
  if (!found || found.status === 'erased') throw unknownToken()
  return found
}

/** Returns only the choices. A language that was removed counts as English. */
export function choicesOf(from: Record<keyof Choices, unknown>): Choices {
  const choices = Object.fromEntries(Object.keys(CHOICES).map((name) => [name, from[name as keyof Choices]]))
  return { ...(choices as unknown as Choices), locale: isLocale(from.locale) ? from.locale : 'en' }
}

function toPreferences(row: Row): Preferences {
  const version = versionOf({ ...choicesOf(row), pausedUntil: row.pausedUntil?.toISOString() ?? null })
  const previousVersion = row.previous ? versionOf(row.previous as Previous) : version
  return {
    ...choicesOf(row),
    pausedUntil: row.pausedUntil,
    pausedUntilDay: row.pausedUntilDay,
    status: row.status,
    nextDigestAt: row.nextDigestAt,
    version,
    previousVersion: previousVersion === version ? null : previousVersion,
  }
}

const versionOf = ({ gaveUp: _, ...choices }: Previous): string =>
  fingerprint(Object.entries(choices).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** Returns when a pause of some weeks ends. A longer one stays, and so does one that began just before: its button was pressed twice. */
function endOfWeeks(weeks: number, current: Date | null, at: Date): Date | null {
  if (weeks === 0) return null
  const end = new Date(at.getTime() + weeks * 7 * 86_400_000)
  return current && end.getTime() - current.getTime() < SAME_CLICK_MS ? current : end
}

/**
 * Returns the start of a day in the reader's time zone. @throws BadPreference when it is past or too far in the
 * future
 */
async function endOfPause(db: Db, day: string | null, zone: string, at: Date): Promise<Date | null> {
  if (day === null) return null
  const { end } = await queryOne(db, { end: moment })`
    SELECT ${day}::date::timestamp AT TIME ZONE ${knownZone(zone)} AS "end"`
  const latest = at.getTime() + (MAX_PAUSE_WEEKS * 7 + 1) * 86_400_000
  if (end <= at || end.getTime() > latest) throw new BadPreference('pausedUntil')
  return end
}

/** Returns when a zone's clocks show what the clocks of another one show at a moment. */
async function sameTimeIn(db: Db, at: Date, from: string, to: string): Promise<Date> {
  const { same } = await queryOne(db, { same: moment })`
    SELECT ${at}::timestamptz AT TIME ZONE ${knownZone(from)} AT TIME ZONE ${knownZone(to)} AS same`
  return same
}

/** @throws BadPreference for a time zone that the database does not know */
export async function checkZone(db: Db, zone: string): Promise<void> {
  const { known } = await queryOne(db, { known: bool })`SELECT is_zone(${zone}) AS known`
  if (!known) throw new BadPreference('zone')
}

const unknownToken = (): PaperboyError =>
  new PaperboyError('TOKEN_UNKNOWN', 'This link belongs to no subscription any more.')

import { and, eq, inArray, sql } from 'drizzle-orm'
import { dayOf } from '../../calendar/days.ts'
import { isQuietDay } from '../../calendar/holidays.ts'
import { minuteUtc } from '../../calendar/words.ts'
import { FOLLOW_DAYS, isSourceName, namesOfSources, VOTED_SOURCES } from '../../runtime/config/source-names.ts'
import type { Db } from '../../runtime/db/database.ts'
import { moment, queryColumn } from '../../runtime/db/query.ts'
import { sourceHealth, sourceReads } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'

/** Recorded state of a source. */
export interface Health {
  readAt: Date | null
  /** when a read last changed anything */
  changedAt: Date | null
  /** the day of its list, when it has not started today's */
  stillOn: string | null
  failingSince: Date | null
  failure: string | null
  /** papers on today's list */
  papersToday: number
}

/**
 * fresh: as expected · quiet: no papers today, as on weekends and holidays · empty: no papers on a working day ·
 * stale: it answers with an old list, or its votes have not changed for hours · outage: reads fail · unread: no recent read
 */
export type SourceState = (typeof SOURCE_STATES)[number]
export const SOURCE_STATES = ['fresh', 'quiet', 'empty', 'stale', 'outage', 'unread'] as const

const HOUR_MS = 3_600_000
/** A working day's list starts by noon UTC: Hugging Face's at midnight, arXiv's feed at 4 or 5. */
const BEGUN_BY_HOUR = 12
/** Reads happen every half hour. Without one for this long, no worker runs. */
const UNREAD_MS = 3 * HOUR_MS
/** On a working day, votes on a list change every half hour. */
const UNMOVED_MS = 8 * HOUR_MS

/** Returns a source's state. @param followed whether the source has votes to follow */
export function sourceState(health: Health | undefined, now: Date, followed: boolean): SourceState {
  if (!health) return 'unread'
  if (health.failingSince) return 'outage'
  if (!health.readAt || now.getTime() - health.readAt.getTime() > UNREAD_MS) return 'unread'
  const quiet = isQuietDay(dayOf(now))
  if (health.papersToday === 0) {
    if (quiet) return 'quiet'
    if (now.getUTCHours() < BEGUN_BY_HOUR) return 'fresh'
    return health.stillOn ? 'stale' : 'empty'
  }
  const unmoved = health.changedAt && now.getTime() - health.changedAt.getTime() > UNMOVED_MS
  return followed && !quiet && unmoved ? 'stale' : 'fresh'
}

export interface SourceReport extends Omit<Health, 'papersToday'> {
  source: string
  state: SourceState
  papersToday: number
}

/** What each state means, for a sentence. */
export const SOURCE_STATE_WORDS: Record<SourceState, string> = {
  fresh: 'as it should be',
  quiet: 'nothing today, as on weekends and holidays',
  empty: 'nothing today, though it is a working day',
  stale: 'it answers, but its list does not move',
  outage: 'it cannot be read',
  unread: 'not read lately; does a worker run?',
}

/** "hf outage: it cannot be read since 2026-04-14 06:30 UTC: GET … answered 503". @param report.failingSince null to leave it out */
export function describeSource({
  source,
  state,
  papersToday,
  readAt,
  stillOn,
  failingSince,
  failure,
}: SourceReport): string {
  return [
    `${source} ${state}: ${SOURCE_STATE_WORDS[state]}`,
    state === 'outage' ? `${failingSince ? ` since ${minuteUtc(failingSince)}` : ''}: ${failure}` : '',
    stillOn && state === 'stale' ? ` from ${stillOn}` : '',
    state === 'fresh' ? `, ${papersToday} papers today` : '',
    readAt ? ` (last read ${minuteUtc(readAt)})` : '',
  ].join('')
}

/** Reads the state of each source in use. */
export async function reportSources({
  db,
  config,
  now,
}: Pick<Services, 'db' | 'config' | 'now'>): Promise<SourceReport[]> {
  const at = now()
  const names = namesOfSources(config)
  const known = await db
    .select({
      source: sourceHealth.source,
      readAt: sourceHealth.readAt,
      changedAt: sourceHealth.changedAt,
      stillOn: sourceHealth.stillOn,
      failingSince: sourceHealth.failingSince,
      failure: sourceHealth.failure,
      papersToday: sql<number>`coalesce(${sourceReads.papers}, 0)`.mapWith(Number),
    })
    .from(sourceHealth)
    .leftJoin(sourceReads, and(eq(sourceReads.source, sourceHealth.source), eq(sourceReads.listDay, dayOf(at))))
    .where(inArray(sourceHealth.source, names))
  return names.map((name) => {
    const health = known.find(({ source }) => source === name)
    const nothing = { readAt: null, changedAt: null, stillOn: null, failingSince: null, failure: null, papersToday: 0 }
    return {
      ...nothing,
      ...health,
      source: name,
      state: sourceState(health, at, isSourceName(name) && FOLLOW_DAYS[name] > 0),
    }
  })
}

/**
 * Returns when a list day was last read: from a source with votes, or else from any source. For days that were only imported from files,
 * returns when the newest votes in them were read; null for days without either.
 */
export async function listReadAt(db: Db, day: string): Promise<Date | null> {
  const [at] = await queryColumn(db, moment.nullable())`
    SELECT coalesce(
      (SELECT max(read_at) FROM source_reads WHERE list_day = ${day}::date AND source = ANY(${sql.param(VOTED_SOURCES)}::text[])),
      (SELECT max(read_at) FROM source_reads WHERE list_day = ${day}::date),
      (SELECT max(s.observed_at) FROM papers p JOIN signals s ON s.paper_id = p.id
        WHERE p.list_day = ${day}::date AND s.origin IN ('file', 'undated')))`
  return at ?? null
}

/**
 * Records a successful read. A read of an older day does not show whether today's list is late.
 * @param read.stillOn undefined: as the read before, since nothing was modified
 */
export async function recordRead(
  db: Db,
  source: string,
  { at, day, changed, stillOn }: { at: Date; day: string; changed: boolean; stillOn: string | null | undefined },
): Promise<void> {
  const today = day === dayOf(at)
  const read = {
    readAt: at,
    failingSince: null,
    failure: null,
    ...(changed ? { changedAt: at } : {}),
    ...(today && stillOn !== undefined ? { stillOn } : {}),
  }
  await db
    .insert(sourceHealth)
    .values({ source, ...read })
    .onConflictDoUpdate({ target: sourceHealth.source, set: read })
}

/** Records a failed read. An outage starts with the first failure. */
export async function recordFailure(db: Db, source: string, at: Date, failure: string): Promise<void> {
  await db
    .insert(sourceHealth)
    .values({ source, failingSince: at, failure })
    .onConflictDoUpdate({
      target: sourceHealth.source,
      set: { failure, failingSince: sql`coalesce(${sourceHealth.failingSince}, ${at})` },
    })
}

import { eq, sql } from 'drizzle-orm'
import { subscribers } from '../db/schema.ts'
import { PaperboyError } from '../errors.ts'
import { isLocale, type Locale } from '../messages/catalogue.ts'
import type { Services } from '../services.ts'
import { verifyToken } from './tokens.ts'

export const CADENCES = ['daily', 'weekdays', 'weekly'] as const
export const SIZES = [5, 10, 20] as const
export const FORMATS = ['html', 'text'] as const
/** Of topics and of keywords: enough for anybody, few enough to be matched in no time. */
export const MOST_WISHED = 20
export const LONGEST_KEYWORD = 60
const MAX_PAUSE_WEEKS = 52

export interface Preferences {
  cadence: (typeof CADENCES)[number]
  /** 0–23 on the reader's own clock */
  hour: number
  /** IANA name */
  zone: string
  /** of a weekly digest, 1 is Monday (ISO 8601) */
  weekday: number
  /** papers in a digest */
  size: number
  /** slugs; papers of these come into every digest */
  topics: string[]
  /** as the reader typed them */
  keywords: string[]
  /** papers like those they voted for as well */
  likeVoted: boolean
  locale: Locale
  format: (typeof FORMATS)[number]
  pausedUntil: Date | null
  status: string
}

export type Wishes = Partial<Omit<Preferences, 'pausedUntil' | 'status'>> & {
  /** 0 ends a pause */
  pauseWeeks?: number
}

type Deps = Pick<Services, 'db' | 'keys' | 'now'>

/** @throws PaperboyError TOKEN_UNKNOWN, also for a subscriber who is gone */
export async function readPreferences({ db, keys }: Pick<Deps, 'db' | 'keys'>, token: string): Promise<Preferences> {
  const { subscriberId } = verifyToken(keys, 'preferences', token)
  const [found] = await db.select(shown).from(subscribers).where(eq(subscribers.id, subscriberId))
  if (!found || found.status === 'erased') throw gone()
  return asShown(found)
}

/**
 * Saves what was given and leaves the rest. The next digest moves with hour, zone, cadence and pause at once.
 * @throws PaperboyError TOKEN_UNKNOWN | BAD_PREFERENCE, with nothing saved
 */
export async function savePreferences({ db, keys, now }: Deps, token: string, wishes: Wishes): Promise<Preferences> {
  const { subscriberId } = verifyToken(keys, 'preferences', token)
  check(wishes)
  return db.transaction(async (tx) => {
    const [before] = await tx.select(shown).from(subscribers).where(eq(subscribers.id, subscriberId)).for('update')
    if (!before || before.status === 'erased') throw gone()
    const { pauseWeeks, ...given } = wishes
    const { status: _, ...kept } = { ...before, ...given }
    if (pauseWeeks !== undefined) {
      kept.pausedUntil = pauseWeeks === 0 ? null : new Date(now().getTime() + pauseWeeks * 7 * 86_400_000)
    }
    if (given.zone !== undefined) await checkZone(tx, given.zone)
    const paused = kept.pausedUntil !== null && kept.pausedUntil > now()
    const after = paused ? kept.pausedUntil : now()
    const [saved] = await tx
      .update(subscribers)
      .set({
        ...kept,
        // A digest that is due but not yet planned stays due, or saving at the wrong minute would cost the reader a day.
        nextDigestAt: sql`CASE WHEN ${subscribers.nextDigestAt} <= ${now()} AND NOT ${paused} THEN ${subscribers.nextDigestAt}
          ELSE next_digest_at(${kept.zone}, ${kept.hour}, ${kept.cadence}, ${kept.weekday}::int, ${after}) END`,
        updatedAt: now(),
      })
      .where(eq(subscribers.id, subscriberId))
      .returning(shown)
    return asShown(saved!)
  })
}

const shown = {
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
  status: subscribers.status,
}

/** A language whose catalogue was taken away since counts as English. */
const asShown = <Row extends { locale: string }>(row: Row): Omit<Row, 'locale'> & { locale: Locale } => ({
  ...row,
  locale: isLocale(row.locale) ? row.locale : 'en',
})

function check({ cadence, hour, size, pauseWeeks, weekday, topics, keywords, locale, format }: Wishes): void {
  const whole = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most
  if (cadence !== undefined && !CADENCES.includes(cadence)) throw bad('Choose daily, weekdays or weekly.')
  if (hour !== undefined && !whole(hour, 0, 23)) throw bad('The hour is a whole number from 0 to 23.')
  if (size !== undefined && !SIZES.some((allowed) => allowed === size)) throw bad(`Choose ${SIZES.join(', ')} papers.`)
  if (weekday !== undefined && !whole(weekday, 1, 7)) throw bad('The weekday is a number from 1, Monday, to 7, Sunday.')
  if (format !== undefined && !FORMATS.includes(format)) throw bad('The format is html or text.')
  if (locale !== undefined && !isLocale(locale)) throw bad('Paperboy does not speak this language yet.')
  if (topics !== undefined && topics.length > MOST_WISHED) throw bad(`Choose up to ${MOST_WISHED} topics.`)
  if (keywords !== undefined && keywords.length > MOST_WISHED) throw bad(`Choose up to ${MOST_WISHED} keywords.`)
  if (keywords?.some((word) => word.trim() === '' || word.length > LONGEST_KEYWORD || /\p{Cc}/u.test(word))) {
    throw bad(`A keyword has up to ${LONGEST_KEYWORD} characters.`)
  }
  if (pauseWeeks !== undefined && !whole(pauseWeeks, 0, MAX_PAUSE_WEEKS)) {
    throw bad(`A pause lasts up to ${MAX_PAUSE_WEEKS} weeks.`)
  }
}

async function checkZone(db: Pick<Deps['db'], 'execute'>, zone: string): Promise<void> {
  // PostgreSQL refuses a NUL before any function of its could judge the name.
  const { rows } = await db.execute<{ known: boolean }>(sql`SELECT is_zone(${zone.replaceAll('\0', '?')}) AS known`)
  if (!rows[0]?.known) throw bad('This time zone is not known. Choose one such as Europe/Berlin.')
}

const bad = (message: string): PaperboyError => new PaperboyError('BAD_PREFERENCE', message)
const gone = (): PaperboyError =>
  new PaperboyError('TOKEN_UNKNOWN', 'There is no subscription behind this link any more.')

import { isDay } from '../calendar/days.ts'
import { canonicalZone } from '../calendar/zone-names.ts'
import { SHARES } from '../edition/select/share.ts'
import { PaperboyError } from '../lib/errors.ts'
import { isLocale, type Locale } from '../messages/catalogue.ts'
import { doiIn } from '../papers/doi.ts'
import { arxivId } from '../papers/paper-id.ts'

export const CADENCES = ['daily', 'weekdays', 'weekly'] as const
export const SIZES = [5, 10, 20] as const
export const FORMATS = ['html', 'text'] as const
export const SHARE_NAMES = Object.keys(SHARES) as (keyof typeof SHARES)[]
/** Limit for each kind of wish, so that matching stays fast. */
export const MAX_SELECTIONS = 20
export const MAX_KEYWORD_LENGTH = 60
/** The longest real name of an author has 100 characters, that of a collaboration. */
export const MAX_NAME_LENGTH = 120
/** A DOI may be long. */
export const MAX_PAPER_ID_LENGTH = 200
export const MAX_PAUSE_WEEKS = 52

/** A reader's preferences. */
export interface Choices {
  cadence: (typeof CADENCES)[number]
  /** 0–23 in the reader's time zone */
  hour: number
  /** IANA name */
  zone: string
  /** of a weekly digest, 1 is Monday (ISO 8601) */
  weekday: number
  /** papers in a digest */
  size: number
  /** how much of a digest is for the wishes below */
  share: keyof typeof SHARES
  /** slugs; papers with these topics are in every digest */
  topics: string[]
  /** as the reader typed them */
  keywords: string[]
  /** names, as papers write them */
  authors: string[]
  organisations: string[]
  /** arXiv ids (source ids) of papers the reader wants more like */
  likePapers: string[]
  /** learn from votes, saved papers and papers of no interest */
  likeVoted: boolean
  /** titles in a digest link to the paper's source instead of its page here */
  sourceLinks: boolean
  /** the abstract's first sentences instead of AI summaries */
  abstracts: boolean
  locale: Locale
  format: (typeof FORMATS)[number]
}

export type PreferenceChanges = Partial<Choices> & {
  /** 0 ends a pause */
  pauseWeeks?: number
  /** first day of digests after the pause, YYYY-MM-DD in the reader's calendar; null ends a pause */
  pausedUntil?: string | null
}

/** Returns a keyword or a name as it is stored: with single spaces, and in one Unicode form. */
export const tidy = (text: string): string =>
  text
    .normalize('NFC')
    .trim()
    .replace(/[ \t]+/g, ' ')

const distinct = (values: readonly string[] | undefined, asStored = (value: string) => value) =>
  values && [...new Set(values.map(asStored))]

/** Returns choices as they are stored, however a form or a program spells them: the zone by its name, each value of a list once. */
export function tidied<C extends PreferenceChanges>(changes: C): C {
  const { zone, topics, keywords, authors, organisations, likePapers } = changes
  const stored = {
    zone: zone && canonicalZone(zone),
    topics: distinct(topics),
    keywords: distinct(keywords, tidy),
    authors: distinct(authors, tidy),
    organisations: distinct(organisations, tidy),
    likePapers: distinct(likePapers, (text) => arxivId(text) ?? doiIn(text) ?? text),
  }
  return { ...changes, ...Object.fromEntries(Object.entries(stored).filter(([, value]) => value !== undefined)) }
}

type Field = keyof PreferenceChanges
type Check<F extends Field> = (value: NonNullable<PreferenceChanges[F]>) => boolean

const whole = (value: number, least: number, most: number) => Number.isInteger(value) && value >= least && value <= most
const oneOf = <T>(allowed: readonly T[], value: unknown) => allowed.includes(value as T)

const texts = (values: readonly string[], longest: number) =>
  values.length <= MAX_SELECTIONS &&
  values.every((text) => text.trim() !== '' && text.length <= longest && !/\p{Cc}/u.test(text))

/** An arXiv id, a DOI, or the hash of a title. */
const LIKABLE = /^(?:[\w.-]+(?:\/\d{7})?|10\.\d{4,9}\/[^\s,;<>"\p{Cc}]+)$/u

/** Only the database knows which zones exist; the other checks are here. */
const CHECKS: { [F in Field]-?: Check<F> } = {
  cadence: (value) => oneOf(CADENCES, value),
  hour: (value) => whole(value, 0, 23),
  zone: (value) => /^[A-Za-z0-9/_+-]{1,64}$/.test(value),
  weekday: (value) => whole(value, 1, 7),
  size: (value) => oneOf(SIZES, value),
  topics: (values) => values.length <= MAX_SELECTIONS && values.every((slug) => /^[a-z0-9-]{1,60}$/.test(slug)),
  share: (value) => oneOf(SHARE_NAMES, value),
  keywords: (values) => texts(values, MAX_KEYWORD_LENGTH),
  authors: (values) => texts(values, MAX_NAME_LENGTH),
  organisations: (values) => texts(values, MAX_NAME_LENGTH),
  likePapers: (values) =>
    values.length <= MAX_SELECTIONS && values.every((id) => LIKABLE.test(id) && id.length <= MAX_PAPER_ID_LENGTH),
  likeVoted: (value) => typeof value === 'boolean',
  sourceLinks: (value) => typeof value === 'boolean',
  abstracts: (value) => typeof value === 'boolean',
  locale: isLocale,
  format: (value) => oneOf(FORMATS, value),
  pauseWeeks: (value) => whole(value, 0, MAX_PAUSE_WEEKS),
  pausedUntil: isDay,
}

/** For API callers and logs; pages have their own text in each language. */
const MESSAGES: Record<Field, string> = {
  cadence: 'Choose daily, weekdays or weekly.',
  hour: 'The hour is a whole number from 0 to 23.',
  zone: 'Unknown time zone. Use a name such as Europe/Berlin.',
  weekday: 'The weekday is a whole number from 1 (Monday) to 7 (Sunday).',
  size: `Choose ${SIZES.join(', ')} papers.`,
  topics: `Choose up to ${MAX_SELECTIONS} topics, by their slugs.`,
  keywords: `Up to ${MAX_SELECTIONS} keywords, each of up to ${MAX_KEYWORD_LENGTH} characters.`,
  share: 'Choose some, mostly or only.',
  authors: `Up to ${MAX_SELECTIONS} names, each of up to ${MAX_NAME_LENGTH} characters.`,
  organisations: `Up to ${MAX_SELECTIONS} names, each of up to ${MAX_NAME_LENGTH} characters.`,
  likePapers: `Up to ${MAX_SELECTIONS} papers, by their arXiv ids or DOIs.`,
  likeVoted: 'Must be true or false.',
  sourceLinks: 'Must be true or false.',
  abstracts: 'Must be true or false.',
  locale: 'This language is not supported.',
  format: 'The format is html or text.',
  pauseWeeks: `A pause lasts up to ${MAX_PAUSE_WEEKS} weeks.`,
  pausedUntil: `A pause ends on a future day, at most ${MAX_PAUSE_WEEKS} weeks from now.`,
}

/** An invalid preference; `field` names it. */
export class BadPreference extends PaperboyError {
  readonly field: Field
  /** papers that are not here */
  readonly unknown: readonly string[]
  constructor(field: Field, unknown: readonly string[] = []) {
    super('BAD_PREFERENCE', unknown.length > 0 ? `There is no paper ${unknown.join(', ')} here.` : MESSAGES[field])
    this.field = field
    this.unknown = unknown
  }
}

/** Returns the fields with an invalid value. */
export const invalidFields = (changes: PreferenceChanges): Field[] =>
  (Object.keys(CHECKS) as Field[]).filter(
    (field) => changes[field] !== undefined && changes[field] !== null && !CHECKS[field](changes[field] as never),
  )

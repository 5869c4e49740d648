import { daysLater } from '../../calendar/days.ts'
import { momentInZone, zoneForIntl } from '../../calendar/in-zone.ts'
import { promisedDigestAt } from '../../calendar/promised-digest.ts'
import { fullDay, weekdayNamed } from '../../calendar/words.ts'
import { isLocale, type Locale, type Messages, messagesIn } from '../../messages/catalogue.ts'
import type { TopicCount } from '../../papers/topics/topic-counts.ts'
import { topicName } from '../../papers/topics/topic-name.ts'
import type { TasteInWords } from '../../papers/votes/learn-taste.ts'
import {
  CADENCES,
  type Choices,
  FORMATS,
  invalidFields,
  type PreferenceChanges,
  SHARE_NAMES,
  SIZES,
  tidied,
  tidy,
} from '../../subscription/preference-rules.ts'
import { choicesOf, type Preferences } from '../../subscription/preferences.ts'
import { zoneGroups } from '../kit/zones.ts'
import { showChoices } from './shown-choices.ts'

type Body = Record<string, unknown>
type Problems = Partial<Record<keyof PreferenceChanges, string>>

const inOneLine = (keywords: readonly string[]): string => keywords.join(', ')
const number = (text: string): number => (/^-?\d{1,4}$/.test(text) ? Number(text) : Number.NaN)
const text = (value: string) => value as never

/**
 * Splits a field at line breaks and separators, into distinct values. Keyboards for Chinese, Japanese and Arabic have separators of
 * their own. A line that is one of the `own` values stays whole: names that a button or a program added may contain a separator.
 */
const split = (values: readonly string[], separators: RegExp, own: readonly string[] = []): string[] => {
  const lines = values.flatMap((value) => value.split('\n').map((line) => line.trim()))
  const parts = lines.flatMap((line) => (own.includes(line) ? line : line.split(separators).map(tidy)))
  return [...new Set(parts)].filter(Boolean)
}

type Names = Pick<Choices, 'keywords' | 'authors' | 'organisations'>
type Reader<F extends keyof PreferenceChanges> = (value: string, all: string[], own: Names) => PreferenceChanges[F]

/** Parses each form field. Absent fields keep their value; so do empty ones, unless empty has a meaning. */
const READ: { [F in keyof PreferenceChanges]-?: Reader<F> } = {
  cadence: text,
  hour: number,
  zone: text,
  weekday: number,
  size: number,
  share: text,
  topics: (_, all) => split(all, /\n/),
  // They stand on one line, so a keyword with a comma stays whole only if the line is as it was shown.
  keywords: (value, all, { keywords }) => (value.trim() === inOneLine(keywords) ? keywords : split(all, /[,，、،]/)),
  authors: (_, all, { authors }) => split(all, /[,，、،;；؛]/, authors),
  // The names of companies have commas: "Google, Inc."
  organisations: (_, all, { organisations }) => split(all, /[;；؛]/, organisations),
  likePapers: (_, all) => split(all, /[\s,，、،;；؛]+/),
  likeVoted: (value) => value === 'yes',
  sourceLinks: (value) => value === 'yes',
  abstracts: (value) => value === 'yes',
  locale: text,
  format: text,
  pauseWeeks: number,
  pausedUntil: (value) => (value === '' ? null : value),
}
const EMPTY_MEANS_SOMETHING = new Set([
  'authors',
  'keywords',
  'likePapers',
  'likeVoted',
  'organisations',
  'pausedUntil',
  'topics',
  'sourceLinks',
  'abstracts',
])

/**
 * Parses the posted fields. Returns the wishes, and the problems by field in the reader's language.
 * @param own the names that the form showed
 */
export function readWishes(body: Body, t: Messages, own: Names): { wishes: PreferenceChanges; problems: Problems } {
  const posted: Record<string, unknown> = {}
  for (const [field, read] of Object.entries(READ)) {
    const values = [body[field]].flat().filter((value) => typeof value === 'string')
    const value = values.at(-1)
    if (value === undefined || (value === '' && !EMPTY_MEANS_SOMETHING.has(field))) continue
    posted[field] = read(value, values, own)
  }
  const wishes: PreferenceChanges = tidied(posted)
  const bad = invalidFields(wishes)
  return {
    wishes,
    problems: Object.fromEntries(bad.map((field) => [field, t.preferences.problems[field]])),
  }
}

interface Offered {
  topics: readonly TopicCount[]
  /** titles of the papers that the reader wants more like, by source id */
  likePapers: ReadonlyMap<string, string>
  taste: TasteInWords | undefined
  languages: readonly Locale[]
}

/** Choices of a reader, and those typed but not saved because one has a problem: the form keeps them. */
export type FormState = Preferences & { typed?: PreferenceChanges }

/** The form with the reader's choices, for templates/pages/preferences.eta. */
export function preferencesPage(
  { typed = {}, ...saved }: FormState,
  { topics, likePapers, taste, languages }: Offered,
  t: Messages,
  now: Date,
  closeHourUtc: number,
) {
  const pauseDay = saved.pausedUntil && saved.pausedUntil > now ? saved.pausedUntilDay : null
  const { pauseWeeks: _, pausedUntil = pauseDay, ...wishes } = typed
  const current = { ...saved, ...wishes, locale: isLocale(typed.locale) ? typed.locale : saved.locale }
  const option = (value: string | number, label: string, chosen: unknown) => ({
    value,
    label,
    chosen: value === chosen,
  })
  const words = t.preferences
  const chosenFirst = (a: string, b: string) => Number(current.topics.includes(b)) - Number(current.topics.includes(a))
  const known = new Set(topics.map(({ slug }) => slug))
  const offered = [
    ...current.topics.filter((slug) => !known.has(slug)).map((slug) => ({ slug, name: topicName(slug, t) })),
    ...topics.map(({ slug, name }) => ({ slug, name: topicName(slug, t, name) })),
  ].sort((a, b) => chosenFirst(a.slug, b.slug) || a.name.localeCompare(b.name, t.intl))
  return {
    active: current.status === 'active',
    shown: showChoices({ ...choicesOf(saved), pausedUntil: pauseDay }),
    chosen: chosenInWords(current, t),
    paused: pauseDay && fullDay(pauseDay, t.intl),
    pausedUntil: pausedUntil ?? '',
    nextDigest:
      saved.nextDigestAt &&
      momentInZone(t, promisedDigestAt({ ...saved, nextDigestAt: saved.nextDigestAt }, closeHourUtc), saved.zone),
    undo: saved.previousVersion,
    cadences: CADENCES.map((cadence) => option(cadence, words.cadences[cadence], current.cadence)),
    weekdays: [1, 2, 3, 4, 5, 6, 7].map((day) => option(day, weekdayName(day, t), current.weekday)),
    hours: Array.from({ length: 24 }, (_, hour) => option(hour, clockHour(hour), current.hour)),
    sizes: SIZES.map((size) => option(size, words.papers(size), current.size)),
    topics: offered.map(({ slug, name }) => ({ value: slug, label: name, chosen: current.topics.includes(slug) })),
    keywords: inOneLine(current.keywords),
    shares: SHARE_NAMES.map((share) => option(share, words.shares[share], current.share)),
    authors: current.authors.join('\n'),
    organisations: current.organisations.join('\n'),
    likePapers: current.likePapers.map((id) => ({ value: id, label: likePapers.get(id) ?? id, chosen: true })),
    likeVoted: current.likeVoted,
    learned: taste && words.learned(taste),
    sourceLinks: current.sourceLinks,
    abstracts: current.abstracts,
    // A reader keeps a language that is no longer offered.
    locales: [...new Set([...languages, saved.locale, current.locale])].map((locale) => ({
      ...option(locale, messagesIn(locale).name, current.locale),
      lang: locale,
    })),
    formats: FORMATS.map((format) => option(format, words.formats[format], current.format)),
    zone: current.zone,
    zones: zoneGroups(current.zone),
  }
}

/** Hours that the welcome page offers. Preferences have all of them. */
const USUAL_HOURS = [6, 7, 8, 9, 12, 18]

/** The three choices of the welcome page, for templates/pages/welcome.eta. */
export function welcomeForm(current: Preferences, topics: readonly TopicCount[], t: Messages, now: Date) {
  const offered = topics.map(({ slug, name, papers }) => ({ value: slug, label: topicName(slug, t, name), papers }))
  const others = current.topics
    .filter((slug) => !offered.some(({ value }) => value === slug))
    .map((slug) => ({ value: slug, label: topicName(slug, t), papers: 0 }))
  const hours = [...new Set([...USUAL_HOURS, current.hour])].toSorted((a, b) => a - b)
  const zone = zoneForIntl(current.zone)
  const clock = new Intl.DateTimeFormat(t.intl, { hour: '2-digit', minute: '2-digit', timeZone: zone })
  return {
    topics: [...others, ...offered].map((each) => ({ ...each, chosen: current.topics.includes(each.value) })),
    sizes: SIZES.map((size) => ({ value: size, label: t.preferences.papers(size), chosen: size === current.size })),
    hours: hours.map((hour) => ({ value: hour, label: clockHour(hour), chosen: hour === current.hour })),
    zone: zone.split('/').at(-1)!.replaceAll('_', ' '),
    now: clock.format(now),
    shown: showChoices({ topics: current.topics, size: current.size, hour: current.hour }),
    chosen: chosenInWords(current, t),
  }
}

const clockHour = (hour: number): string => `${String(hour).padStart(2, '0')}:00`

/** "2 topics · Every day · 08:00 · 10 papers": in the order of the form, as chosen.js says it. */
const chosenInWords = ({ topics, cadence, weekday, hour, size }: Preferences, t: Messages): string =>
  [
    t.preferences.topicCount(topics.length),
    t.preferences.cadences[cadence],
    ...(cadence === 'weekly' ? [weekdayName(weekday, t)] : []),
    clockHour(hour),
    t.preferences.papers(size),
  ].join(' · ')

const A_MONDAY = '2024-01-01'

/** @param weekday from 1, Monday, to 7 */
const weekdayName = (weekday: number, t: Messages): string => weekdayNamed(daysLater(A_MONDAY, weekday - 1), t.intl)

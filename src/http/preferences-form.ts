import { z } from 'zod'
import { dayOf } from '../papers/days.ts'
import { CADENCES, type Preferences, SIZES, type Wishes } from '../subscription/preferences.ts'
import { fullDay } from './words.ts'
import { zoneGroups } from './zones.ts'

const wholeNumber = z
  .string()
  .regex(/^\d{1,3}$/)
  .transform(Number)

/** A field that is not in the form, or left as it is, is not changed. */
const FIELDS = {
  cadence: z.enum(CADENCES),
  hour: wholeNumber.refine((hour) => hour <= 23),
  zone: z.string().regex(/^[A-Za-z0-9/_+-]{1,64}$/),
  size: wholeNumber.refine((size) => SIZES.some((allowed) => allowed === size)),
  pauseWeeks: wholeNumber.refine((weeks) => weeks <= 52),
}
type Field = keyof typeof FIELDS

const MESSAGES: Record<Field, string> = {
  cadence: 'Choose daily, weekdays or weekly.',
  hour: 'Choose a full hour from 00:00 to 23:00.',
  zone: 'This time zone is not known. Choose one from the list.',
  size: `Choose ${SIZES.join(', ')} papers.`,
  pauseWeeks: 'A pause lasts up to 52 weeks.',
}

/** What the posted fields ask for, and what is wrong with which. */
export function readWishes(body: Record<string, unknown>): {
  wishes: Wishes
  problems: Partial<Record<Field, string>>
} {
  const wishes: Record<string, unknown> = {}
  const problems: Partial<Record<Field, string>> = {}
  for (const name of Object.keys(FIELDS) as Field[]) {
    if (body[name] === undefined || body[name] === '') continue
    const read = FIELDS[name].safeParse(body[name])
    if (read.success) wishes[name] = read.data
    else problems[name] = MESSAGES[name]
  }
  return { wishes, problems }
}

const CADENCE_WORDS: Record<(typeof CADENCES)[number], string> = {
  daily: 'Every day',
  weekdays: 'Monday to Friday',
  weekly: 'Once a week, on Monday',
}

/** The form with the reader's present choices, as templates/pages/preferences.eta shows it. */
export function preferencesPage(current: Preferences, now: Date) {
  const pausedUntil = current.pausedUntil && current.pausedUntil > now ? fullDay(dayOf(current.pausedUntil)) : undefined
  const option = (value: string | number, label: string, chosen: unknown) => ({
    value,
    label,
    chosen: value === chosen,
  })
  return {
    active: current.status === 'active',
    pausedUntil,
    cadences: CADENCES.map((cadence) => option(cadence, CADENCE_WORDS[cadence], current.cadence)),
    hours: Array.from({ length: 24 }, (_, hour) => option(hour, `${String(hour).padStart(2, '0')}:00`, current.hour)),
    sizes: SIZES.map((size) => option(size, `${size} papers`, current.size)),
    zone: current.zone,
    zones: zoneGroups(current.zone),
    pauses: [
      option('', pausedUntil ? `Stay paused until ${pausedUntil}` : 'No pause', ''),
      ...(pausedUntil ? [option('0', 'End the pause now', undefined)] : []),
      ...[1, 2, 4, 8].map((weeks) =>
        option(String(weeks), weeks === 1 ? '1 week from now' : `${weeks} weeks from now`, undefined),
      ),
    ],
  }
}

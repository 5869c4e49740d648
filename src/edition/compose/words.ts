import { en, type Messages } from '../../messages/en.ts'

/** Dates and names as an edition's mail and pages say them. List days are UTC days. */

const words = (t: Messages, date: string, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(t.intl, { ...options, timeZone: 'UTC' }).format(new Date(`${date}T00:00:00Z`))

interface Dated {
  kind: 'daily' | 'weekly'
  date: string
}

/** "Friday, 14 March 2025", or "Week of 10 March 2025". */
export function longDate({ kind, date }: Dated, t: Messages = en): string {
  const day = words(t, date, { day: 'numeric', month: 'long', year: 'numeric' })
  return kind === 'weekly' ? t.digest.weekOf(day) : `${words(t, date, { weekday: 'long' })}, ${day}`
}

/** "14 March", or "week of 10 March". */
export function shortDate({ kind, date }: Dated, t: Messages = en): string {
  const day = words(t, date, { day: 'numeric', month: 'long' })
  return kind === 'weekly' ? t.digest.shortWeekOf(day) : day
}

/** "02:00" */
export const closingHour = (at: Date): string => at.toISOString().slice(11, 16)

/** How many characters a reader counts: an emoji with its joiners is one. */
export const visibleLength = (text: string): number => [...graphemes.segment(text)].length
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** A title's name for itself: what stands before the colon, else its first words, at most `most` visible characters. */
export function headTitle(title: string, most: number): string {
  const head = title.split(/[:：]| [–—-] /)[0]!.trim()
  const text = visibleLength(head) >= 3 ? head : title
  const characters = [...graphemes.segment(text.slice(0, most * 16))].map(({ segment }) => segment)
  if (characters.length <= most && text.length <= most * 16) return text
  const room = characters.slice(0, most - 1)
  const space = room.lastIndexOf(' ')
  const cut = space >= most / 2 ? room.slice(0, space) : room
  return `${cut.join('').replace(/[\s,;(–—-]+$/, '')}…`
}

/** What of a subject stands before the date; phones show about this much. */
const MOST_VISIBLE = 60

/**
 * "TinySAM, sparse fine-tuning and 8 more": as many of the first two names as leave it at 60 visible characters.
 * @param names of the papers in the digest's order, as `headTitle` gives them
 */
export function whatIsInside(names: readonly string[], count: number, t: Messages = en): string {
  const saying = (shown: readonly string[]) =>
    [shown.join(', '), ...(count > shown.length ? [t.digest.andMore(count - shown.length)] : [])].join(' ')
  const two = saying(names.slice(0, 2))
  return visibleLength(two) <= MOST_VISIBLE ? two : saying(names.slice(0, 1))
}

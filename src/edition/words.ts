/** Dates and names as an edition's mail and pages say them. List days are UTC days. */

const words = (date: string, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(new Date(`${date}T00:00:00Z`))

interface Dated {
  kind: 'daily' | 'weekly'
  date: string
}

/** "Friday, 14 March 2025", or "Week of 10 March 2025". */
export const longDate = ({ kind, date }: Dated): string =>
  kind === 'weekly'
    ? `Week of ${words(date, { day: 'numeric', month: 'long', year: 'numeric' })}`
    : `${words(date, { weekday: 'long' })}, ${words(date, { day: 'numeric', month: 'long', year: 'numeric' })}`

/** "14 March", or "week of 10 March". */
export const shortDate = ({ kind, date }: Dated): string =>
  `${kind === 'weekly' ? 'week of ' : ''}${words(date, { day: 'numeric', month: 'long' })}`

/** "on Friday", or "in the week of 10 March". */
export const sinceWhen = (edition: Dated): string =>
  edition.kind === 'weekly' ? `in the ${shortDate(edition)}` : `on ${words(edition.date, { weekday: 'long' })}`

/** "02:00" */
export const closingHour = (at: Date): string => at.toISOString().slice(11, 16)

/** A title's name for itself: what stands before the colon, else its first words, at most `most` characters. */
export function headTitle(title: string, most: number): string {
  const head = title.split(/[:：]| [–—-] /)[0]!.trim()
  const text = head.length >= 3 ? head : title
  if (text.length <= most) return text
  const room = text.slice(0, most - 1)
  const cut = room.slice(0, Math.max(room.lastIndexOf(' '), Math.floor(most / 2)))
  return `${cut.replace(/[\ud800-\udbff]$/, '').trimEnd()}…`
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** No zone's offset is finer. */
const QUARTER_MS = HOUR_MS / 4

export interface ReleasedEdition {
  kind: 'daily' | 'weekly'
  date: string
  closesAt: Date
  releasedAt: Date
}

export interface Expected {
  edition: ReleasedEdition
  /** the reader's hour */
  due: Date
}

interface Schedule {
  zone: string
  hour: number
  cadence: 'daily' | 'weekly'
  weekday: number
}

/**
 * Returns the digests a reader must get between two moments: at each of their hours, the newest list of their kind that has closed,
 * unless they have it. Written from the promise to readers, not from the planner: local time is Intl's, not the database's.
 */
export function expectedDigests(
  { zone, hour, cadence, weekday }: Schedule,
  editions: readonly ReleasedEdition[],
  from: Date,
  to: Date,
): Expected[] {
  const own = editions.filter(({ kind }) => kind === (cadence === 'weekly' ? 'weekly' : 'daily'))
  const had = new Set<string>()
  const expected: Expected[] = []
  for (const due of hoursBetween(from, to, zone, hour)) {
    if (cadence === 'weekly' && isoWeekday(due, zone) !== weekday) continue
    const edition = own.filter(({ closesAt }) => closesAt <= due).at(-1)
    if (!edition || had.has(edition.date)) continue
    had.add(edition.date)
    expected.push({ edition, due })
  }
  return expected
}

/** Returns the moments in (from, to) when a clock in this zone shows this hour. */
function hoursBetween(from: Date, to: Date, zone: string, hour: number): Date[] {
  const clock = clockOf(zone)
  const wanted = `${String(hour).padStart(2, '0')}:00`
  const found: Date[] = []
  let at = new Date(Math.floor(from.getTime() / QUARTER_MS) * QUARTER_MS + QUARTER_MS)
  while (at < to) {
    const isHour = clock.format(at).endsWith(wanted)
    if (isHour) found.push(at)
    // Days have 23 hours at least.
    at = new Date(at.getTime() + (isHour ? DAY_MS - HOUR_MS : QUARTER_MS))
  }
  return found
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const isoWeekday = (at: Date, zone: string): number =>
  1 + WEEKDAYS.findIndex((name) => clockOf(zone).format(at).startsWith(name))

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Returns what writes weekday and time in a zone: "Mon 08:00". Making one takes longer than using it a hundred times. */
function clockOf(zone: string): Intl.DateTimeFormat {
  const time = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  const clock = clocks.get(zone) ?? new Intl.DateTimeFormat('en-US', { ...time, timeZone: zone })
  clocks.set(zone, clock)
  return clock
}

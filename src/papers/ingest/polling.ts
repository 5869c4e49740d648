import { dayOf, daysLater, startOfDay } from '../../calendar/days.ts'

const HOUR_MS = 3_600_000

/** How long after its beginning a list day is read how often: most votes fall on the first two days, late risers move for weeks. */
const PLAN: { untilHours: number; everyMs: number }[] = [
  { untilHours: 48, everyMs: HOUR_MS / 2 },
  { untilHours: 96, everyMs: 6 * HOUR_MS },
  { untilHours: Number.POSITIVE_INFINITY, everyMs: 24 * HOUR_MS },
]
/** Ticks are not exact: a reading this little before its time is made, instead of a tick later. */
const GRACE_MS = 60_000

/**
 * The list days to be read now, newest first: dense while a day is young, sparse after, until `followDays` after it.
 *
 * @param lastRead when each day was last read; a day that never was is due
 */
export function daysDue(now: Date, followDays: number, lastRead: ReadonlyMap<string, Date>): string[] {
  const today = dayOf(now)
  return Array.from({ length: followDays + 1 }, (_, back) => daysLater(today, -back)).filter((day) => {
    const last = lastRead.get(day)
    if (!last) return true
    const ageHours = (now.getTime() - startOfDay(day).getTime()) / HOUR_MS
    const { everyMs } = PLAN.find(({ untilHours }) => ageHours < untilHours)!
    return now.getTime() - last.getTime() >= everyMs - GRACE_MS
  })
}

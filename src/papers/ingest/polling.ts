import { closeOfDay, dayOf, daysLater, startOfDay } from '../../calendar/days.ts'

const HOUR_MS = 3_600_000

/** Read intervals by the age of a list day. Most votes come in the first two days; late risers move for weeks. */
const INTERVALS: { untilHours: number; everyMs: number }[] = [
  { untilHours: 48, everyMs: HOUR_MS / 2 },
  { untilHours: 96, everyMs: 6 * HOUR_MS },
  { untilHours: Number.POSITIVE_INFINITY, everyMs: 24 * HOUR_MS },
]
/** Ticks are not exact. A read that is due within this time runs now, not a tick later. */
const GRACE_MS = 60_000

/**
 * Returns the list days to read now, newest first: often while a day is young, less often later, until `followDays` after it. Behind
 * them come those that were not read after their close, up to `lateDays` back, but none from before the source's first read.
 *
 * @param lastRead when each day was last read; a day without an entry is due
 */
export function daysDue(
  now: Date,
  { followDays, lateDays = 0 }: { followDays: number; lateDays?: number | undefined },
  lastRead: ReadonlyMap<string, Date>,
  closeHourUtc: number,
): string[] {
  const today = dayOf(now)
  const begun = [...lastRead.keys()].sort()[0] ?? today
  return Array.from({ length: Math.max(followDays, lateDays) + 1 }, (_, back) => daysLater(today, -back)).filter(
    (day, back) => {
      const last = lastRead.get(day)
      const closesAt = closeOfDay(day, closeHourUtc)
      if (back > followDays) return day >= begun && closesAt <= now && !(last && last >= closesAt)
      if (!last) return true
      const ageHours = (now.getTime() - startOfDay(day).getTime()) / HOUR_MS
      const { everyMs } = INTERVALS.find(({ untilHours }) => ageHours < untilHours)!
      return now.getTime() - last.getTime() >= everyMs - GRACE_MS
    },
  )
}

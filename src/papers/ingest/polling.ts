import { dayOf, daysLater, startOfDay } from '../../calendar/days.ts'

const HOUR_MS = 3_600_000

/** Read intervals by the age of a list day. Most votes come in the first two days; late risers move for weeks. */
const INTERVALS: { untilHours: number; everyMs: number }[] = [
  { untilHours: 48, everyMs: HOUR_MS / 2 },
  { untilHours: 96, everyMs: 6 * HOUR_MS },
  { untilHours: Number.POSITIVE_INFINITY, everyMs: 24 * HOUR_MS },
]
/** Ticks are not exact. A read that is due within this time runs now, not a tick later. */
const GRACE_MS = 60_000

/** A list may change until its day ends. Without a read in its last hours, no worker may have seen the rest. */
const LAST_HOURS_MS = 3 * HOUR_MS

/**
 * Returns the list days to read now, newest first: often while a day is young, less often later, until `followDays` after it. Behind
 * them come the days that no worker saw the end of, up to `missedDays` back. A new source has missed none.
 *
 * @param lastRead when each day was last read; a day without an entry is due
 */
export function daysDue(
  now: Date,
  { followDays, missedDays = 0 }: { followDays: number; missedDays?: number | undefined },
  lastRead: ReadonlyMap<string, Date>,
): string[] {
  const today = dayOf(now)
  const begun = [...lastRead.keys()].sort()[0] ?? today
  return Array.from({ length: Math.max(followDays, missedDays) + 1 }, (_, back) => daysLater(today, -back)).filter(
    (day, back) => {
      const last = lastRead.get(day)
      if (back > followDays)
        return day >= begun && !(last && last.getTime() >= startOfDay(daysLater(day, 1)).getTime() - LAST_HOURS_MS)
      if (!last) return true
      const ageHours = (now.getTime() - startOfDay(day).getTime()) / HOUR_MS
      const { everyMs } = INTERVALS.find(({ untilHours }) => ageHours < untilHours)!
      return now.getTime() - last.getTime() >= everyMs - GRACE_MS
    },
  )
}

import { dayOf } from '../../calendar/days.ts'
import { closingHour, shortDay } from '../../calendar/words.ts'

interface Times {
  now: Date
  closesAt: Date
  releaseAt: Date
  releasedAt: Date | null
  held: boolean
  state: string
  /** of the last planned email; null without readers */
  lastAt: Date | null
}

interface Step {
  /** "02:00", with the day if it is another one */
  time: string
  when: string
  what: string
  isNow?: boolean
}

/** The four moments of an edition: now, the close of its list, its release, its last emails. In the order of time. */
export function timelineOf({ now, closesAt, releaseAt, releasedAt, held, state, lastAt }: Times): Step[] {
  const step = (at: Date, what: string): Step & { at: Date } => ({
    at,
    time: closingHour(at),
    when:
      dayOf(at) === dayOf(now) || Math.abs(at.getTime() - now.getTime()) < 12 * HOUR_MS
        ? fromNow(at, now)
        : shortDay(dayOf(at)),
    what,
  })
  const release = releasedAt
    ? [step(releasedAt, 'Released')]
    : state !== 'draft'
      ? []
      : held
        ? []
        : [step(releaseAt > now ? releaseAt : now, 'Release, first emails')]
  // Its order is fixed from the release on, also of one that a person released before the close.
  const isOpen = closesAt > now && !releasedAt
  return [
    { ...step(now, isOpen ? 'Votes still count' : 'Votes no longer count'), when: 'now', isNow: true },
    ...(releasedAt && releasedAt < closesAt ? [] : [step(closesAt, closesAt > now ? 'List closes' : 'List closed')]),
    ...release,
    ...(lastAt && (release.length > 0 || releasedAt) ? [step(lastAt, 'Last emails')] : []),
  ]
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .map(({ at: _, ...each }) => each)
}

const HOUR_MS = 3_600_000

/** "in 2 h 14 min", "40 min ago" */
function fromNow(at: Date, now: Date): string {
  const minutes = Math.round((at.getTime() - now.getTime()) / 60_000)
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  const span =
    hours >= 48
      ? `${Math.round(hours / 24)} days`
      : [hours && `${hours} h`, (rest || !hours) && `${rest} min`].filter(Boolean).join(' ')
  if (minutes === 0) return 'now'
  return minutes > 0 ? `in ${span}` : `${span} ago`
}

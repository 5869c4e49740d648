import { en, type Messages } from '../../messages/en.ts'

interface Known {
  votes?: number | null | undefined
  comments?: number | null | undefined
  /** from listing to the count of the votes */
  ageHours?: number | null | undefined
  /** the curator's name */
  pickedBy?: string | null | undefined
  /** for rising papers: the votes that readers last saw, and when */
  earlierVotes?: number | null | undefined
  earlierAt?: Date | null | undefined
}

/** Fewer comments add nothing to the votes. */
const FEWEST_COMMENTS = 3

const HOURS_PER_WEEK = 168

/**
 * Returns the reason for a paper's position in words: "picked by AK", "61 votes in 17 h",
 * "214 votes in 5 days, 12 comments", "7 → 214 votes since Wednesday". Undefined without votes and other facts.
 */
export function reasonFor(known: Known, t: Messages = en): string | undefined {
  const { comments, pickedBy } = known
  const facts = [
    pickedBy ? t.reason.pickedBy(pickedBy) : undefined,
    votesOf(known, t),
    comments && comments >= FEWEST_COMMENTS ? t.reason.comments(comments) : undefined,
  ].filter((fact) => fact !== undefined)
  return facts.length > 0 ? facts.join(', ') : undefined
}

function votesOf({ votes, ageHours, earlierVotes, earlierAt }: Known, t: Messages): string | undefined {
  if (!votes) return undefined
  if (earlierAt)
    return t.reason.since(t.reason.votes(votes, earlierVotes ?? undefined), sinceWhen(earlierAt, ageHours, t))
  return [t.reason.votes(votes, earlierVotes ?? undefined), spanOf(ageHours, t)].filter(Boolean).join(' ')
}

function spanOf(ageHours: number | null | undefined, t: Messages): string {
  if (ageHours === null || ageHours === undefined || !(ageHours >= 0)) return ''
  return ageHours < 72 ? t.reason.hours(Math.max(1, Math.round(ageHours))) : t.reason.days(Math.round(ageHours / 24))
}

/** A weekday is clear only within the last week. */
function sinceWhen(at: Date, ageHours: number | null | undefined, t: Messages): string {
  const day =
    (ageHours ?? 0) < HOURS_PER_WEEK ? ({ weekday: 'long' } as const) : ({ day: 'numeric', month: 'long' } as const)
  return new Intl.DateTimeFormat(t.intl, { ...day, timeZone: 'UTC' }).format(at)
}

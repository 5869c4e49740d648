interface Known {
  votes?: number | null | undefined
  comments?: number | null | undefined
  /** from listing to the moment the votes were counted */
  ageHours?: number | null | undefined
  /** the curator's name */
  pickedBy?: string | null | undefined
  /** still rising: the votes at the last edition, and when that was */
  earlierVotes?: number | null | undefined
  earlierAt?: Date | null | undefined
}

/** Below this, comments say nothing that the votes do not. */
const COMMENTS_WORTH_SAYING = 3

const HOURS_OF_A_WEEK = 168

/**
 * Why a paper is where it is, in plain words and only from what is known: "picked by AK", "61 votes in 17 h",
 * "214 votes in 5 days, 12 comments", "7 → 214 votes since Wednesday". Undefined when nothing is known, or nobody has voted.
 */
export function reasonFor({ votes, comments, ageHours, pickedBy, ...earlier }: Known): string | undefined {
  const facts = [
    pickedBy ? `picked by ${pickedBy}` : undefined,
    votes
      ? `${moved(earlier)}${counted(votes, 'vote')}${earlier.earlierAt ? since(earlier.earlierAt, ageHours) : span(ageHours)}`
      : undefined,
    comments && comments >= COMMENTS_WORTH_SAYING ? counted(comments, 'comment') : undefined,
  ].filter((fact) => fact !== undefined)
  return facts.length > 0 ? facts.join(', ') : undefined
}

const counted = (n: number, noun: string): string => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`

function span(ageHours: number | null | undefined): string {
  if (ageHours === null || ageHours === undefined || !(ageHours >= 0)) return ''
  return ageHours < 72 ? ` in ${Math.max(1, Math.round(ageHours))} h` : ` in ${Math.round(ageHours / 24)} days`
}

const moved = ({ earlierVotes }: Known): string =>
  typeof earlierVotes === 'number' ? `${earlierVotes.toLocaleString('en')} → ` : ''

/** A weekday names a day of the last week only. */
function since(at: Date, ageHours: number | null | undefined): string {
  const day =
    (ageHours ?? 0) < HOURS_OF_A_WEEK ? ({ weekday: 'long' } as const) : ({ day: 'numeric', month: 'long' } as const)
  return ` since ${new Intl.DateTimeFormat('en-GB', { ...day, timeZone: 'UTC' }).format(at)}`
}

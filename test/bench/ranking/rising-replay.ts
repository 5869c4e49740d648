import { type RisingCandidate, selectRising } from '../../../src/papers/ranking/rising.ts'
import type { Lists } from './trajectories.ts'

export interface Replay {
  /** papers below the first ten at their list's close that end in their month's top tenth */
  late: number
  shown: number
  /** median days from the close to the edition that shows the paper */
  medianDays: number | undefined
  /** all papers shown, and how many of them gained less than a tenth more afterwards */
  allShown: number
  stalled: number
  /** papers shown that end outside their month's top tenth */
  others: number
}

const FOLLOWED_DAYS = 14

/**
 * Runs `selectRising` edition by edition. There are no observations between the close and the final count.
 * The votes in between are simulated: the gap closes by the same share every day.
 * @param days time constant: after this many days, 1/e of the gap is left
 */
export function replayRising(lists: Lists, days: number, most: number): Replay {
  const papers = [...lists.values()].flatMap((list) =>
    list
      .toSorted((a, b) => b.votes - a.votes)
      .map((paper, at, sorted) => ({
        ...paper,
        closingRank: at + 1,
        fifthVotes: sorted[4]!.votes,
        closed: Date.parse(paper.day) / 86_400_000 + 1,
      })),
  )
  const tops = new Map(
    [...Map.groupBy(papers, (paper) => paper.month)].map(([month, all]) => [
      month,
      all.map((paper) => paper.final).sort((a, b) => b - a)[Math.floor(all.length / 10)]!,
    ]),
  )
  const votesOn = (paper: (typeof papers)[number], day: number) =>
    Math.round(paper.votes + (paper.final - paper.votes) * (1 - Math.exp(-Math.max(day - paper.closed, 0) / days)))
  const shown = new Map<number, { day: number; votes: number; first: number }>()
  const editions = [...lists.keys()].map((day) => Date.parse(day) / 86_400_000 + 1).sort((a, b) => a - b)
  for (const [index, day] of editions.entries()) {
    const before = editions[index - 1] ?? day - 1
    const followed = papers.flatMap((paper, id): RisingCandidate[] =>
      paper.closed < day && paper.closed >= day - FOLLOWED_DAYS
        ? [
            {
              id,
              closingRank: paper.closingRank,
              fifthVotes: paper.fifthVotes,
              earlierVotes: shown.get(id)?.votes ?? paper.votes,
              earlierAt: new Date(0),
              votesBefore: votesOn(paper, before),
              votes: votesOn(paper, day),
            },
          ]
        : [],
    )
    for (const { id, votes } of selectRising(followed, most))
      shown.set(id, { day, votes, first: shown.get(id)?.first ?? day })
  }
  const isTop = (paper: (typeof papers)[number]) => paper.final >= tops.get(paper.month)!
  const late = papers.flatMap((paper, id) => (paper.closingRank > 10 && isTop(paper) ? [id] : []))
  const waits = late
    .flatMap((id) => (shown.has(id) ? [shown.get(id)!.first - papers[id]!.closed] : []))
    .sort((a, b) => a - b)
  const all = [...shown].map(([id, { votes }]) => ({ paper: papers[id]!, votes }))
  return {
    late: late.length,
    shown: waits.length,
    medianDays: waits[waits.length >> 1],
    allShown: all.length,
    stalled: all.filter(({ paper, votes }) => paper.final - votes < votes / 10).length,
    others: all.filter(({ paper }) => !isTop(paper)).length,
  }
}

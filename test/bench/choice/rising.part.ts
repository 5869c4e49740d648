import { dayOf } from '../../../src/calendar/days.ts'
import { risingForReader } from '../../../src/edition/select/rising-for-reader.ts'
import { memoize } from '../../../src/lib/memoize.ts'
import { type RisingCandidate, selectRising } from '../../../src/papers/ranking/rising.ts'
import { type Lists, readTrajectories } from '../ranking/trajectories.ts'
import type { ChoicePart, ChoiceRow } from './part.ts'

/**
 * Replays every edition for readers without wishes. The data has no count between the close and the end, so the votes in between are
 * simulated: the gap to the final votes closes by the same share every day. After `days` days, 1/e of the gap is left.
 */
export const part: ChoicePart = {
  title: 'Still rising, per reader: papers that end in their own day’s top five and that the reader did not get',
  async measure(data) {
    const closed = readTrajectories(`${data.folder}/upvote-trajectories.csv`).nextDay
    return [5, 10].flatMap((size) => [1, 3, 7].flatMap((days) => rowsOf(closed, size, days)))
  },
}

function rowsOf(closed: Lists, size: number, days: number): ChoiceRow[] {
  const stock = openStock(closed, days)
  const before = replay(stock, size, formerRule(stock, size))
  const now = replay(stock, size, ourRule(size))
  const name = `size ${size}, votes come within ${days} d`
  const baseline = 'one rule for all, rank > 10'
  const share = (part: number, whole: number) => `${part}/${whole} ${(part / Math.max(whole, 1)).toFixed(2)}`
  return [
    {
      what: `${name}: shown of those that closed below the first ${size}`,
      baseline,
      baselineValue: share(before.found, before.late),
      value: share(now.found, now.late),
      target: '≥ .75',
    },
    {
      what: `${name}: of all shown, gain ≥ 10 % more`,
      baseline,
      baselineValue: share(before.gaining, before.shown),
      value: share(now.gaining, now.shown),
      target: '≥ .50',
    },
    {
      what: `${name}: shown again without twice the votes`,
      baseline,
      baselineValue: String(before.repeats),
      value: String(now.repeats),
      target: '0',
    },
    {
      what: `${name}: found, less the day’s top five that had to make room`,
      baseline,
      baselineValue: String(before.found - before.displaced),
      value: String(now.found - now.displaced),
      target: '> 0',
    },
  ]
}

const ourRule =
  (size: number): Rule =>
  (candidates, had) => {
    const rising = selectRising(candidates)
    const positions = new Map(rising.map(({ id }, position) => [id, position]))
    const known = [...had].flatMap(([id, votes]) => {
      const position = positions.get(id)
      return position !== undefined && rising[position]!.votes < 2 * votes ? [position] : []
    })
    return risingForReader([...rising.keys()], new Set(known), size).map((position) => rising[position]!)
  }

interface Followed {
  id: number
  day: number
  closingRank: number
  /** the votes of its list's fifth paper at the close */
  closingFifth: number
  votes: number
  final: number
  /** ends among its day's first five */
  isTop: boolean
}

interface Stock {
  papers: Followed[]
  /** days of editions, ascending: the day after each list */
  editions: number[]
  votesOn: (paper: Followed, day: number) => number
  /** the votes that the fifth paper of a list has on a later day */
  fifthOn: (when: { day: number; on: number }) => number
}

const dayNumber = (day: string): number => Date.parse(day) / 86_400_000 + 1

function openStock(closed: Lists, days: number): Stock {
  const papers = [...closed.values()].flatMap((list) => {
    const sorted = list.toSorted((a, b) => b.votes - a.votes)
    const fifth = list.map(({ final }) => final).sort((a, b) => b - a)[4]!
    return sorted.map(({ day, votes, final }, at) => ({
      day: dayNumber(day),
      closingRank: at + 1,
      closingFifth: sorted[4]!.votes,
      votes,
      final,
      isTop: final >= fifth,
    }))
  })
  const votesOn = ({ day, votes, final }: Omit<Followed, 'id'>, on: number) =>
    Math.round(votes + (final - votes) * (1 - Math.exp(-Math.max(on - day, 0) / days)))
  const lists = Map.groupBy(papers, ({ day }) => day)
  return {
    papers: papers.map((paper, id) => ({ id, ...paper })),
    editions: [...closed.keys()].map(dayNumber).sort((a, b) => a - b),
    votesOn,
    fifthOn: memoize(
      ({ day, on }: { day: number; on: number }) => `${day} ${on}`,
      ({ day, on }) =>
        lists
          .get(day)!
          .map((paper) => votesOn(paper, on))
          .sort((a, b) => b - a)[4]!,
    ),
  }
}

const FOLLOWED_DAYS = 14

type Rule = (candidates: readonly RisingCandidate[], had: ReadonlyMap<number, number>) => RisingCandidate[]

/** Runs a rule edition by edition for one reader, who gets the first papers of each list beside the rising ones. */
function replay({ papers, editions, votesOn, fifthOn }: Stock, size: number, rule: Rule) {
  /** the votes of each paper when the reader had it */
  const had = new Map<number, number>()
  const top = new Set<number>()
  const shown = new Map<number, number>()
  let repeats = 0
  for (const [index, day] of editions.entries()) {
    const before = editions[index - 1] ?? day - 1
    const candidates = papers
      .filter((paper) => paper.day < day && paper.day >= day - FOLLOWED_DAYS)
      .map((paper) => ({
        ...paper,
        listDay: dayOf(new Date(paper.day * 86_400_000)),
        fifthVotes: fifthOn({ day: paper.day, on: day }),
        closingVotes: paper.votes,
        votesBefore: votesOn(paper, Math.max(before, paper.day)),
        votes: votesOn(paper, day),
      }))
    const rising = rule(candidates, had)
    for (const { id, votes } of rising) {
      if (had.has(id) && votes < 2 * had.get(id)!) repeats++
      had.set(id, votes)
      shown.set(id, votes)
    }
    for (const paper of papers.filter((each) => each.day === day && each.closingRank <= size - rising.length)) {
      top.add(paper.id)
      had.set(paper.id, paper.votes)
    }
  }
  const late = papers.filter((paper) => paper.isTop && paper.closingRank > size)
  return {
    late: late.length,
    found: late.filter(({ id }) => shown.has(id)).length,
    displaced: papers.filter((paper) => paper.isTop && paper.closingRank <= size && !top.has(paper.id)).length,
    shown: shown.size,
    gaining: [...shown].filter(([id, votes]) => papers[id]!.final >= votes * 1.1).length,
    repeats,
  }
}

/** The rule before: ranks below ten, at most five for all readers, each again only once it doubled, and the first of them for a reader. */
const formerRule = ({ papers }: Stock, size: number): Rule => {
  const shown = new Map<number, number>()
  return (candidates, _had) => {
    const rising = candidates
      .map((paper) => ({ ...paper, earlierVotes: shown.get(paper.id) ?? papers[paper.id]!.votes }))
      .filter(
        ({ id, closingRank, votes, votesBefore, earlierVotes }) =>
          closingRank > 10 &&
          votes > votesBefore &&
          votes >= earlierVotes * 2 &&
          votes - earlierVotes >= 15 &&
          votes >= papers[id]!.closingFifth,
      )
      .sort((a, b) => b.votes - b.votesBefore - (a.votes - a.votesBefore) || b.votes - a.votes || a.id - b.id)
      .slice(0, 5)
    for (const { id, votes } of rising) shown.set(id, votes)
    return rising.slice(0, size / 5)
  }
}

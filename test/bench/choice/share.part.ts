import { selectPositions } from '../../../src/edition/select/select-papers.ts'
import { NO_WISHES, type SelectionPreferences } from '../../../src/edition/select/wishes.ts'
import { mean } from '../ranking/measures.ts'
import { type DayEdition, dayEditions, dcgOfVotes } from './editions.ts'
import { formerPositions } from './former-share.ts'
import { type ChoicePart, type ChoiceRow, FIT_MONTHS, TEST_MONTHS } from './part.ts'

const SMALL = 10
const BROAD = 4
/** A topic with a larger share of the papers is not small. */
const SMALL_SHARE = 0.05
const TARGETS = { 5: { reach: '≥ .65', votes: '≥ .90' }, 10: { reach: '≥ .80', votes: '≥ .97' } } as const

type Choose = (edition: DayEdition, preferences: SelectionPreferences) => number[]
const ours: Choose = ({ index }, preferences) => selectPositions(index, preferences).shown
const former: Choose = ({ index }, preferences) => formerPositions(index, preferences)

export const part: ChoicePart = {
  title: 'A fair share: readers of one small topic and two broad ones',
  measure: async (data) =>
    [FIT_MONTHS, TEST_MONTHS].flatMap((months) => {
      const editions = dayEditions(data.papers(months))
      const { small, broad } = topicsBySize(editions)
      const wanted = small.flatMap((slug) => pairs(broad).map((pair) => [slug, ...pair]))
      return ([5, 10] as const).flatMap((size) => rowsOf(months, editions, wanted, size))
    }),
}

function rowsOf(
  months: readonly string[],
  editions: readonly DayEdition[],
  wanted: readonly string[][],
  size: 5 | 10,
): ChoiceRow[] {
  const now = scores(editions, wanted, size, ours)
  const before = scores(editions, wanted, size, former)
  const singles = [...new Set(wanted.map(([small]) => [small!]))]
  const one = scores(editions, singles, size, ours)
  const oneBefore = scores(editions, singles, size, former)
  const when = `${months[0]} to ${months.at(-1)}, size ${size}`
  const row = (what: string, baseline: string, was: number, is: number, target: string): ChoiceRow => ({
    what: `${what}, ${when}`,
    baseline,
    baselineValue: was.toFixed(3),
    value: is.toFixed(3),
    target,
  })
  return [
    row('small topic’s papers that arrive', 'share of any wish', before.reach, now.reach, TARGETS[size].reach),
    row('followed topics represented', 'share of any wish', before.represented, now.represented, '≥ .97'),
    row('votes, as a part of the list’s first', 'share of any wish', before.votes, now.votes, TARGETS[size].votes),
    row('one small topic: papers that arrive', 'share of any wish', oneBefore.reach, one.reach, '≥ baseline'),
    row('one small topic: votes', 'share of any wish', oneBefore.votes, one.votes, ''),
  ]
}

/** Scores readers who follow these topics, the small one first. */
function scores(editions: readonly DayEdition[], readers: readonly string[][], size: number, choose: Choose) {
  const reach: number[] = []
  const represented: number[] = []
  const votes: number[] = []
  for (const topics of readers) {
    for (const edition of editions) {
      const shown = new Set(choose(edition, { ...NO_WISHES, size, share: 0.4, topics }))
      const crowd = edition.index.ranked.slice(0, size)
      votes.push(dcgOfVotes(edition, [...shown]) / dcgOfVotes(edition, crowd))
      for (const position of edition.index.inTopic(topics[0]!)) reach.push(shown.has(position) ? 1 : 0)
      for (const slug of topics) {
        const own = edition.index.inTopic(slug)
        if (own.length > 0) represented.push(own.some((position) => shown.has(position)) ? 1 : 0)
      }
    }
  }
  return { reach: mean(reach), represented: mean(represented), votes: mean(votes) }
}

/** Returns the topics with most papers, and the largest of the small ones. */
function topicsBySize(editions: readonly DayEdition[]): { small: string[]; broad: string[] } {
  const all = editions.flatMap((edition) => edition.topics)
  const counts = new Map<string, number>()
  for (const slug of all.flat()) counts.set(slug, (counts.get(slug) ?? 0) + 1)
  const ordered = [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b))
  return {
    broad: ordered.slice(0, BROAD).map(([slug]) => slug),
    small: ordered
      .filter(([, papers]) => papers < SMALL_SHARE * all.length)
      .slice(0, SMALL)
      .map(([slug]) => slug),
  }
}

const pairs = (of: readonly string[]): string[][] => of.flatMap((a, at) => of.slice(at + 1).map((b) => [a, b]))

import { z } from 'zod'
import { daysBetween, daysLater } from '../../calendar/days.ts'
import { type ChanceModel, chanceOf, forecastOf, wholeDayVotes } from './chance.ts'
import { ranksOf } from './rank.ts'

/** What a paper's own list says of it: the facts that its reason is made of. Stored, so that a reason stays the same. */
export const ListFacts = z.object({
  /** `open`: the list was still open. `closing`: the votes were read around its close. `other`: at another or an unknown time */
  timing: z.enum(['open', 'closing', 'other']),
  /** when the votes were read; absent if unknown */
  readAt: z.string().optional(),
  /** votes of the source and of our readers */
  votes: z.number().optional(),
  /** its rank by score, starting at 1, among `of` papers */
  rank: z.number().optional(),
  of: z.number(),
  /** its share of all votes of the list */
  share: z.number().optional(),
  /** the median votes of papers when their lists closed, in the four weeks before */
  usual: z.number().optional(),
  /** it has more votes than every other paper of these days, or than every other one of a topic */
  best: z.object({ days: z.number(), topic: z.string().optional() }).optional(),
  /** the largest topic of which it is the list's only paper */
  only: z.string().optional(),
  /** its comments, when it has most of the list */
  discussed: z.number().optional(),
  /** an author takes part in the discussion */
  answers: z.boolean().optional(),
  stars: z.number().optional(),
  /**
   * its votes of the source at the close, the chance that such a paper ends in its month's top tenth, and likely final votes. Absent
   * for a small chance
   */
  chance: z.object({ votes: z.number(), topTenth: z.number(), low: z.number(), high: z.number() }).optional(),
})
export type ListFacts = z.output<typeof ListFacts>
type Timing = ListFacts['timing']

export interface ListVotes {
  id: number
  listPosition: number
  topics: readonly string[]
  sample: boolean
  /** announced by arXiv: no community votes on it */
  announced?: boolean
  /** null: unknown */
  votes: number | null
  /** votes of the source alone, which the chances were fitted on */
  sourceVotes: number | null
  ageHours: number | null
  /** absent or null: unknown */
  listedAt?: Date | null
  comments: number | null
  stars: number | null
  answers: boolean
  readAt: Date | null
}

/** A paper of an earlier list. */
export interface EarlierPaper {
  listDay: string
  topics: readonly string[]
  /** null: unknown */
  votes: number | null
  timing: Timing
}

const HOUR_MS = 3_600_000
/** Votes read between these hours around the close count as votes at the close. */
const CLOSING = { before: 3, after: 6 }

const hoursBetween = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / HOUR_MS

function timingOf(readAt: Date | null, closesAt: Date, now: Date): Timing {
  if (now < closesAt) return 'open'
  const hoursAfter = readAt && hoursBetween(closesAt, readAt)
  return hoursAfter !== null && hoursAfter >= -CLOSING.before && hoursAfter <= CLOSING.after ? 'closing' : 'other'
}

/** Days that `usual` and `best` look back. */
const USUAL_DAYS = 28
export const EARLIER_DAYS = 30
/** Fewer papers or days are no usual day, and no feat. */
const USUAL_PAPERS = 100
const USUAL_LISTS = 10
const TOPIC_PAPERS = 8
const FEWEST_DAYS = 7
const ONLY_PAPERS = 15
const DISCUSSED = 5
/** The first comment is usually the submitter's, who may be an author. */
const ANSWERS = 2
const STARS = 100
/** Smaller chances are not shown. */
export const LEAST_CHANCE = 0.1
/** Days after which a paper's votes hardly change, so that a chance is no news. */
export const CHANCE_DAYS = 14

interface Around {
  listDay: string
  closesAt: Date
  now: Date
  /** the papers of the EARLIER_DAYS before */
  earlier: readonly EarlierPaper[]
  model: ChanceModel
}

/** Returns the facts of each paper of one list day, by id. */
export function listFacts(list: readonly ListVotes[], around: Around): Map<number, ListFacts> {
  const ranks = ranksOf(list)
  const allVotes = list.reduce((sum, { votes }) => sum + (votes ?? 0), 0)
  const before = summarise(around)
  return new Map(
    list.map((paper) => {
      const { votes, readAt } = paper
      const timing = timingOf(readAt, around.closesAt, around.now)
      const facts: ListFacts = { timing, of: list.length, ...aboutDiscussion(paper, list) }
      if (readAt) facts.readAt = readAt.toISOString()
      if (paper.stars !== null && paper.stars >= STARS) facts.stars = paper.stars
      const only = onlyTopic(paper, list, before)
      if (only !== undefined) facts.only = only
      if (votes === null) return [paper.id, facts]
      Object.assign(facts, { votes, rank: ranks.get(paper.id)! })
      if (allVotes > 0) facts.share = votes / allVotes
      if (timing !== 'other' && !paper.sample) Object.assign(facts, comparison(paper, votes, list, before, around))
      if (timing === 'closing' && !paper.sample) Object.assign(facts, prospects(paper, around.model))
      return [paper.id, facts]
    }),
  )
}

function aboutDiscussion({ id, comments, answers }: ListVotes, list: readonly ListVotes[]): Partial<ListFacts> {
  const count = comments ?? 0
  const isMost = list.every((other) => other.id === id || (other.comments ?? 0) < count)
  return {
    ...(count >= DISCUSSED && isMost ? { discussed: count } : {}),
    ...(answers && count >= ANSWERS ? { answers } : {}),
  }
}

/** What all papers of a list are compared with. */
interface Before {
  /** the median votes at the close over four weeks; undefined while there are too few lists */
  usual: number | undefined
  /** days since the oldest of the earlier lists */
  days: number
  /** earlier papers of each topic */
  papersOf: ReadonlyMap<string, number>
}

function summarise(around: Around): Before {
  const papersOf = new Map<string, number>()
  let oldest = around.listDay
  for (const { topics, listDay } of around.earlier) {
    for (const slug of new Set(topics)) papersOf.set(slug, (papersOf.get(slug) ?? 0) + 1)
    if (listDay < oldest) oldest = listDay
  }
  return { usual: usualVotes(around), days: daysBetween(oldest, around.listDay), papersOf }
}

function usualVotes({ listDay, earlier }: Around): number | undefined {
  const first = daysLater(listDay, -USUAL_DAYS)
  const counted = earlier.filter(
    (paper) => paper.timing === 'closing' && paper.votes !== null && paper.listDay >= first,
  )
  const lists = new Set(counted.map((paper) => paper.listDay))
  if (counted.length < USUAL_PAPERS || lists.size < USUAL_LISTS) return undefined
  const votes = counted.map((paper) => paper.votes!).sort((a, b) => a - b)
  return votes[votes.length >> 1]
}

function comparison(
  paper: ListVotes,
  votes: number,
  list: readonly ListVotes[],
  { usual, days, papersOf }: Before,
  { earlier }: Around,
): Partial<ListFacts> {
  const facts: Partial<ListFacts> = {}
  if (usual !== undefined && usual > 0) facts.usual = usual
  if (days < FEWEST_DAYS) return facts
  const isBest = (isAlike: (topics: readonly string[]) => boolean, fewest: number) => {
    const isFirstOfList = list.every(
      (other) =>
        other.id === paper.id ||
        other.announced ||
        !isAlike(other.topics) ||
        (other.votes ?? Number.POSITIVE_INFINITY) < votes,
    )
    if (!isFirstOfList) return false
    const before = earlier.filter(({ topics }) => isAlike(topics))
    return (
      before.length >= fewest &&
      before.every((other) => other.timing === 'closing' && (other.votes ?? Number.POSITIVE_INFINITY) < votes)
    )
  }
  if (isBest(() => true, USUAL_PAPERS)) return { ...facts, best: { days } }
  const topic = largest(
    paper.topics.filter((slug) => isBest((topics) => topics.includes(slug), TOPIC_PAPERS)),
    papersOf,
  )
  return topic === undefined ? facts : { ...facts, best: { days, topic } }
}

function onlyTopic({ id, topics }: ListVotes, list: readonly ListVotes[], { papersOf }: Before) {
  return largest(
    topics.filter(
      (slug) =>
        (papersOf.get(slug) ?? 0) >= ONLY_PAPERS &&
        list.every((other) => other.id === id || !other.topics.includes(slug)),
    ),
    papersOf,
  )
}

/** What a paper's votes of the source at the close say of its future. */
export function prospects(
  { sourceVotes, listedAt, readAt }: Pick<ListVotes, 'sourceVotes' | 'listedAt' | 'readAt'>,
  model: ChanceModel,
): Partial<ListFacts> {
  if (sourceVotes === null) return {}
  const votes = wholeDayVotes(sourceVotes, listedAt && readAt ? hoursBetween(listedAt, readAt) : null)
  const topTenth = chanceOf(votes, model)
  return topTenth < LEAST_CHANCE ? {} : { chance: { votes: sourceVotes, topTenth, ...forecastOf(votes, model) } }
}

/** The topic with the most papers says most about a paper. */
const largest = (slugs: readonly string[], papersOf: ReadonlyMap<string, number>): string | undefined =>
  slugs.toSorted((a, b) => (papersOf.get(b) ?? 0) - (papersOf.get(a) ?? 0) || (a < b ? -1 : 1))[0]

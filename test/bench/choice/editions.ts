import { daysLater } from '../../../src/calendar/days.ts'
import { buildSelectionIndex, type SelectionIndex } from '../../../src/edition/select/selection-index.ts'
import type { ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { rankPapers } from '../../../src/papers/ranking/rank.ts'
import type { VoteBaselines } from '../../../src/papers/ranking/standing.ts'
import { topicsOf } from '../../../src/papers/topics/topics.ts'
import { mean } from '../ranking/measures.ts'

/** A day's list as an edition would rank it. */
export interface DayEdition {
  day: string
  /** in the edition's order */
  papers: ListedPaper[]
  topics: string[][]
  index: SelectionIndex
}

const WEEKS = 4

/** Makes an edition of every list day, with votes as the lists had them. */
export function dayEditions(papers: readonly ListedPaper[]): DayEdition[] {
  const days = [...Map.groupBy(papers, (paper) => paper.listDay)].sort(([a], [b]) => a.localeCompare(b))
  return days.map(([day, listed]) => {
    const ranked = rankPapers(listed.map((paper, id) => ({ ...paper, id })))
    const topics = ranked.map(topicsOf)
    const since = daysLater(day, -7 * WEEKS)
    const before = days.flatMap(([other, own]) => (other >= since && other < day ? own : []))
    const rows = ranked.map((paper, at) => ({
      ...paper,
      section: 'top',
      topics: topics[at]!,
      votes: paper.votes ?? 0,
      organization: paper.organization ?? null,
    }))
    return { day, papers: ranked, topics, index: buildSelectionIndex(rows, baselinesOf(before)) }
  })
}

/** As `readVoteBaselines` computes them in SQL. */
function baselinesOf(papers: readonly ListedPaper[]): VoteBaselines {
  const baseline = (own: readonly ListedPaper[]) => ({
    papers: own.length,
    mean: mean(own.map((paper) => Math.log1p(paper.votes ?? 0))),
  })
  const byTopic = Map.groupBy(
    papers.flatMap((paper) => topicsOf(paper).map((slug) => ({ slug, paper }))),
    ({ slug }) => slug,
  )
  return {
    all: baseline(papers),
    topics: new Map([...byTopic].map(([slug, own]) => [slug, baseline(own.map(({ paper }) => paper))])),
  }
}

/** The discounted sum of ln(1 + votes) over a digest, in its order. */
export const dcgOfVotes = ({ papers }: DayEdition, positions: readonly number[]): number =>
  positions.reduce((sum, position, at) => sum + Math.log1p(papers[position]!.votes ?? 0) / Math.log2(at + 2), 0)

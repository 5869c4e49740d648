import { score } from '../../../src/papers/ranking/rank.ts'
import { mean, ndcg10 } from './measures.ts'
import type { Lists, Observed } from './trajectories.ts'

/** Scores a paper from the data of that hour only. */
export type Formula = (paper: Observed) => number

/** Our formula, and those of other sites as they describe them. */
export const FORMULAS: Record<string, Formula> = {
  'ours (rank.ts)': ({ votes, ageHours }) => score(votes, ageHours),
  'raw votes': ({ votes }) => votes,
  // (points − 1) / (age in hours + 2)^1.8
  'Hacker News': ({ votes, ageHours }) => (votes - 1) / (ageHours + 2) ** 1.8,
  // log10(score) + seconds of posting / 45,000
  'Reddit hot': ({ votes, listedAtMs }) => Math.log10(Math.max(votes, 1)) + listedAtMs / 1000 / 45_000,
  'votes/√(age+4)': ({ votes, ageHours }) => votes / Math.sqrt(ageHours + 4),
}

/** Returns the papers best first. Ties keep the list's order. */
export const ordered = (papers: readonly Observed[], formula: Formula): Observed[] =>
  papers.toSorted((a, b) => formula(b) - formula(a) || a.listedAtMs - b.listedAtMs || (a.id < b.id ? -1 : 1))

interface Fit {
  power: number
  hours: number
  comment: number
}

const fitted =
  ({ power, hours, comment }: Fit): Formula =>
  ({ votes, comments, ageHours }) =>
    (votes + comment * comments) / (ageHours + hours) ** power

const GRID: Fit[] = [0, 0.2, 0.35, 0.5, 0.65, 0.8].flatMap((power) =>
  [1, 2, 4, 8].flatMap((hours) => [0, 0.5, 1].map((comment) => ({ power, hours, comment }))),
)

/** Returns each month's formula (votes + c × comments) / (age + h)^p, with p, h and c fitted on the other months. */
export function fitLeavingOut(lists: Lists, months: readonly string[]): Map<string, Formula> {
  const worth = GRID.map((fit) =>
    [...lists.values()].map((papers) => ({
      month: papers[0]!.month,
      ndcg: ndcg10(ordered(papers, fitted(fit)).map((p) => p.final)),
    })),
  )
  return new Map(
    months.map((month) => {
      const on = worth.map((days) => mean(days.filter((day) => day.month !== month).map((day) => day.ndcg)))
      return [month, fitted(GRID[on.indexOf(Math.max(...on))]!)]
    }),
  )
}

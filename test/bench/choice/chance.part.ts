import {
  type ChanceModel,
  chanceOf,
  fitChance,
  forecastOf,
  type Outcome,
  SHIPPED_MODEL,
  topTenthFrom,
  wholeDayVotes,
} from '../../../src/papers/ranking/chance.ts'
import { mean } from '../ranking/measures.ts'
import { readTrajectories } from '../ranking/trajectories.ts'
import { readListingHours } from './listing-hours.ts'
import { type ChoicePart, type ChoiceRow, FIT_MONTHS } from './part.ts'

type Paper = Outcome & { month: string; closingVotes: number }

/** A paper with its chance and forecast from a model that has not seen its month. */
type Judged = Paper & { chance: number; low: number; high: number }

/**
 * A month that the shipped model was fitted on is judged by the fit on the other ones. Any other month is judged by the shipped model.
 * Votes at the close, and the hours that they took, predict which papers end in the month's top tenth, and how many votes a paper has in
 * the end.
 * The data has final votes of 2025 only, so 2026 has no figures here.
 */
export const part: ChoicePart = {
  title: 'A paper’s chance to end in its month’s top tenth, judged by a fit on other months',
  async measure(data) {
    const papers = readOutcomes(data.folder)
    const fitted = papers.filter(({ month }) => FIT_MONTHS.includes(month))
    const months = [...new Set(papers.map(({ month }) => month))]
    const judged = months.flatMap((month) =>
      judge(
        papers.filter((paper) => paper.month === month),
        FIT_MONTHS.includes(month) ? fitChance(fitted.filter((paper) => paper.month !== month)) : SHIPPED_MODEL,
      ),
    )
    if (fitted.length > 0)
      console.log(`\nThe fit on all ${fitted.length} papers: ${JSON.stringify(rounded(fitChance(fitted)))}`)
    return [...scores(judged, months), ...bins(judged), ...coverage(judged, months)]
  },
}

function readOutcomes(folder: string): Paper[] {
  const closed = [...readTrajectories(`${folder}/upvote-trajectories.csv`).nextDay.values()].flat()
  const hoursListed = readListingHours(folder)
  const known = closed.filter((paper) => hoursListed(paper) !== null)
  console.log(`\nThe hours on the list are known for ${known.length} of ${closed.length} papers.`)
  return [...Map.groupBy(closed, ({ month }) => month)].flatMap(([month, papers]) => {
    const threshold = topTenthFrom(papers.map((paper) => paper.final))
    return papers.map((paper) => ({
      month,
      closingVotes: paper.votes,
      wholeDayVotes: wholeDayVotes(paper.votes, hoursListed(paper)),
      finalVotes: paper.final,
      inTopTenth: paper.final >= threshold,
    }))
  })
}

const judge = (papers: readonly Paper[], model: ChanceModel): Judged[] =>
  papers.map((paper) => ({
    ...paper,
    chance: chanceOf(paper.wholeDayVotes, model),
    ...forecastOf(paper.wholeDayVotes, model),
  }))

function scores(judged: readonly Judged[], months: readonly string[]): ChoiceRow[] {
  const share = mean(judged.map(({ inTopTenth }) => Number(inTopTenth)))
  const brier = judged.map(({ chance, inTopTenth }) => (chance - Number(inTopTenth)) ** 2)
  return [
    {
      what: `Brier score, ${judged.length} papers`,
      baseline: 'always 1 in 10',
      baselineValue: (share * (1 - share)).toFixed(4),
      value: mean(brier).toFixed(4),
      target: '≤ .034',
    },
    {
      what: 'AUC: a paper of the top tenth has the higher chance',
      baseline: 'votes alone',
      baselineValue: areaUnderCurve(judged, byVotes).text,
      value: areaUnderCurve(judged, byChance).text,
      target: '≥ .97',
    },
    {
      // A fit orders papers by their whole-day votes. Above, papers of different months have chances from different fits.
      what: 'AUC within a month, mean of the months',
      baseline: 'votes alone',
      baselineValue: ofMonths(judged, months, byVotes),
      value: ofMonths(judged, months, byChance),
      target: '≥ .97',
    },
  ]
}

/**
 * The share of pairs, one in the top tenth and one outside, in which the first has the higher chance. Ties count half.
 * The standard error is that of Hanley and McNeil (1982).
 */
function areaUnderCurve(judged: readonly Judged[], by: Order): { area: number; text: string } {
  const inside = judged.filter(({ inTopTenth }) => inTopTenth)
  const outside = judged.filter(({ inTopTenth }) => !inTopTenth)
  const area = mean(
    inside.flatMap((one) => outside.map((other) => (by(one) > by(other) ? 1 : by(one) === by(other) ? 0.5 : 0))),
  )
  const variance =
    area * (1 - area) +
    (inside.length - 1) * (area / (2 - area) - area ** 2) +
    (outside.length - 1) * ((2 * area ** 2) / (1 + area) - area ** 2)
  const error = Math.sqrt(variance / (inside.length * outside.length))
  return { area, text: `${area.toFixed(3)} ± ${error.toFixed(3)}` }
}

type Order = (paper: Judged) => number
const byVotes: Order = ({ closingVotes }) => closingVotes
const byChance: Order = ({ chance }) => chance

function ofMonths(judged: readonly Judged[], months: readonly string[], by: Order): string {
  const areas = months.map(
    (month) =>
      areaUnderCurve(
        judged.filter((paper) => paper.month === month),
        by,
      ).area,
  )
  return `${mean(areas).toFixed(4)} (${areas.map((area) => area.toFixed(3)).join(' ')})`
}

const EDGES = [0, 0.02, 0.1, 0.3, 0.6, 0.85, 1]
/** Fewer papers say little about a share. */
const FEWEST = 40

const bins = (judged: readonly Judged[]): ChoiceRow[] =>
  EDGES.slice(1).flatMap((to, at) => {
    const from = EDGES[at]!
    const own = judged.filter(({ chance }) => chance >= from && (chance < to || to === 1))
    if (own.length < FEWEST) return []
    return {
      what: `in the top tenth, of ${own.length} papers with a chance from ${from} to ${to}`,
      baseline: 'said',
      baselineValue: mean(own.map(({ chance }) => chance)).toFixed(3),
      value: mean(own.map(({ inTopTenth }) => Number(inTopTenth))).toFixed(3),
      target: 'within .10 of it',
    }
  })

const coverage = (judged: readonly Judged[], months: readonly string[]): ChoiceRow[] =>
  months.map((month) => {
    const own = judged.filter((paper) => paper.month === month)
    return {
      what: `final votes within the interval, ${month}`,
      baseline: '1 to 3.6 times the votes',
      baselineValue: mean(
        own.map(({ closingVotes, finalVotes }) =>
          Number(finalVotes >= closingVotes && finalVotes <= 3.6 * closingVotes),
        ),
      ).toFixed(3),
      value: mean(own.map(({ finalVotes, low, high }) => Number(finalVotes >= low && finalVotes <= high))).toFixed(3),
      target: '.74 to .86',
    }
  })

const rounded = (model: ChanceModel): unknown =>
  JSON.parse(JSON.stringify(model, (_, value) => (typeof value === 'number' ? Number(value.toFixed(4)) : value)))

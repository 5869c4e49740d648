import { z } from 'zod'

const Line = z.object({ intercept: z.number(), slope: z.number() })

/** Three curves over x = ln(1 + whole-day votes). */
export const ChanceModel = z.object({
  /** log odds of ending in the top tenth, for all but late risers */
  logOdds: Line,
  /** ln(1 + final votes) that nine in ten papers reach, and that one in ten passes */
  low: Line,
  high: Line,
  /** whole-day votes that one in ten papers exceeds. Too few for a fit, so above it final votes are proportional to whole-day votes */
  linesUpTo: z.number().min(0).default(40),
})
export type ChanceModel = z.output<typeof ChanceModel>
type Line = z.output<typeof Line>

/** A paper whose later votes are known. */
export interface Outcome {
  wholeDayVotes: number
  finalVotes: number
  inTopTenth: boolean
}

/**
 * The share of papers that end in the top tenth whatever their votes: late risers. Each of four months had one or two with under 15 votes
 * at the close, among some 450 papers: too few to fit a share to. Fitted shares differ by accident, and then all of the least likely papers
 * of one month have higher chances than those of another.
 */
const LATE_RISERS = 0.003

/**
 * The fit on 1,791 papers of 2025-04 and 2025-07 to 2025-09. An installation uses it until it has enough papers of its own.
 * `npm run bench -- choice --only chance` prints these numbers and how well they hold on months that were left out.
 */
export const SHIPPED_MODEL: ChanceModel = {
  logOdds: { intercept: -24.3616, slope: 6.4499 },
  low: { intercept: -0.0445, slope: 1.0679 },
  high: { intercept: 1.5192, slope: 0.8012 },
  linesUpTo: 41,
}

/** Hours on the list. Fits know no paper with fewer. From a whole day on, hours make no difference. */
const HOURS = { fewest: 2, wholeDay: 24 }

/**
 * Returns the votes that a paper would have at the close of its list, had it been listed for a whole day. Of two papers with as many votes,
 * the later one gains more afterwards. In 1,520 papers of 2025, final votes went with the closing votes divided by the hours to the power
 * of .35 ± .05. This is the cube root.
 *
 * @param closingVotes votes of the source when the list closed
 * @param hoursListed from its listing until these votes were read. Where this is unknown, the votes count as they are
 */
export function wholeDayVotes(closingVotes: number, hoursListed: number | null): number {
  if (hoursListed === null || hoursListed < 0 || hoursListed >= HOURS.wholeDay) return closingVotes
  return (1 + closingVotes) * Math.cbrt(HOURS.wholeDay / Math.max(hoursListed, HOURS.fewest)) - 1
}

/** Returns the chance that a paper with these whole-day votes ends in the top tenth of its month, by final votes. */
export const chanceOf = (votes: number, { logOdds }: ChanceModel): number =>
  withLateRisers(logistic(at(logOdds, Math.log1p(votes))))

const withLateRisers = (byVotes: number): number => LATE_RISERS + (1 - LATE_RISERS) * byVotes

/** Returns the final votes between which four in five papers with these whole-day votes end, both included. */
export function forecastOf(votes: number, { low, high, linesUpTo }: ChanceModel): { low: number; high: number } {
  const known = Math.log1p(Math.min(votes, linesUpTo))
  const beyond = Math.log1p(votes) - known
  const votesOn = (line: Line) => Math.expm1(at(line, known) + beyond)
  const least = Math.max(Math.ceil(votesOn(low)), 0)
  return { low: least, high: Math.max(Math.floor(votesOn(high)), Math.ceil(votes), least) }
}

/** The votes that the first tenth of these papers have at least. */
export const topTenthFrom = (votes: readonly number[]): number =>
  votes.toSorted((a, b) => b - a)[Math.floor(votes.length / 10)] ?? Number.POSITIVE_INFINITY

/** Fits the curves to papers whose outcome is known. Needs papers inside and outside the top tenth. */
export function fitChance(outcomes: readonly Outcome[]): ChanceModel {
  const votes = outcomes.map((paper) => Math.log1p(paper.wholeDayVotes))
  const final = outcomes.map(({ finalVotes }) => Math.log1p(finalVotes))
  return {
    logOdds: fitTopTenth(
      votes,
      outcomes.map(({ inTopTenth }) => inTopTenth),
    ),
    low: fitQuantile(votes, final, 0.1),
    high: fitQuantile(votes, final, 0.9),
    linesUpTo: topTenthFrom(outcomes.map((paper) => paper.wholeDayVotes)),
  }
}

const ROUNDS = 300

/**
 * A plain logistic curve gives late risers too much weight and becomes too flat: it says 1 in 4 where 1 in 11 ended in the top tenth.
 * So a paper of the top tenth counts by the probability that it is no late riser, by expectation maximisation (Dempster, Laird and Rubin
 * 1977).
 */
function fitTopTenth(votes: readonly number[], inTop: readonly boolean[]): Line {
  let logOdds = fitLogistic(votes, inTop.map(Number))
  for (let round = 0; round < ROUNDS; round++) {
    const targets = votes.map((x, paper) => {
      const byVotes = logistic(at(logOdds, x))
      return inTop[paper] ? byVotes / withLateRisers(byVotes) : 0
    })
    logOdds = fitLogistic(votes, targets, logOdds)
  }
  return logOdds
}

/** Keeps the slope finite where the votes tell the two groups apart without error. */
const RIDGE = 1e-3

/** Maximum likelihood by Newton's method. @param targets between 0 and 1 */
function fitLogistic(votes: readonly number[], targets: readonly number[], start?: Line): Line {
  let { intercept, slope } = start ?? { intercept: 0, slope: 0 }
  for (let round = 0; round < 50; round++) {
    const moments = { one: RIDGE, x: 0, xx: RIDGE, one_y: -RIDGE * intercept, x_y: -RIDGE * slope }
    for (const [paper, x] of votes.entries()) {
      const p = logistic(intercept + slope * x)
      const weight = p * (1 - p)
      moments.one += weight
      moments.x += weight * x
      moments.xx += weight * x * x
      moments.one_y += targets[paper]! - p
      moments.x_y += (targets[paper]! - p) * x
    }
    const step = solve(moments)
    // A full step may overshoot where most chances are near 0 or 1.
    const share = Math.min(1, 5 / Math.max(Math.abs(step.intercept), Math.abs(step.slope)))
    intercept += share * step.intercept
    slope += share * step.slope
    if (Math.abs(step.intercept) + Math.abs(step.slope) < 1e-9) break
  }
  return { intercept, slope }
}

/** Quantile regression (Koenker and Bassett 1978) by weighted least squares: weights turn squared into absolute errors. */
function fitQuantile(xs: readonly number[], ys: readonly number[], quantile: number): Line {
  let line: Line = { intercept: 0, slope: 1 }
  for (let round = 0; round < ROUNDS; round++) {
    const moments = { one: 0, x: 0, xx: RIDGE, one_y: 0, x_y: RIDGE }
    for (const [paper, x] of xs.entries()) {
      const y = ys[paper]!
      const error = y - at(line, x)
      const weight = (error > 0 ? quantile : 1 - quantile) / Math.max(Math.abs(error), 1e-3)
      moments.one += weight
      moments.x += weight * x
      moments.xx += weight * x * x
      moments.one_y += weight * y
      moments.x_y += weight * x * y
    }
    line = solve(moments)
  }
  return line
}

/** Solves the two normal equations of a weighted line. */
function solve({ one, x, xx, one_y, x_y }: { one: number; x: number; xx: number; one_y: number; x_y: number }): Line {
  const determinant = one * xx - x * x
  return { intercept: (one_y * xx - x_y * x) / determinant, slope: (x_y * one - one_y * x) / determinant }
}

const at = ({ intercept, slope }: Line, x: number): number => intercept + slope * x
const logistic = (x: number): number => 1 / (1 + Math.exp(-x))

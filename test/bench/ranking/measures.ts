/** Measures of an order against the final votes. `final` has the final votes in the measured order, best first. */

/** Normalised discounted cumulative gain of the first ten. The gain is ln(1 + final votes) (Järvelin and Kekäläinen 2002). */
export function ndcg10(final: readonly number[]): number {
  const dcg = (votes: readonly number[]) =>
    votes.slice(0, 10).reduce((sum, vote, at) => sum + Math.log1p(vote) / Math.log2(at + 2), 0)
  const ideal = dcg(final.toSorted((a, b) => b - a))
  return ideal === 0 ? 1 : dcg(final) / ideal
}

/** The share of the first five that end among the five with most votes. Ties count as hits. */
export function topFive(final: readonly number[]): number {
  const fifth = final.toSorted((a, b) => b - a)[Math.min(4, final.length - 1)]!
  return final.slice(0, 5).filter((votes) => votes >= fifth).length / Math.min(5, final.length)
}

/** Rank correlation of the order with the final votes. Ties share their mean rank. */
export function spearman(final: readonly number[]): number {
  const order = final.map((_, at) => -at)
  const [a, b] = [ranks(order), ranks(final)]
  const mean = (final.length - 1) / 2
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, at) => sum + (value - mean) * (y[at]! - mean), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b) || 1)
}

function ranks(values: readonly number[]): number[] {
  const sorted = values.map((value, at) => ({ value, at })).sort((a, b) => a.value - b.value)
  const out = new Array<number>(values.length)
  for (let first = 0; first < sorted.length; ) {
    let last = first
    while (last + 1 < sorted.length && sorted[last + 1]!.value === sorted[first]!.value) last++
    for (let at = first; at <= last; at++) out[sorted[at]!.at] = (first + last) / 2
    first = last + 1
  }
  return out
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / (values.length || 1)

/** Standard error of the mean. */
export function standardError(values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)) / Math.max(values.length - 1, 1))
}

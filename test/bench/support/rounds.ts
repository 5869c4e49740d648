/** Measuring by alternating rounds, so that what else the machine does falls on every contender alike. */

/** The middle one of the values, and the least and the greatest beside it. */
export interface Spread {
  median: number
  least: number
  most: number
}

export function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, least: sorted[0]!, most: sorted.at(-1)! }
}

/**
 * Runs every contender once a round: a, b, c, a, b, c, …
 *
 * @param contenders each gives its measure for one run, in any unit of its own
 * @returns by name, the measures in the order of the rounds
 */
export async function inRounds<T>(
  rounds: number,
  contenders: Record<string, () => Promise<T> | T>,
): Promise<Record<string, T[]>> {
  const measures: Record<string, T[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) measures[name]!.push(await run())
  }
  return measures
}

/** Measures in alternating rounds, so that other load on the machine affects every contender alike. */

/** Returns the median, the least and the greatest of the values. */
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
 * @param contenders each returns its measure of one run, in any unit
 * @returns the measures by name, in the order of the rounds
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

/** Returns the value that this part of the values, from 0 to 1, does not exceed. */
export const percentile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(Math.floor(values.length * part), values.length - 1)]!

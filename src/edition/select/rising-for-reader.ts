/** Maximum share of a digest that is still rising. */
const RISING_SHARE = 0.2

/**
 * Returns the rising papers of one reader's digest: the edition's first candidates that the reader has not had.
 *
 * @param candidates positions in the edition, best first
 * @param had positions that they had in other digests. A paper whose votes have doubled since then is not among them
 * @param size papers in the digest
 */
export function risingForReader(candidates: readonly number[], had: ReadonlySet<number>, size: number): number[] {
  const places = Math.floor(size * RISING_SHARE)
  const rising: number[] = []
  for (const position of candidates) {
    if (rising.length === places) break
    if (!had.has(position)) rising.push(position)
  }
  return rising
}

/** Votes of one network on one day that count in full: colleagues share a network. */
const FULL = 3

/**
 * Returns the damped number of a paper's reader votes. A burst is the votes for a paper from one network on one day.
 * Its first three votes count in full, then one for every doubling: 4 count as 4, 10 as 6, 100 as 9, 1,000 as 12.
 * One person with many addresses has little effect, and a lab that reads the same digest still counts.
 *
 * @param bursts number of voting readers per network and day
 */
export const dampBursts = (bursts: readonly number[]): number =>
  bursts.reduce((sum, n) => sum + Math.min(n, FULL) + Math.floor(Math.log2(Math.max(n - FULL, 0) + 1)), 0)

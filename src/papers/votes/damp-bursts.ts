/** Votes of one network on one day that count in full: colleagues in one building are not a crowd of puppets. */
const FULL = 3

/**
 * How many votes a paper's readers' votes count as. One for each reader; of a burst (votes for it from one network on one day) the
 * first three, and then one for every doubling: 4 count as 4, 10 as 6, 100 as 9, 1,000 as 12. So many addresses in one hand move
 * nothing, and a lab that reads the same mail is still heard.
 *
 * @param bursts how many readers of each network on each day voted for the paper
 */
export const dampBursts = (bursts: readonly number[]): number =>
  bursts.reduce((sum, n) => sum + Math.min(n, FULL) + Math.floor(Math.log2(Math.max(n - FULL, 0) + 1)), 0)

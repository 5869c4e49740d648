import type { SelectionIndex } from './selection-index.ts'

/** Maximum share of a digest that is still rising. */
const RISING_SHARE = 0.2

/** Selects the positions of "still rising" for one reader. */
export const selectRising = (index: SelectionIndex, size: number): readonly number[] =>
  index.rising.slice(0, Math.floor(size * RISING_SHARE))

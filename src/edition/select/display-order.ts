import { FOR_YOU } from '../compose/digest.ts'
import type { SelectedPaper } from './select-papers.ts'

/** Most of a digest that stands under "For you". The rest keeps the community's order, also for a reader of broad topics. */
const MOST_FOR_YOU = 0.5

/**
 * Puts a digest's papers in the order of its email: the reader's best matches first, under their own heading, then the edition.
 * Papers that only the reader's preferences brought in always stand under "For you". Still rising ones stay where they are.
 * Without preferences this is the edition's order.
 */
export function inDisplayOrder(selected: readonly SelectedPaper[]): SelectedPaper[] {
  const own = selected.filter(({ section }) => section === 'topics')
  const matching = selected
    .filter(({ section, fit }) => section !== 'topics' && section !== 'rising' && fit > 0)
    .sort(byFit)
    .slice(0, Math.max(0, Math.ceil(selected.length * MOST_FOR_YOU) - own.length))
  const yours = new Set([...own, ...matching])
  return [
    ...[...yours].sort(byFit).map((paper) => ({ ...paper, section: FOR_YOU })),
    ...selected.filter((paper) => !yours.has(paper)),
  ]
}

/** Best fit first, then the list's order. */
const byFit = (a: SelectedPaper, b: SelectedPaper): number => b.fit - a.fit || a.position - b.position

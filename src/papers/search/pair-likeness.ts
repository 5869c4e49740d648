import { wordsOf } from './words.ts'

/** A shared pair of words counts this much beside shared words. Fitted on months before 2026-04. */
const PAIRS_SHARE = 0.5

/** The pairs of neighbouring words in a title and abstract. */
export function wordPairs({ title, abstract }: { title: string; abstract: string }): Set<string> {
  const pairs = new Set<string>()
  for (const words of [title, abstract].map(wordsOf))
    for (const [at, word] of words.slice(1).entries()) pairs.add(`${words[at]} ${word}`)
  return pairs
}

/**
 * Returns what two papers' shared pairs of words add to the cosine of their vectors: the cosine of the pairs, without weights.
 * Only the nearest papers by words are compared so. An index of all pairs finds no more, and is half as large again.
 */
export function pairLikeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0
  let shared = 0
  for (const pair of a) if (b.has(pair)) shared++
  return (PAIRS_SHARE * shared) / Math.sqrt(a.size * b.size)
}

import { crc32 } from 'node:zlib'
import type { Vector } from '../search/vectorise.ts'

/** A disliked paper counts this part of a liked one: dislikes are fewer, and say less about what to show instead. */
const DISLIKED_SHARE = 0.25
/** Terms to keep. On real readers, 256 find as much as all: nDCG@10 .263 against .266 (npm run bench -- choice). */
const MOST_TERMS = 256

/** The length of a paper's authors beside that of its words, which is 1. A common name must not outweigh the words. */
const AUTHORS_WEIGHT = 0.4
/** Large collaborations say little about a reader's taste. */
export const MOST_AUTHORS = 30

/** Adds a paper's authors to the vector of its words: who likes a group's paper often likes its next one. */
export function withAuthors({ terms, weights }: Vector, authors: readonly string[]): Vector {
  const names = [...new Set(authors.slice(0, MOST_AUTHORS).map(authorTerm))]
  const weight = AUTHORS_WEIGHT / Math.sqrt(names.length)
  return { terms: [...terms, ...names], weights: [...weights, ...names.map(() => weight)] }
}

/** Returns a name's term. It is negative: the ids of words are positive. Any two of 10,000 names share one with a chance of 2 %. */
export const authorTerm = (name: string): number => -1 - (crc32(name.toLowerCase()) >>> 1)

/**
 * Returns what these papers say about a reader's taste: the mean of the liked vectors minus a part of the mean of the disliked ones.
 * Terms come heaviest first. It is empty without a liked paper.
 */
export function tasteVector(liked: readonly Vector[], disliked: readonly Vector[]): Vector {
  if (liked.length === 0) return { terms: [], weights: [] }
  const sums = new Map<number, number>()
  const add = (vectors: readonly Vector[], share: number) => {
    for (const { terms, weights } of vectors) {
      for (let at = 0; at < terms.length; at++) {
        const term = terms[at]!
        sums.set(term, (sums.get(term) ?? 0) + (share * weights[at]!) / vectors.length)
      }
    }
  }
  add(liked, 1)
  add(disliked, -DISLIKED_SHARE)
  const heaviest = [...sums].sort(([a, x], [b, y]) => Math.abs(y) - Math.abs(x) || a - b).slice(0, MOST_TERMS)
  return { terms: heaviest.map(([term]) => term), weights: heaviest.map(([, weight]) => weight) }
}

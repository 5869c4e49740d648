import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildTasteIndex, SINGLE_PAPER_LIMITS } from '../../../src/edition/select/taste.ts'
import type { Vector } from '../../../src/papers/search/vectorise.ts'
import { tasteVector, withAuthors } from '../../../src/papers/votes/taste-vector.ts'

/** A unit vector with these terms, equally heavy. */
const vector = (...terms: number[]): Vector => ({ terms, weights: terms.map(() => 1 / Math.sqrt(terms.length)) })

const anyVector = fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 8 }).map((terms) => vector(...terms))

describe('papers that fit a taste', () => {
  test('are those above the reader’s own threshold among the last weeks’ papers, the best with the highest fit', () => {
    const recent = Array.from({ length: 100 }, (_, at) => vector(1000 + at, at < 5 ? 1 : 2000 + at))
    const index = buildTasteIndex([vector(1, 2), vector(7, 8), vector(1, 3)], recent)
    const similar = index.papersLike(vector(1, 3))
    expect(similar.map(({ position }) => position)).toEqual([0, 2])
    expect(similar[1]!.fit).toBe(1)
    expect(similar[0]!.fit).toBeLessThanOrEqual(1)
  })

  test('are none for an empty taste, and none that has nothing in common', () => {
    const index = buildTasteIndex([vector(1), vector(2)], [])
    expect(index.papersLike({ terms: [], weights: [] })).toEqual([])
    expect(index.papersLike(vector(9))).toEqual([])
  })

  test('are about a tenth of the papers, whatever the taste', () => {
    fc.assert(
      fc.property(fc.array(anyVector, { minLength: 30, maxLength: 60 }), anyVector, (papers, taste) => {
        const index = buildTasteIndex(papers, papers)
        const scores = index.scoresOf(taste)
        const similar = index.papersLike(taste)
        for (const { position, fit } of similar) {
          expect(fit).toBeGreaterThan(0)
          expect(fit).toBeLessThanOrEqual(1)
          expect(scores[position]).toBeGreaterThan(0)
        }
        const worst = Math.min(...similar.map(({ position }) => scores[position]!))
        // Ties at the threshold all fit.
        expect(similar.filter(({ position }) => scores[position]! > worst).length).toBeLessThanOrEqual(
          papers.length / 10,
        )
        const others = [...scores.keys()].filter((at) => !similar.some(({ position }) => position === at))
        for (const at of others) expect(scores[at]).toBeLessThan(worst)
      }),
    )
  })

  test('of one paper must have more in common than any two papers', () => {
    const index = buildTasteIndex([vector(1, 2), vector(...Array.from({ length: 200 }, (_, at) => at))], [])
    expect(index.papersLike(vector(1, 2), SINGLE_PAPER_LIMITS).map(({ position }) => position)).toEqual([0])
  })
})

describe('a taste', () => {
  test('is the mean of the liked papers, minus a part of the disliked ones', () => {
    const taste = tasteVector([vector(1), vector(1, 2)], [vector(2, 3)])
    const weights = new Map(taste.terms.map((term, at) => [term, taste.weights[at]!]))
    const half = Math.SQRT1_2
    expect(weights.get(1)).toBeCloseTo((1 + half) / 2)
    expect(weights.get(2)).toBeCloseTo(half / 2 - half / 4)
    expect(weights.get(3)).toBeCloseTo(-half / 4)
  })

  test('knows authors: the next paper of a liked group fits without a word in common, but words outweigh a common name', () => {
    const index = buildTasteIndex(
      [withAuthors(vector(7, 8), ['Ada Lovelace']), withAuthors(vector(1, 2), ['Emmy Noether']), vector(5, 6)],
      Array.from({ length: 100 }, (_, at) => withAuthors(vector(1000 + at), [`Author ${at}`])),
    )
    const taste = tasteVector([withAuthors(vector(1, 2), ['ada lovelace', 'Charles Babbage'])], [])
    const scores = index.scoresOf(taste)
    expect(index.papersLike(taste).map(({ position }) => position)).toEqual([0, 1])
    expect(scores[1]).toBeGreaterThan(scores[0]!)
  })

  test('has at most 256 terms, the heaviest first', () => {
    fc.assert(
      fc.property(fc.array(anyVector), fc.array(anyVector), (liked, disliked) => {
        const { terms, weights } = tasteVector(
          [...liked, vector(...Array.from({ length: 400 }, (_, at) => at))],
          disliked,
        )
        expect(terms.length).toBe(256)
        expect(weights.map(Math.abs)).toEqual(weights.map(Math.abs).toSorted((a, b) => b - a))
      }),
    )
  })
})

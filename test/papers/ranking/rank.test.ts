import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rankPapers, score } from '../../../src/papers/ranking/rank.ts'

const paper = (id: number, listPosition: number, votes?: number | null, ageHours?: number | null) => ({
  id,
  listPosition,
  votes,
  ageHours,
})

test('the score is votes / √(age + 4 hours)', () => {
  expect(score(10, 0)).toBe(5)
  expect(score(10, 21)).toBe(2)
  expect(score(0, 5)).toBe(0)
  expect(score(10, -3)).toBe(5)
})

test('younger papers need fewer votes; unknown votes keep the list’s order, last', () => {
  const list = [
    paper(1, 1, null),
    paper(2, 2, 0, 1),
    paper(3, 3, 40, 24),
    paper(4, 4, 20, 0),
    paper(5, 5),
    paper(6, 2, 0, 1),
  ]
  expect(rankPapers(list).map((ranked) => ranked.id)).toEqual([4, 3, 2, 6, 1, 5])
  expect(rankPapers([3, 1, 2].map((place) => paper(9 - place, place))).map((ranked) => ranked.listPosition)).toEqual([
    1, 2, 3,
  ])
})

test('the curator’s picks come first, by score among themselves', () => {
  const list = [paper(1, 1, 90, 0), { ...paper(2, 2, 5, 0), picked: true }, { ...paper(3, 3, 8, 0), picked: true }]
  expect(rankPapers(list).map((ranked) => ranked.id)).toEqual([3, 2, 1])
})

test('the order does not depend on the input order, and no paper is lost', () => {
  const list = fc.uniqueArray(
    fc.record({
      id: fc.nat(50),
      listPosition: fc.nat(5),
      votes: fc.option(fc.nat(20)),
      ageHours: fc.option(fc.nat(40)),
    }),
    { selector: (p) => p.id },
  )
  fc.assert(
    fc.property(list, (papers) => {
      expect(rankPapers(papers.toReversed())).toEqual(rankPapers(papers))
      expect(rankPapers(papers)).toHaveLength(papers.length)
    }),
  )
})

test('without a community’s votes, readers’ votes, weights and freshness decide', () => {
  const own = (id: number, facts: { votes?: number; ageHours?: number; weight?: number; picked?: boolean } = {}) => ({
    id,
    listPosition: id,
    sourceVotes: null,
    votes: null,
    ...facts,
  })
  const order = (...list: Parameters<typeof rankPapers>[0][number][]) => rankPapers(list).map(({ id }) => id)
  expect(order(own(1, { ageHours: 20 }), own(2, { ageHours: 2 }))).toEqual([2, 1])
  expect(order(own(1, { ageHours: 2 }), own(2, { ageHours: 2, votes: 1 }))).toEqual([2, 1])
  expect(order(own(1, { ageHours: 2 }), own(2, { ageHours: 2, weight: 2 }))).toEqual([2, 1])
  // Votes of readers count beside unvoted papers: an old paper with one vote does not beat a new one by being known.
  expect(order(own(1, { votes: 1, ageHours: 40 }), own(2, { ageHours: 0 }))).toEqual([2, 1])
  expect(order(own(1, { votes: 9, ageHours: 1 }), own(2, { picked: true, ageHours: 40 }))).toEqual([2, 1])
  expect(order(own(3), own(1), own(2))).toEqual([1, 2, 3])
})

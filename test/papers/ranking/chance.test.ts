import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  chanceOf,
  fitChance,
  forecastOf,
  type Outcome,
  SHIPPED_MODEL,
  topTenthFrom,
  wholeDayVotes,
} from '../../../src/papers/ranking/chance.ts'

const votes = fc.nat(3000)

describe('the shipped model', () => {
  test('gives chances and forecasts that rise with the votes', () => {
    fc.assert(
      fc.property(votes, votes, (one, other) => {
        const [fewer, more] = one < other ? [one, other] : [other, one]
        expect(chanceOf(fewer, SHIPPED_MODEL)).toBeLessThanOrEqual(chanceOf(more, SHIPPED_MODEL))
        const { low, high } = forecastOf(fewer, SHIPPED_MODEL)
        expect(low).toBeLessThanOrEqual(high)
        expect(forecastOf(more, SHIPPED_MODEL).low).toBeGreaterThanOrEqual(low)
        expect(high).toBeGreaterThanOrEqual(fewer)
      }),
    )
  })

  test('gives 20 votes hardly a chance, 40 votes two in five, 60 votes nine in ten', () => {
    const percent = (n: number) => Math.round(chanceOf(n, SHIPPED_MODEL) * 100)
    expect([5, 20, 30, 40, 60, 100].map(percent)).toEqual([0, 1, 10, 40, 90, 100])
    expect(forecastOf(43, SHIPPED_MODEL)).toEqual({ low: 54, high: 94 })
  })

  test('is no surer of a paper with very many votes, of which the fit knows few', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 3000 }), (many) => {
        const { low, high } = forecastOf(many, SHIPPED_MODEL)
        expect(high / low).toBeGreaterThan(1.6)
      }),
    )
  })
})

describe('votes as of a whole day', () => {
  const hours = fc.double({ min: 0, max: 40, noNaN: true })

  test('rise with the votes and fall with the hours that they took', () => {
    fc.assert(
      fc.property(votes, votes, hours, hours, (one, other, some, others) => {
        const [fewer, more] = one < other ? [one, other] : [other, one]
        const [shorter, longer] = some < others ? [some, others] : [others, some]
        expect(wholeDayVotes(fewer, some)).toBeLessThanOrEqual(wholeDayVotes(more, some))
        expect(wholeDayVotes(one, shorter)).toBeGreaterThanOrEqual(wholeDayVotes(one, longer))
        expect(wholeDayVotes(one, some)).toBeGreaterThanOrEqual(one)
      }),
    )
  })

  test('are the votes themselves after a whole day, and where the hours are unknown or impossible', () => {
    for (const hoursListed of [24, 25.5, 300, null, -1]) expect(wholeDayVotes(43, hoursListed)).toBe(43)
  })

  test('take the fewest hours that the fit knows for fewer ones', () => {
    expect(wholeDayVotes(10, 0)).toBe(wholeDayVotes(10, 2))
    expect(wholeDayVotes(10, 2)).toBeCloseTo(24.2, 1)
  })
})

/** A month of papers whose final votes are 1.2 to 2.8 times those of the close, and `late` risers among the least voted. */
function month(papers: number, late: number): Outcome[] {
  const all = Array.from({ length: papers }, (_, at) => {
    const wholeDayVotes = Math.round(80 * (1 - at / papers) ** 2)
    const times = 1.2 + ((at * 7) % 17) / 10
    return { wholeDayVotes, finalVotes: at >= papers - late ? 500 : Math.round(wholeDayVotes * times) }
  })
  const threshold = topTenthFrom(all.map(({ finalVotes }) => finalVotes))
  return all.map((paper) => ({ ...paper, inTopTenth: paper.finalVotes >= threshold }))
}

describe('a fit', () => {
  test('is calibrated on its own papers: as many end in the top tenth as it says', () => {
    const outcomes = month(1200, 6)
    const model = fitChance(outcomes)
    for (const [from, to] of [
      [0, 0.05],
      [0.05, 0.5],
      [0.5, 1],
    ] as const) {
      const chances = outcomes.map((paper) => ({ ...paper, chance: chanceOf(paper.wholeDayVotes, model) }))
      const own = chances.filter(({ chance }) => chance >= from && chance < to)
      const share = own.filter(({ inTopTenth }) => inTopTenth).length / own.length
      expect(Math.abs(own.reduce((sum, { chance }) => sum + chance, 0) / own.length - share)).toBeLessThan(0.1)
    }
    const covered = outcomes.filter((paper) => {
      const { low, high } = forecastOf(paper.wholeDayVotes, model)
      return paper.finalVotes >= low && paper.finalVotes <= high
    })
    expect(covered.length / outcomes.length).toBeGreaterThan(0.7)
    expect(covered.length / outcomes.length).toBeLessThan(0.9)
  })

  test('keeps late risers from flattening the curve', () => {
    const [few, many] = [fitChance(month(1200, 0)), fitChance(month(1200, 12))]
    expect(many.logOdds.slope).toBeGreaterThan(few.logOdds.slope / 2)
  })

  test('gives the least likely papers one chance, so that papers of two months compare, with late risers or without', () => {
    const [few, many] = [fitChance(month(1200, 0)), fitChance(month(1200, 12))]
    expect(Math.abs(chanceOf(2, few) - chanceOf(2, many))).toBeLessThan(0.001)
  })

  test('stays finite when the votes at the close decide', () => {
    const outcomes = month(400, 0).map((paper) => ({ ...paper, inTopTenth: paper.wholeDayVotes > 60 }))
    const { logOdds } = fitChance(outcomes)
    for (const number of [logOdds.intercept, logOdds.slope]) expect(Number.isFinite(number)).toBe(true)
  })
})

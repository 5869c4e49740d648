import { eq, inArray } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import {
  NO_BASELINES,
  readVoteBaselines,
  standingOf,
  type VoteBaselines,
} from '../../../src/papers/ranking/standing.ts'
import { papers, signals } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, servicesOn } from '../../support/services.ts'

const baselines = (papers: number, votes: number): VoteBaselines => ({
  all: { papers: 100, mean: Math.log1p(40) },
  topics: new Map([['speech', { papers, mean: Math.log1p(votes) }]]),
})

describe('a paper’s votes relative to its topic', () => {
  test('are 0 for average votes and ln 2 for about twice as many', () => {
    expect(standingOf(40, baselines(50, 5))).toBeCloseTo(0)
    expect(standingOf(81, baselines(50, 5))).toBeCloseTo(Math.log(2))
    // A topic with many papers has nearly its own baseline.
    expect(standingOf(5, baselines(10_000, 5), 'speech')).toBeCloseTo(0, 2)
  })

  test('use the overall baseline for a topic with few papers', () => {
    expect(standingOf(40, baselines(0, 0), 'speech')).toBeCloseTo(0)
    expect(standingOf(40, baselines(10, 5), 'speech')).toBeCloseTo((Math.log(41) - Math.log(6)) / 2)
    expect(standingOf(40, baselines(1, 5), 'speech')).toBeLessThan(standingOf(40, baselines(10, 5), 'speech'))
    expect(standingOf(40, baselines(10, 5), 'unheard-of')).toBeCloseTo(0)
  })

  test('keep the order of the votes within a topic, even without earlier papers', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), fc.nat(200), fc.nat(500), (one, other, papers, votes) => {
        for (const known of [baselines(papers, votes), NO_BASELINES]) {
          const difference = standingOf(one, known, 'speech') - standingOf(other, known, 'speech')
          expect(Math.sign(difference)).toBe(Math.sign(one - other))
        }
      }),
    )
  })
})

test('baselines come from the lists of four weeks, each at its close', async ({ db }) => {
  const old = await addPapers(db, '2026-03-16', 3)
  const first = await addPapers(db, '2026-03-17', 3)
  const last = await addPapers(db, '2026-04-13', 3)
  const own = await addPapers(db, '2026-04-14', 3)
  await db
    .update(papers)
    .set({ topics: ['speech'] })
    .where(inArray(papers.id, [old[0]!, first[0]!, last[1]!, own[0]!]))
  await db
    .update(papers)
    .set({ topics: ['speech', 'vision'] })
    .where(eq(papers.id, last[2]!))
  // Later votes cannot be compared with a list at its close.
  await db
    .insert(signals)
    .values({ paperId: last[1]!, observedAt: new Date('2026-04-15T00:00:00Z'), votes: 900, origin: 'file' })
  const { editionId } = await assemble(servicesOn(db), { date: '2026-04-14' })

  const { all, topics } = await readVoteBaselines(db, editionId)
  const mean = (...votes: number[]) => votes.reduce((sum, one) => sum + Math.log1p(one), 0) / votes.length
  expect(all.papers).toBe(6)
  expect(all.mean).toBeCloseTo(mean(100, 99, 98, 100, 99, 98))
  expect([...topics.keys()].sort()).toEqual(['speech', 'vision'])
  expect(topics.get('speech')!.papers).toBe(3)
  expect(topics.get('speech')!.mean).toBeCloseTo(mean(100, 99, 98))
  expect(topics.get('vision')!.mean).toBeCloseTo(mean(98))
})

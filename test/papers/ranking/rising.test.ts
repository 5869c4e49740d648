import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { risingForReader } from '../../../src/edition/select/rising-for-reader.ts'
import { deleteOldPolls } from '../../../src/papers/ingest/polls.ts'
import { type RisingCandidate, selectRising } from '../../../src/papers/ranking/rising.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { editionPapers, papers, picks, polls, signals, votes } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, addSubscriber, servicesOn } from '../../support/services.ts'

const followed = (
  id: number,
  closingRank: number,
  closingVotes: number,
  votesBefore: number,
  votes: number,
  listDay = '2026-04-13',
): RisingCandidate => ({ id, listDay, closingRank, fifthVotes: 18, closingVotes, votesBefore, votes })

describe('rising papers', () => {
  test('were overlooked and are now among their list’s first five, the highest first, then the oldest', () => {
    const papers = [
      followed(1, 5, 50, 60, 300), // every digest had it
      followed(2, 11, 7, 100, 214),
      followed(3, 6, 7, 20, 220),
      followed(4, 30, 16, 16, 19), // gained less than a quarter
      followed(5, 30, 14, 14, 18), // gained a quarter, but four votes
      followed(6, 30, 3, 3, 18),
      followed(7, 30, 3, 90, 90), // stands still since the last edition
      followed(8, 30, 0, 0, 17), // not among its list's first five
      followed(9, 30, 3, 3, 18, '2026-04-10'),
    ]
    expect(selectRising(papers).map(({ id }) => id)).toEqual([3, 2, 9, 6])
    expect(selectRising(papers, 1).map(({ id }) => id)).toEqual([3])
  })

  test('do not depend on the input order', () => {
    const paper = fc
      .tuple(fc.nat(40), fc.nat(30), fc.nat(80), fc.nat(80))
      .map(([rank, then, before, now]) => followed(rank, rank, then, before, now))
    fc.assert(
      fc.property(fc.uniqueArray(paper, { selector: ({ id }) => id }), (list) => {
        expect(selectRising(list.toReversed())).toEqual(selectRising(list))
      }),
    )
  })
})

describe('one reader’s rising papers', () => {
  test('are the first that they have not had, one in five of a digest', () => {
    expect(risingForReader([40, 41, 42, 43], new Set(), 10)).toEqual([40, 41])
    expect(risingForReader([40, 41, 42, 43], new Set([40, 42, 7]), 10)).toEqual([41, 43])
    expect(risingForReader([40, 41], new Set([40]), 5)).toEqual([41])
    expect(risingForReader([40], new Set([40]), 20)).toEqual([])
    expect(risingForReader([40], new Set(), 4)).toEqual([])
  })
})

/** Fourteen papers on Monday the 13th with 100, 99 … 87 votes at its close, and fourteen on each later day. */
async function aWeek(db: Db) {
  const monday = await addPapers(db, '2026-04-13', 14)
  for (const day of ['2026-04-14', '2026-04-15', '2026-04-16']) await addPapers(db, day, 14)
  return { late: monday[12]!, top: monday[0]! }
}
const saw = (db: Db, paperId: number, at: string, votes: number) =>
  db.insert(signals).values({ paperId, observedAt: new Date(at), votes, origin: 'hf' })
const risingOf = async (db: Db, editionId: number) =>
  (await db.select().from(editionPapers).where(sql`edition_id = ${editionId} AND section = 'rising'`)).map(
    ({ paperId, position, earlierVotes, votes, reason }) => ({ paperId, position, earlierVotes, votes, reason }),
  )

describe('an edition', () => {
  test('ends with rising papers and their numbers, as long as they rise', async ({ db }) => {
    const { late, top } = await aWeek(db)
    const at = { now: new Date('2026-04-15T02:10:00Z') }
    const services = servicesOn(db, {}, at)
    const assembled = async (date: string) => risingOf(db, (await assemble(services, { date })).editionId)

    await saw(db, late, '2026-04-15T01:59:00Z', 214)
    await saw(db, top, '2026-04-15T01:59:00Z', 900)
    const reason = 'up from 13th to 2nd of 14 on the list of Monday 13 April'
    const row = { paperId: late, position: 14, earlierVotes: 88, votes: 214, reason }
    expect(await assembled('2026-04-14')).toEqual([row])
    expect(await assembled('2026-04-14')).toEqual([row])

    at.now = new Date('2026-04-16T02:10:00Z')
    expect(await assembled('2026-04-15')).toEqual([])

    at.now = new Date('2026-04-17T02:10:00Z')
    await saw(db, late, '2026-04-17T01:59:00Z', 500)
    expect(await assembled('2026-04-16')).toMatchObject([{ paperId: late, earlierVotes: 88, votes: 500 }])
  })

  test('measures growth: it needs votes read shortly before the close', async ({ db }) => {
    const { late } = await aWeek(db)
    const services = servicesOn(db, {}, { now: new Date('2026-04-15T02:10:00Z') })
    const rising = async () => risingOf(db, (await assemble(services, { date: '2026-04-14' })).editionId)
    await saw(db, late, '2026-04-15T01:59:00Z', 214)
    const ofMonday = sql`observed_at = '2026-04-14T02:00:00Z'`
    await db.update(signals).set({ origin: 'undated' }).where(ofMonday)
    expect(await rising(), 'at an unknown time').toEqual([])
    await db
      .update(signals)
      .set({ origin: 'hf', observedAt: new Date('2026-04-13T09:00:00Z') })
      .where(ofMonday)
    expect(await rising(), 'hours before the close').toEqual([])
    await db.insert(polls).values({ source: 'hf', listDay: '2026-04-13', readAt: new Date('2026-04-14T01:40:00Z') })
    expect(await rising(), 'read again at 01:40, unchanged').toMatchObject([{ paperId: late }])
  })

  test('has no rising papers that are dropped, withdrawn, samples, or of its own days', async ({ db }) => {
    const { late } = await aWeek(db)
    const services = servicesOn(db, {}, { now: new Date('2026-04-15T02:10:00Z') })
    await saw(db, late, '2026-04-15T01:59:00Z', 214)
    const assembled = async () => risingOf(db, (await assemble(services, { date: '2026-04-14' })).editionId)
    expect(await assembled()).toHaveLength(1)

    const given = sql`id = ${late}`
    await db.update(papers).set({ withdrawnAt: new Date() }).where(given)
    expect(await assembled()).toEqual([])
    await db.update(papers).set({ withdrawnAt: null, sample: true }).where(given)
    expect(await assembled()).toEqual([])
    await db.update(papers).set({ sample: false, listDay: '2026-04-14' }).where(given)
    expect(await assembled()).toEqual([])
    await db.update(papers).set({ listDay: '2026-04-13' }).where(given)
    await db.insert(picks).values({ paperId: late, listDay: '2026-04-13', verdict: 'dropped' })
    expect(await assembled()).toEqual([])
  })

  test('of an old day counts the votes of that time, not later ones', async ({ db }) => {
    const { late } = await aWeek(db)
    await saw(db, late, '2026-08-01T00:00:00Z', 2_000)
    const services = servicesOn(db, {}, { now: new Date('2026-11-24T00:00:00Z') })
    expect(await risingOf(db, (await assemble(services, { date: '2026-04-14' })).editionId)).toEqual([])
  })

  test('of a week has rising papers of the weeks before', async ({ db }) => {
    const { late } = await aWeek(db)
    await addPapers(db, '2026-04-20', 3)
    await saw(db, late, '2026-04-24T00:00:00Z', 300)
    const services = servicesOn(db, {}, { now: new Date('2026-04-27T02:10:00Z') })
    const { editionId } = await assemble(services, { kind: 'weekly', date: '2026-04-20' })
    const reason = 'up from 49th to 1st of 56 on the list of the week of 13 April'
    expect(await risingOf(db, editionId)).toEqual([
      { paperId: late, position: 3, earlierVotes: 88, votes: 300, reason },
    ])
  })

  test('of a week has those of the week before last, also where votes rested before the close', async ({ db }) => {
    const [late] = (await addPapers(db, '2026-04-06', 14)).slice(12)
    await addPapers(db, '2026-04-20', 3)
    await db
      .update(signals)
      .set({ observedAt: new Date('2026-04-06T18:00:00Z') })
      .where(sql`paper_id = ${late}`)
    await db.insert(polls).values({ source: 'hf', listDay: '2026-04-06', readAt: new Date('2026-04-07T01:40:00Z') })
    await saw(db, late!, '2026-04-24T00:00:00Z', 300)
    const services = servicesOn(db, {}, { now: new Date('2026-04-27T02:10:00Z') })
    await deleteOldPolls(services)
    const { editionId } = await assemble(services, { kind: 'weekly', date: '2026-04-20' })
    expect(await risingOf(db, editionId)).toMatchObject([{ paperId: late, earlierVotes: 88, votes: 300 }])
  })

  test('counts our readers’ votes with the source’s', async ({ db }) => {
    const [, second] = await addPapers(db, '2026-04-14', 2)
    const services = servicesOn(db, {}, { now: new Date('2026-04-15T02:10:00Z') })
    const first = async () => {
      const { editionId } = await assemble(services, { date: '2026-04-14' })
      const [row] = await db.select().from(editionPapers).where(sql`edition_id = ${editionId} AND position = 0`)
      return { paperId: row!.paperId, votes: row!.votes }
    }
    expect(await first()).toMatchObject({ votes: 100 })
    for (const name of ['ada', 'bob']) {
      const subscriberId = await addSubscriber(db, `${name}@example.org`)
      await db.insert(votes).values({
        paperId: second!,
        subscriberId,
        castAt: new Date('2026-04-14T10:00:00Z'),
        network: Buffer.from(name),
      })
    }
    expect(await first()).toEqual({ paperId: second, votes: 101 })
  })
})

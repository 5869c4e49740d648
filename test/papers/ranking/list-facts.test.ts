import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { daysLater } from '../../../src/calendar/days.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { orderDays } from '../../../src/papers/lists/list-order.ts'
import { readListed } from '../../../src/papers/lists/listed-rows.ts'
import { chanceOf, SHIPPED_MODEL, wholeDayVotes } from '../../../src/papers/ranking/chance.ts'
import { readChanceModel, refitChance } from '../../../src/papers/ranking/chance-fits.ts'
import { type ListFacts, prospects } from '../../../src/papers/ranking/list-facts.ts'
import { readListFacts, recordListFacts, recordMissingFacts } from '../../../src/papers/ranking/record-list-facts.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import {
  chanceFits,
  editionPapers,
  editions,
  listFacts,
  papers,
  polls,
  signals,
} from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, servicesOn } from '../../support/services.ts'

const DAY = '2026-04-14'
const at = (db: Db, time: string) => ({ db, now: () => new Date(time), closeHourUtc: 2 })
const factsOf = async (db: Db, id: number) => (await readListFacts(db, [id])).get(id)

describe('a list’s facts', () => {
  test('follow the votes while it is open, and are frozen an hour after the close', async ({ db }) => {
    const [first, second] = await addPapers(db, DAY, 2)
    await db.update(signals).set({ observedAt: new Date(`${DAY}T14:00:00Z`) })
    await recordListFacts(at(db, `${DAY}T15:00:00Z`), DAY)
    expect(await factsOf(db, first!)).toMatchObject({ timing: 'open', votes: 100, rank: 1, of: 2 })

    const read = { votes: 300, origin: 'hf', paperId: second! }
    await db.insert(signals).values({ ...read, observedAt: new Date('2026-04-15T02:30:00Z') })
    await db.insert(signals).values({ ...read, votes: 900, observedAt: new Date('2026-04-15T09:00:00Z') })
    for (const now of ['2026-04-15T03:00:00Z', '2026-05-15T03:00:00Z']) {
      await recordListFacts(at(db, now), DAY)
      expect(await factsOf(db, second!)).toMatchObject({ timing: 'closing', votes: 300, rank: 1 })
      expect(await factsOf(db, first!)).toMatchObject({ timing: 'other', readAt: `${DAY}T14:00:00.000Z`, rank: 2 })
    }
  })

  test('of a list that was first read late are of that reading, as its order', async ({ db }) => {
    const [first, second, third] = await addPapers(db, DAY, 3)
    const late = '2026-04-15T08:00:00Z'
    await db.update(signals).set({ observedAt: new Date(late) })
    await db
      .insert(signals)
      .values({ votes: 900, origin: 'hf', paperId: third!, observedAt: new Date('2026-04-15T12:00:00Z') })
    await recordListFacts(at(db, '2026-04-15T13:00:00Z'), DAY)
    const { ids } = (await orderDays(at(db, '2026-04-15T13:00:00Z'), [DAY])).get(DAY)!
    expect(ids).toEqual([first, second, third])
    const facts = await readListFacts(db, ids)
    expect(ids.map((id) => facts.get(id)!.rank)).toEqual([1, 2, 3])
    expect(facts.get(first!)).toMatchObject({ votes: 100, timing: 'closing', readAt: '2026-04-15T08:00:00.000Z' })
  })

  test('of a list whose edition was late are of that edition, as its order', async ({ db }) => {
    const [first, second] = await addPapers(db, DAY, 2)
    await recordMissingFacts(at(db, '2026-04-15T03:30:00Z'))
    expect(await factsOf(db, first!)).toMatchObject({ votes: 100, rank: 1 })
    await db
      .insert(signals)
      .values({ votes: 500, origin: 'hf', paperId: second!, observedAt: new Date('2026-04-15T06:00:00Z') })
    const services = servicesOn(db, {}, { now: new Date('2026-04-15T06:30:00Z') })
    await assemble(services, { date: DAY })
    await release(services, { date: DAY })
    await db
      .insert(signals)
      .values({ votes: 900, origin: 'hf', paperId: first!, observedAt: new Date('2026-04-15T09:00:00Z') })
    const later = at(db, '2026-04-15T10:00:00Z')
    await recordMissingFacts(later)
    const { ids } = (await orderDays(later, [DAY])).get(DAY)!
    expect(ids).toEqual([second, first])
    const facts = await readListFacts(db, ids)
    expect(ids.map((id) => facts.get(id)!.rank)).toEqual([1, 2])
    const sent = await db.select().from(editionPapers)
    const listed = await readListed(db, ids, services.now())
    expect(new Map(sent.map((row) => [row.paperId, row.reason]))).toEqual(
      new Map(listed.map((row) => [row.id, row.reason])),
    )
  })

  test('of new lists come before those of late editions, which are stored again for a day', async ({ db }) => {
    const late = at(db, '2026-04-14T12:00:00Z')
    for (let before = 13; before > 3; before--) {
      const day = daysLater(DAY, -before)
      await addPapers(db, day, 1)
      await recordListFacts(late, day)
      await assemble(servicesOn(db, {}, { now: late.now() }), { date: day })
    }
    await db.update(editions).set({ state: 'released', releasedAt: late.now() })
    const [today] = await addPapers(db, DAY, 1)
    await recordMissingFacts(at(db, '2026-04-15T03:01:00Z'))
    expect(await factsOf(db, today!)).toMatchObject({ timing: 'closing' })
  })

  test('know when the votes were read: a later read that changed nothing confirms them', async ({ db }) => {
    const [first] = await addPapers(db, DAY, 1)
    await db.update(signals).set({ observedAt: new Date(`${DAY}T09:05:00Z`) })
    await db.insert(polls).values({ source: 'hf', listDay: DAY, readAt: new Date('2026-04-15T01:40:00Z') })
    await recordListFacts(at(db, '2026-04-16T00:00:00Z'), DAY)
    expect(await factsOf(db, first!)).toMatchObject({ timing: 'closing', readAt: '2026-04-15T01:40:00.000Z' })

    await db.update(polls).set({ source: 'club' })
    await recordListFacts(at(db, '2026-04-16T00:00:00Z'), DAY)
    expect(await factsOf(db, first!), 'another source has no votes').toMatchObject({ timing: 'other' })
    await db.update(signals).set({ origin: 'club' })
    await recordListFacts(at(db, '2026-04-16T00:00:00Z'), DAY)
    expect(await factsOf(db, first!), 'a reading list with votes').toMatchObject({ timing: 'closing' })

    await db.delete(polls)
    await db.update(signals).set({ origin: 'undated', observedAt: new Date('2026-04-15T02:00:00Z') })
    await recordListFacts(at(db, '2026-04-16T00:00:00Z'), DAY)
    const facts = (await factsOf(db, first!))!
    expect(facts).toMatchObject({ timing: 'other', rank: 1 })
    expect(facts).not.toHaveProperty('readAt')
    expect(facts).not.toHaveProperty('chance')
  })

  test('give a paper of the evening a higher chance than one with as many votes since the morning, as their order does', async ({
    db,
  }) => {
    const [morning, evening, unknown] = await addPapers(db, DAY, 3)
    await db.update(signals).set({ votes: 32 })
    await db
      .update(papers)
      .set({ listedAt: new Date(`${DAY}T20:00:00Z`) })
      .where(eq(papers.id, evening!))
    await db.update(papers).set({ listedAt: null }).where(eq(papers.id, unknown!))
    await recordListFacts(at(db, '2026-04-15T03:00:00Z'), DAY)
    const chanceOfPaper = async (id: number) => (await factsOf(db, id))!.chance!
    const [early, late] = [await chanceOfPaper(morning!), await chanceOfPaper(evening!)]
    expect(late.topTenth).toBeGreaterThan(2 * early.topTenth)
    expect(late.low, 'in accord with its forecast').toBeGreaterThan(early.low)
    expect([early.votes, late.votes]).toEqual([32, 32])
    expect(await chanceOfPaper(unknown!), 'an unknown hour changes nothing').toEqual(early)

    await db.delete(papers).where(sql`id <> ${evening!}`)
    await recordListFacts(at(db, '2026-04-15T03:00:00Z'), DAY)
    expect(await chanceOfPaper(evening!), 'the same without others on its list').toEqual(late)
  })

  test('that are missing are made up for, the oldest list first, once', async ({ db }) => {
    const old = await addPapers(db, '2026-04-01', 12)
    await db.update(papers).set({ topics: ['robotics'] })
    const days = ['2026-04-12', '2026-04-13']
    for (const day of days) await addPapers(db, day, 1)
    const [today] = await addPapers(db, DAY, 1)
    await db
      .update(signals)
      .set({ votes: 7 })
      .where(sql`paper_id = ANY(${sql.param(old)}::bigint[])`)
    await db
      .update(papers)
      .set({ topics: ['robotics'] })
      .where(eq(papers.listDay, '2026-04-13'))
    await recordMissingFacts(at(db, '2026-04-15T02:59:00Z'))
    expect(await factsOf(db, today!), 'not settled yet').toBeUndefined()
    const [newest] = await db.select().from(papers).where(eq(papers.listDay, '2026-04-13'))
    expect(await factsOf(db, newest!.id)).toMatchObject({ best: { topic: 'robotics', days: 12 } })

    await recordMissingFacts(at(db, '2026-04-15T03:01:00Z'))
    expect(await factsOf(db, today!)).toBeDefined()
    await db
      .update(listFacts)
      .set({ facts: { timing: 'other', of: 1 } })
      .where(eq(listFacts.paperId, today!))
    await recordMissingFacts(at(db, '2026-04-15T03:06:00Z'))
    expect(await factsOf(db, today!)).toEqual({ timing: 'other', of: 1 })
  })

  test('make the same reason in an edition and on its day’s page', async ({ db }) => {
    const ids = await addPapers(db, DAY, 4)
    const services = servicesOn(db, {}, { now: new Date('2026-04-15T03:00:00Z') })
    await recordListFacts(at(db, '2026-04-15T03:00:00Z'), DAY)
    const { editionId } = await assemble(services, { date: DAY })
    const rows = await db.select().from(editionPapers).where(eq(editionPapers.editionId, editionId))
    const listed = await readListed(db, ids, new Date('2026-04-20T00:00:00Z'))
    expect(new Map(rows.map((row) => [row.paperId, row.reason]))).toEqual(
      new Map(listed.map((row) => [row.id, row.reason])),
    )
    expect(listed[0]!.reason).toMatch(/^1st of 4 in the final ranking/)
  })
})

/** Three months of lists, read at the close and two weeks later, when every paper has twice its votes. */
async function threeMonths(db: Db): Promise<void> {
  await db.execute(sql`
    INSERT INTO papers (source, source_id, title, abstract, list_day, list_position, raw)
    SELECT 'title', d || '-' || n, 'A paper', '', d::date, n, '{}'
    FROM generate_series(date '2026-01-01', date '2026-03-31', interval '1 day') d, generate_series(1, 10) n`)
  await db.execute(sql`
    INSERT INTO signals (paper_id, observed_at, votes, origin)
    SELECT id, (list_day + after)::timestamp AT TIME ZONE 'UTC' + interval '1 hour', (id % 97)::int * (1 + (after > 1)::int), 'hf'
    FROM papers, unnest(ARRAY[1, 14]) AS after`)
}

describe('the model of chances', () => {
  test('is fitted on own papers once a month, when there are three whole months', async ({ db }) => {
    await threeMonths(db)
    expect(await readChanceModel(db)).toEqual(SHIPPED_MODEL)
    for (let run = 0; run < 4; run++) await recordMissingFacts(at(db, '2026-04-01T12:00:00Z'))
    expect(await refitChance(at(db, '2026-04-10T12:00:00Z')), 'March is not followed to its end').toBeUndefined()
    expect(await refitChance(at(db, '2026-04-16T12:00:00Z')), 'too few lists have facts').toBeUndefined()
    for (let day = 0; day < 90; day++)
      await recordListFacts(at(db, '2026-04-16T12:00:00Z'), daysLater('2026-01-01', day))

    const ids = await addPapers(db, DAY, 60)
    await recordListFacts(at(db, '2026-04-15T03:00:00Z'), DAY)
    const old = await addPapers(db, '2026-04-01', 1)
    await recordListFacts(at(db, '2026-04-02T03:00:00Z'), '2026-04-01')
    const stored = async () => (await readListFacts(db, [...ids, ...old])) as ReadonlyMap<number, ListFacts>
    const before = await stored()
    expect(await refitChance(at(db, '2026-04-16T12:00:00Z'))).toBe(900)
    const after = await stored()
    for (const [rank, id] of ids.entries()) {
      const { chance, ...others } = after.get(id)!
      const { chance: former, ...unchanged } = before.get(id)!
      expect(others).toEqual(unchanged)
      const paper = { sourceVotes: 100 - rank, listedAt: null, readAt: null }
      const restated = prospects(paper, await readChanceModel(db)).chance
      expect([id, chance]).toEqual([id, restated])
      if (rank === 0) expect(chance).not.toEqual(former)
    }
    expect(after.get(old[0]!), 'no page shows its chance any more').toEqual(before.get(old[0]!))
    const model = await readChanceModel(db)
    expect(model).not.toEqual(SHIPPED_MODEL)
    expect(Math.expm1(model.high.intercept + model.high.slope * Math.log1p(40))).toBeCloseTo(80, -1)
    expect(await refitChance(at(db, '2026-04-30T12:00:00Z'))).toBeUndefined()
    expect(await refitChance(at(db, '2026-05-01T12:00:00Z'))).toBe(900)
    expect(await db.$count(chanceFits)).toBe(2)
  })

  test('is fitted on votes as of a whole day, and restates chances so', async ({ db }) => {
    await threeMonths(db)
    await db.execute(sql`UPDATE papers SET listed_at = list_day::timestamp AT TIME ZONE 'UTC' + interval '20 hours'`)
    for (let day = 0; day < 90; day++)
      await recordListFacts(at(db, '2026-04-16T12:00:00Z'), daysLater('2026-01-01', day))
    const ids = await addPapers(db, DAY, 40)
    await db.execute(sql`UPDATE papers SET listed_at = listed_at + interval '20 hours' WHERE list_day = ${DAY}`)
    await recordListFacts(at(db, '2026-04-15T03:00:00Z'), DAY)
    const before = (await factsOf(db, ids[0]!))!
    expect(await refitChance(at(db, '2026-04-16T12:00:00Z'))).toBe(900)
    const model = await readChanceModel(db)
    // One in ten papers had 86 votes or more when they were read, after five hours.
    expect(model.linesUpTo).toBeCloseTo(wholeDayVotes(86, 5), 6)
    const after = (await factsOf(db, ids[0]!))!
    expect(after.chance!.topTenth).toBe(chanceOf(wholeDayVotes(100, 5), model))
    expect(after.chance).not.toEqual(before.chance)
  })

  test('is fitted on votes that rested, where the community’s list was read; announcements confirm none', async ({
    db,
  }) => {
    await threeMonths(db)
    await db.execute(sql`
      DELETE FROM signals s USING papers p WHERE p.id = s.paper_id AND s.observed_at > p.list_day + 2`)
    for (let day = 0; day < 90; day++)
      await recordListFacts(at(db, '2026-04-16T12:00:00Z'), daysLater('2026-01-01', day))
    await db.execute(sql`
      INSERT INTO source_reads (source, list_day, read_at, papers)
      SELECT DISTINCT 'arxiv', list_day, list_day + 14, 0 FROM papers`)
    expect(await refitChance(at(db, '2026-04-16T12:00:00Z'))).toBeUndefined()
    await db.execute(sql`UPDATE source_reads SET source = 'hf'`)
    expect(await refitChance(at(db, '2026-04-16T12:00:00Z'))).toBe(900)
  })
})

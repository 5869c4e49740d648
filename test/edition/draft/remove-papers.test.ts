import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { recall } from '../../../src/delivery/ledger/recall.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { curate } from '../../../src/edition/draft/curate.ts'
import { lockDraft } from '../../../src/edition/draft/lock-draft.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { removePapers } from '../../../src/edition/draft/remove-papers.ts'
import { castVote } from '../../../src/papers/votes/cast.ts'
import { markPaper } from '../../../src/papers/votes/marks.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { editionPapers, editions, papers, signals, subscribers, tastes, votes } from '../../../src/runtime/db/schema.ts'
import { someoneWaits, test } from '../../support/database.ts'
import { addPapers, addSubscriber, NOON, servicesOn } from '../../support/services.ts'

const DAY = '2026-04-14'
const names = async (db: Db) => (await db.select().from(papers).orderBy(papers.id)).map(({ sourceId }) => sourceId)

test('a dry run says what would go, and changes nothing', async ({ db }) => {
  const services = servicesOn(db)
  const [first] = await addPapers(db, DAY, 3)
  const subscriberId = await addSubscriber(db, 'ada@example.org')
  await castVote(services, { subscriberId, paperId: first! }, '203.0.113.7')
  await assemble(services, { date: DAY })
  const found = await removePapers(services, { names: ['https://arxiv.org/abs/2604.14000'] }, { dryRun: true })
  expect(found).toMatchObject({
    papers: [{ id: first }],
    days: [DAY],
    votes: 1,
    marks: 0,
    drafts: [{ kind: 'daily', date: DAY }],
  })
  expect([await db.$count(papers), await db.$count(votes), await db.$count(editionPapers)]).toEqual([3, 1, 3])
})

test('papers go with all that is theirs, and drafts have the others, in their order', async ({ db }) => {
  const services = servicesOn(db)
  const [first, second, third] = await addPapers(db, DAY, 3)
  await addPapers(db, '2026-04-13', 1)
  const subscriberId = await addSubscriber(db, 'ada@example.org')
  await castVote(services, { subscriberId, paperId: first! }, '203.0.113.7')
  await assemble(services, { date: DAY })
  await curate(services, '2604.14000', 'pick', 'A mistake.')
  await removePapers(services, { names: ['2604.14000'] }, { dryRun: false })
  const rows = await db.select().from(editionPapers).orderBy(editionPapers.position)
  expect(rows.map(({ paperId, position }) => [paperId, position])).toEqual([
    [second, 0],
    [third, 1],
  ])
  expect([await db.$count(votes), await db.$count(signals), await db.$count(papers)]).toEqual([0, 3, 3])
})

test('a whole list day goes with its draft, and can be imported again', async ({ db }) => {
  const services = servicesOn(db)
  await addPapers(db, DAY, 3)
  await addPapers(db, '2026-04-13', 2)
  await assemble(services, { date: DAY })
  await assemble(services, { kind: 'weekly', date: '2026-04-13' })
  const { drafts } = await removePapers(services, { day: DAY }, { dryRun: false })
  expect(drafts).toEqual([
    { kind: 'weekly', date: '2026-04-13' },
    { kind: 'daily', date: DAY },
  ])
  const left = await db.select().from(editions)
  expect(left.map(({ kind, date }) => [kind, date])).toEqual([['weekly', '2026-04-13']])
  expect(await db.$count(editionPapers)).toBe(2)
  await addPapers(db, DAY, 3)
  expect(await assemble(services, { date: DAY })).toMatchObject({ papers: 3, changed: true })
})

test('waits for a draft that is being assembled, which neither ends with an error', async ({ db }) => {
  const services = servicesOn(db)
  await addPapers(db, DAY, 3)
  await assemble(services, { date: DAY })
  const removing = await db.transaction(async (tx) => {
    await lockDraft(tx, { kind: 'daily', date: DAY })
    const removal = removePapers(services, { names: ['2604.14000'] }, { dryRun: false })
    removal.catch(() => {})
    await someoneWaits(db)
    await assemble({ ...services, db: tx }, { date: DAY })
    return { removal }
  })
  expect(await removing.removal).toMatchObject({ drafts: [{ kind: 'daily', date: DAY }] })
  expect(await db.$count(editionPapers)).toBe(2)
})

test('readers’ tastes are learned again without the papers', async ({ db }) => {
  const services = servicesOn(db)
  const [first, second] = await addPapers(db, DAY, 2)
  const [ada, bob] = [await addSubscriber(db, 'ada@example.org'), await addSubscriber(db, 'bob@example.org')]
  await db.update(subscribers).set({ likeVoted: true })
  await castVote(services, { subscriberId: ada, paperId: first! }, '203.0.113.7')
  await markPaper(services, { subscriberId: bob, paperId: first!, kind: 'saved' })
  await castVote(services, { subscriberId: bob, paperId: second! }, '203.0.113.8')
  expect(await db.$count(tastes)).toBe(2)
  await removePapers(services, { names: ['2604.14000'] }, { dryRun: false })
  const learned = await db.select().from(tastes)
  expect(learned.map(({ subscriberId, votes, saved }) => [subscriberId, votes, saved])).toEqual([[bob, 1, 0]])
})

test('waits for a curator who is changing the draft, and neither fails', async ({ db }) => {
  const services = servicesOn(db)
  const [, second] = await addPapers(db, DAY, 2)
  await assemble(services, { date: DAY })
  let removal: ReturnType<typeof removePapers> | undefined
  await db.transaction(async (tx) => {
    await lockDraft(tx, { kind: 'daily', date: DAY })
    removal = removePapers(services, { names: ['2604.14000'] }, { dryRun: false })
    removal.catch(() => {}) // awaited below
    await someoneWaits(db)
    await curate({ ...services, db: tx }, '2604.14000', 'pick', 'A mistake.')
  })
  expect(await removal).toMatchObject({ papers: [{ listDay: DAY }] })
  expect((await db.select().from(editionPapers)).map(({ paperId }) => paperId)).toEqual([second])
})

describe('is refused as a whole, and removes nothing', () => {
  test('for a paper of an edition that went out, until it is recalled', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 2)
    await addPapers(db, '2026-04-13', 1)
    await assemble(services, { date: DAY })
    await release(services, { date: DAY })
    const both = { names: ['2604.13000', '2604.14000'] }
    await expect(removePapers(services, both, { dryRun: false })).rejects.toMatchObject({
      code: 'EDITION_STATE',
      message: expect.stringMatching(
        /^1 paper of 2 went out, such as “.*” in the daily edition of 2026-04-14\. Nothing was removed/,
      ),
    })
    expect(await db.$count(papers)).toBe(3)
    await recall(services, { kind: 'daily', date: DAY })
    await removePapers(services, both, { dryRun: false })
    expect(await names(db)).toEqual(['2604.14001'])
  })

  test('for a draft that was cancelled, not', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 2)
    await assemble(services, { date: DAY })
    await db.execute(sql`UPDATE editions SET state = 'cancelled'`)
    await removePapers(services, { names: ['2604.14000'] }, { dryRun: false })
    expect(await names(db)).toEqual(['2604.14001'])
  })

  test('for a name or a day without a paper', async ({ db }) => {
    const services = servicesOn(db, {}, { now: NOON })
    await addPapers(db, DAY, 1)
    await expect(
      removePapers(services, { names: ['2604.14000', '2604.99999', 'x'] }, { dryRun: false }),
    ).rejects.toMatchObject({
      code: 'PAPER_NOT_FOUND',
      message: 'There is no paper "2604.99999", "x".',
    })
    await expect(removePapers(services, { day: '2026-04-01' }, { dryRun: true })).rejects.toMatchObject({
      code: 'PAPER_NOT_FOUND',
    })
    expect(await db.$count(papers)).toBe(1)
  })
})

import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { castVote, readVotedIds, recordSubmitter, undoVote } from '../../../src/papers/votes/cast.ts'
import { dampBursts } from '../../../src/papers/votes/damp-bursts.ts'
import { hashNetwork } from '../../../src/papers/votes/hash-network.ts'
import { countVotesInSpan } from '../../../src/papers/votes/reader-votes.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { test } from '../../support/database.ts'
import { addPapers, addReaders, addSubscriber, NOON, testConfig } from '../../support/services.ts'

const depsAt = (db: Db, at = NOON) => ({ db, now: () => at, config: testConfig() })
const HOME = '203.0.113.7'

const readerIds = async (db: Db): Promise<number[]> =>
  (await db.execute<{ id: string }>(sql`SELECT id FROM subscribers ORDER BY id`)).rows.map(({ id }) => Number(id))

const DAY = '2026-04-14'
const counts = (db: Db, by = new Date('2027-01-01')) => countVotesInSpan(db, { from: DAY, to: DAY }, by)
const count = async (db: Db, paperId: number, by?: Date): Promise<number> => (await counts(db, by)).get(paperId) ?? 0

describe('a vote', () => {
  test('counts once, however often it is cast', async ({ db }) => {
    const [paperId] = await addPapers(db, '2026-04-14', 1)
    const subscriberId = await addSubscriber(db, 'ada@example.org')
    await Promise.all(
      [HOME, HOME, '198.51.100.4', '2001:db8::1'].map((origin) =>
        castVote(depsAt(db), { subscriberId, paperId: paperId! }, origin),
      ),
    )
    expect(await count(db, paperId!)).toBe(1)
    expect(await readVotedIds(db, subscriberId, [paperId!])).toEqual(new Set([paperId]))
  })

  test('can be undone, even twice', async ({ db }) => {
    const [paperId] = await addPapers(db, '2026-04-14', 1)
    const subscriberId = await addSubscriber(db, 'ada@example.org')
    const ballot = { subscriberId, paperId: paperId! }
    await castVote(depsAt(db), ballot, HOME)
    await undoVote(depsAt(db), ballot)
    await undoVote(depsAt(db), ballot)
    expect(await count(db, paperId!)).toBe(0)
  })

  test.for(['pending', 'unsubscribed', 'bounced', 'complained', 'erased'] as const)(
    'is refused from a reader who is %s',
    async (status, { db }) => {
      const [paperId] = await addPapers(db, '2026-04-14', 1)
      const subscriberId = await addSubscriber(db, 'ada@example.org', { status })
      await expect(castVote(depsAt(db), { subscriberId, paperId: paperId! }, HOME)).rejects.toMatchObject({
        code: 'NOT_A_READER',
      })
      expect(await count(db, paperId!)).toBe(0)
    },
  )

  test('for an unknown paper is refused', async ({ db }) => {
    const subscriberId = await addSubscriber(db, 'ada@example.org')
    await expect(castVote(depsAt(db), { subscriberId, paperId: 999 }, HOME)).rejects.toMatchObject({
      code: 'PAPER_NOT_FOUND',
    })
  })
})

describe('the count of a paper', () => {
  test('includes only its votes cast by a moment', async ({ db }) => {
    const [first, second] = await addPapers(db, '2026-04-14', 2)
    const subscriberId = await addSubscriber(db, 'ada@example.org')
    await castVote(depsAt(db), { subscriberId, paperId: first! }, HOME)
    expect(await count(db, first!, NOON)).toBe(1)
    expect(await count(db, first!, new Date(NOON.getTime() - 1))).toBe(0)
    expect(await count(db, second!)).toBe(0)
    expect(await countVotesInSpan(db, { from: '2026-04-15', to: '2026-04-20' }, NOON)).toEqual(new Map())
  })

  test.for([
    ['unsubscribed', 1],
    ['bounced', 0],
    ['complained', 0],
    ['pending', 0],
  ] as const)('with the vote of a reader who is now %s is %i', async ([status, counted], { db }) => {
    const [paperId] = await addPapers(db, '2026-04-14', 1)
    const subscriberId = await addSubscriber(db, 'ada@example.org')
    await castVote(depsAt(db), { subscriberId, paperId: paperId! }, HOME)
    await db.execute(sql`UPDATE subscribers SET status = ${status}`)
    expect(await count(db, paperId!)).toBe(counted)
  })

  test('excludes the submitter’s own vote', async ({ db }) => {
    const [paperId, other] = await addPapers(db, '2026-04-14', 2)
    const ada = await addSubscriber(db, 'ada@example.org')
    const bob = await addSubscriber(db, 'bob@example.org')
    const { rows } = await db.execute<{ source_id: string }>(sql`SELECT source_id FROM papers WHERE id = ${paperId}`)
    const own = { subscriberId: ada, source: 'arxiv', sourceId: rows[0]!.source_id }
    await recordSubmitter(db, own)
    await recordSubmitter(db, own)
    for (const subscriberId of [ada, bob]) {
      await castVote(depsAt(db), { subscriberId, paperId: paperId! }, HOME)
      await castVote(depsAt(db), { subscriberId, paperId: other! }, HOME)
    }
    expect(await counts(db)).toEqual(
      new Map([
        [paperId, 1],
        [other, 2],
      ]),
    )
  })

  test('from a hundred addresses in one network is low beside three networks of readers', async ({ db }) => {
    const [puppets, honest] = await addPapers(db, '2026-04-14', 2)
    await addReaders(db, 112)
    const ids = await readerIds(db)
    for (const [index, subscriberId] of ids.entries()) {
      const origin = index < 100 ? HOME : `198.51.100.${index}`
      await castVote(depsAt(db), { subscriberId, paperId: index < 100 ? puppets! : honest! }, origin)
    }
    expect(await count(db, puppets!)).toBe(9)
    expect(await count(db, honest!)).toBe(12)
  })
})

test('erasing a reader deletes their votes, on every path', async ({ db }) => {
  const [paperId] = await addPapers(db, '2026-04-14', 1)
  const ada = await addSubscriber(db, 'ada@example.org')
  const bob = await addSubscriber(db, 'bob@example.org')
  for (const subscriberId of [ada, bob]) await castVote(depsAt(db), { subscriberId, paperId: paperId! }, HOME)
  await recordSubmitter(db, { subscriberId: ada, source: 'arxiv', sourceId: '2604.00001' })
  await db.execute(
    sql`UPDATE subscribers SET status = 'erased', email = NULL, email_key = NULL, next_digest_at = NULL WHERE id = ${ada}`,
  )
  expect((await db.execute(sql`SELECT subscriber_id FROM votes`)).rows).toEqual([{ subscriber_id: String(bob) }])
  expect((await db.execute(sql`SELECT * FROM paper_submitters`)).rows).toEqual([])
  expect(await count(db, paperId!)).toBe(1)
})

describe('the network of a vote', () => {
  const key = testConfig().SECRET_KEY
  const hash = (address: string, at = NOON) => hashNetwork(key, address, at).toString('hex')

  test.for([
    ['203.0.113.7', '::ffff:203.0.113.7'],
    ['2001:db8::1', '2001:0db8:0:0:ffff:1:2:3'],
    ['2001:db8:1:2::', '2001:DB8:1:2:3:4:5:6'],
    ['fe80::1%eth0', 'fe80::2'],
    ['::1', '::2'],
  ] as const)('is the same for %s and %s', ([a, b]) => {
    expect(hash(a)).toBe(hash(b))
  })

  test.for([
    ['203.0.113.7', '203.0.113.8'],
    ['2001:db8:0:1::1', '2001:db8:0:2::1'],
    ['2001:db8::1', '2001:db8:0:1::1'],
  ] as const)('differs for %s and %s', ([a, b]) => {
    expect(hash(a)).not.toBe(hash(b))
  })

  test('cannot be linked to the next day, or without the key', () => {
    expect(hash(HOME)).not.toBe(hash(HOME, new Date('2026-04-16T00:00:00Z')))
    expect(hash(HOME)).toBe(hash(HOME, new Date('2026-04-15T23:59:59Z')))
    expect(hash(HOME)).not.toBe(hashNetwork(`${key}!`, HOME, NOON).toString('hex'))
  })
})

describe('a burst', () => {
  test.for([
    [[], 0],
    [[1], 1],
    [[1, 1, 1, 1, 1], 5],
    [[3], 3],
    [[4], 4],
    [[10], 6],
    [[100], 9],
    [[1000, 1], 13],
  ] as const)('of %j counts as %i', ([bursts, counted]) => {
    expect(dampBursts(bursts)).toBe(counted)
  })

  test('never counts less with one more vote', () => {
    for (let n = 1; n < 500; n++) expect(dampBursts([n])).toBeGreaterThanOrEqual(dampBursts([n - 1]))
  })
})

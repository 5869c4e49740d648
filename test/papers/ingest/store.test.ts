import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { parseHfEntry } from '../../../src/papers/ingest/formats/hf-entry.ts'
import { isBad, type ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { prepareToStore, storeList } from '../../../src/papers/ingest/store.ts'
import { formerTitleId, titleId } from '../../../src/papers/paper-id.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { papers, signals } from '../../../src/runtime/db/schema.ts'
import { someoneWaits, test } from '../../support/database.ts'
import { everything, hfEntry } from '../support.ts'

const MORNING = new Date('2026-04-10T08:00:00Z')
const EVENING = new Date('2026-04-10T20:00:00Z')

function listed(id: string, paper: Record<string, unknown> = {}, changes: Partial<ListedPaper> = {}): ListedPaper {
  const parsed = parseHfEntry(hfEntry(id, paper), 1)
  if (isBad(parsed)) throw new Error(parsed.reason)
  return { ...parsed, ...changes }
}

const store = (db: Db, list: ListedPaper[], observedAt: Date, origin: 'hf' | 'file' | 'sample' = 'hf') =>
  storeList({ db }, list, { observedAt, origin })
const rows = (db: Db) => db.select().from(papers).orderBy(papers.sourceId)
const snapshots = (db: Db) => db.select().from(signals).orderBy(signals.observedAt)

describe('facts', () => {
  test('follow the newer list, and values that it omits are kept', async ({ db }) => {
    await store(db, [listed('2604.00001', { ai_summary: 'Short.', githubRepo: 'https://a.example/code' })], MORNING)
    const result = await store(db, [listed('2604.00001', { title: 'Better title', summary: '', authors: [] })], EVENING)
    expect(result).toEqual({ papers: 1, added: 0, changed: 1, signals: 0 })
    expect(await rows(db)).toMatchObject([
      {
        title: 'Better title',
        abstract: 'What 2604.00001 says.',
        authors: ['Ada'],
        summary: 'Short.',
        codeUrl: 'https://a.example/code',
      },
    ])
  })

  test('ignore a list read before the newest snapshot', async ({ db }) => {
    await store(db, [listed('2604.00001', { upvotes: 50 })], EVENING)
    const older = await store(db, [listed('2604.00001', { upvotes: 9, title: 'Old title' })], MORNING)
    expect(older).toEqual({ papers: 1, added: 0, changed: 0, signals: 1 })
    expect((await rows(db))[0]!.title).toBe('Paper 2604.00001')
    expect((await snapshots(db)).map((s) => s.votes)).toEqual([9, 50])
  })

  test('keep their time of change when nothing changed', async ({ db }) => {
    await store(db, [listed('2604.00001')], MORNING)
    const [before] = await rows(db)
    await db.update(papers).set({ updatedAt: MORNING })
    expect((await store(db, [listed('2604.00001')], EVENING)).changed).toBe(0)
    expect((await rows(db))[0]).toEqual({ ...before, updatedAt: MORNING })
  })

  test('move a paper to a later day, never to an earlier one', async ({ db }) => {
    const later = listed('2604.00001', { submittedOnDailyAt: '2026-04-16T01:00:00Z' })
    await store(db, [listed('2604.00001')], MORNING)
    await store(db, [later], EVENING)
    expect((await rows(db))[0]).toMatchObject({ listDay: '2026-04-16', listedAt: later.listedAt })
    expect(
      (await store(db, [listed('2604.00001', { title: 'Other' })], new Date('2026-05-01T00:00:00Z'))).changed,
    ).toBe(0)
    expect((await rows(db))[0]).toMatchObject({ listDay: '2026-04-16', title: 'Paper 2604.00001' })
  })

  test('of a paper listed twice are those of its first position', async ({ db }) => {
    const result = await store(db, [listed('2604.00001'), listed('2604.00001', { title: 'Again' })], MORNING)
    expect(result).toMatchObject({ papers: 1, added: 1 })
    expect((await rows(db))[0]!.title).toBe('Paper 2604.00001')
  })

  test('of many papers need few statements', async ({ db }) => {
    const many = Array.from({ length: 1203 }, (_, i) => listed(`2604.${String(i).padStart(5, '0')}`))
    expect(await store(db, many, MORNING)).toEqual({ papers: 1203, added: 1203, changed: 0, signals: 1203 })
  })
})

describe('signals', () => {
  test('are added only when votes changed', async ({ db }) => {
    await store(db, [listed('2604.00001', { upvotes: 5 })], MORNING)
    expect((await store(db, [listed('2604.00001', { upvotes: 5 })], new Date('2026-04-10T12:00:00Z'))).signals).toBe(0)
    expect((await store(db, [listed('2604.00001', { upvotes: 6 })], EVENING)).signals).toBe(1)
    expect(await snapshots(db)).toMatchObject([{ votes: 5, comments: 1, stars: null, origin: 'hf' }, { votes: 6 }])
  })

  test('are never overwritten, and not created for unknown votes', async ({ db }) => {
    await store(db, [listed('2604.00001', { upvotes: 5 }), listed('2604.00002', { upvotes: undefined })], MORNING)
    expect((await store(db, [listed('2604.00001', { upvotes: 900 })], MORNING, 'file')).signals).toBe(0)
    expect(await snapshots(db)).toMatchObject([{ votes: 5 }])
  })
})

describe('a sample', () => {
  test('is replaced by a real list with its votes and texts, even of an earlier day', async ({ db }) => {
    const sample = listed(
      '2604.00001',
      { submittedOnDailyAt: '2026-11-23T04:00:00Z', ai_summary: 'Invented.', upvotes: 98 },
      { sample: true },
    )
    await store(db, [sample], new Date('2026-11-24T02:00:00Z'), 'sample')
    expect((await store(db, [listed('2604.00001', { upvotes: 7 })], MORNING)).changed).toBe(1)
    expect(await rows(db)).toMatchObject([{ sample: false, listDay: '2026-04-10', summary: null }])
    expect(await snapshots(db)).toMatchObject([{ votes: 7, origin: 'hf' }])
  })

  test('never replaces a real paper', async ({ db }) => {
    await store(db, [listed('2604.00001')], MORNING)
    await store(
      db,
      [
        listed(
          '2604.00001',
          { title: 'Sample', submittedOnDailyAt: '2026-11-23T04:00:00Z' },
          { sample: true, votes: undefined },
        ),
      ],
      EVENING,
      'sample',
    )
    expect(await rows(db)).toMatchObject([{ title: 'Paper 2604.00001', sample: false }])
  })
})

test('two imports at once have the same result as one after the other', async ({ db }) => {
  const list = Array.from({ length: 60 }, (_, i) => listed(`2604.${String(i).padStart(5, '0')}`))
  const results = await Promise.all([
    store(db, list, MORNING),
    store(db, list.toReversed(), MORNING),
    store(db, list, MORNING),
  ])
  expect(results.reduce((sum, result) => sum + result.added, 0)).toBe(60)
  expect(await db.$count(papers)).toBe(60)
  expect(await db.$count(signals)).toBe(60)
})

test('an import that fails half way stores nothing', async ({ db }) => {
  const bad = listed('2604.00002', {}, { listDay: 'no day' })
  const before = await everything(db)
  await expect(store(db, [listed('2604.00001'), bad], MORNING)).rejects.toThrow()
  expect(await everything(db)).toEqual(before)
  expect(await db.select().from(papers).where(eq(papers.sourceId, '2604.00001'))).toEqual([])
})

test('two lists stored at once, one of them in several statements, wait for each other without a deadlock', async ({
  db,
}) => {
  const ids = Array.from({ length: 600 }, (_, n) => `2604.${String(n + 1).padStart(5, '0')}`)
  const long = ids.map((id) => listed(id))
  const short = ['2604.00001', '2604.00300'].map((id) => listed(id))
  await store(db, long, MORNING)
  const storing: Promise<unknown>[] = []
  await db.transaction(async (tx) => {
    await tx.execute(sql`SELECT FROM papers WHERE source_id = '2604.00400' FOR UPDATE`)
    storing.push(store(db, long, EVENING))
    await someoneWaits(db)
    storing.push(store(db, short, EVENING))
    await someoneWaits(db, 2)
  })
  expect((await Promise.allSettled(storing)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
})

test('a file of several lists and a source that lists its papers in another order wait for each other', async ({
  db,
}) => {
  const [one, two] = ['2604.00001', '2604.00002'].map((id) => listed(id)) as [ListedPaper, ListedPaper]
  await store(db, [one, two], MORNING)
  const storing: Promise<unknown>[] = []
  await db.transaction(async (tx) => {
    await store(tx, [{ ...two, title: 'Two' }], EVENING)
    storing.push(store(db, [one, two], EVENING))
    await someoneWaits(db)
    await store(tx, [{ ...one, title: 'One' }], EVENING)
  })
  expect((await Promise.allSettled(storing)).map(({ status }) => status)).toEqual(['fulfilled'])
})

describe('two lists stored at once, of papers known by an earlier id of their title', () => {
  const titled = (title: string) => listed('2604.00009', { title }, { source: 'title', sourceId: titleId(title) })
  const spellings = ['Schr\\"odinger’s cat', 'Schrödinger’s Cat']
  /** Stores papers as an earlier version did. */
  const storeFormer = async (db: Db, titles: readonly string[]) => {
    for (const title of titles) await store(db, [{ ...titled(title), sourceId: formerTitleId(title) }], MORNING)
  }

  test('and of two such papers, one is adopted', async ({ db }) => {
    await storeFormer(db, spellings)
    const storing: Promise<unknown>[] = []
    await db.transaction(async (tx) => {
      await store(tx, [titled(spellings[0]!)], EVENING)
      storing.push(store(db, [titled(spellings[1]!)], EVENING))
      await someoneWaits(db)
    })
    expect(await Promise.allSettled(storing)).toMatchObject([{ status: 'fulfilled', value: { added: 0 } }])
    expect((await rows(db)).filter(({ sourceId }) => sourceId === titleId(spellings[0]!))).toHaveLength(1)
  })

  test('and an arXiv paper in both', async ({ db }) => {
    await storeFormer(db, spellings.slice(0, 1))
    const list = [listed('2604.00001'), titled(spellings[0]!)]
    const storing: Promise<unknown>[] = []
    await db.transaction(async (tx) => {
      await prepareToStore(tx, list)
      // The only spelling that has the same id as ever: nothing of it is to be adopted.
      storing.push(store(db, [listed('2604.00001'), titled('Schrodinger’s cat')], EVENING))
      await someoneWaits(db)
      await store(tx, list, EVENING)
    })
    expect((await Promise.allSettled(storing)).map(({ status }) => status)).toEqual(['fulfilled'])
  })
})

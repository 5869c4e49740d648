import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { indexPapers } from '../../../src/papers/search/index-papers.ts'
import { similarPapers } from '../../../src/papers/search/similar.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { test } from '../../support/database.ts'
import { everything, hfEntry, importing, withFile } from '../support.ts'

const now = () => new Date('2026-04-20T12:00:00Z')
const put = (db: Db, entries: object[]) =>
  withFile(JSON.stringify(entries), (file) => importing(db, file, undefined, now()))

const THEMES = [
  ['splatting', 'gaussian radiance scene rendering'],
  ['quantization', 'weights activation compression bits'],
  ['robot', 'grasping gripper manipulation policy'],
]
const paper = (index: number) => {
  const [name, words] = THEMES[index % 3]!
  return hfEntry(`2604.1${String(index).padStart(4, '0')}`, {
    title: `${name} number${index} we models`,
    summary: `Our ${words} works. Unique${index}.`,
  })
}
const idOf = async (db: Db, sourceId: string) =>
  Number((await db.execute<{ id: string }>(sql`SELECT id FROM papers WHERE source_id = ${sourceId}`)).rows[0]!.id)

test('similar papers share the theme and exclude the paper itself; an unindexed paper has none', async ({ db }) => {
  await put(
    db,
    Array.from({ length: 12 }, (_, index) => paper(index)),
  )
  const id = await idOf(db, '2604.10000')
  expect(await similarPapers({ db, now }, id)).toEqual([])
  expect(await indexPapers({ db })).toBe(12)
  expect((await similarPapers({ db, now }, id)).map((row) => row.sourceId).sort()).toEqual([
    '2604.10003',
    '2604.10006',
    '2604.10009',
  ])
  expect(await similarPapers({ db, now }, id, 2)).toHaveLength(2)
  expect(await similarPapers({ db, now }, 999_999)).toEqual([])
})

test('indexing again changes nothing; new, changed and outdated vectors are updated', async ({ db }) => {
  await put(db, [0, 1, 2].map(paper))
  expect(await indexPapers({ db })).toBe(3)
  const before = await everything(db)
  expect(await indexPapers({ db })).toBe(0)
  expect(await everything(db)).toEqual(before)

  await put(db, [3].map(paper))
  expect(await indexPapers({ db })).toBe(1)
  await put(db, [hfEntry('2604.10003', { title: 'gripper', summary: 'grasping gripper manipulation', upvotes: 900 })])
  expect(await indexPapers({ db })).toBe(1)
  expect((await similarPapers({ db, now }, await idOf(db, '2604.10003'))).map((row) => row.sourceId)).toEqual([
    '2604.10002',
  ])

  await put(db, [4, 5, 6, 7, 8].map(paper))
  expect(await indexPapers({ db })).toBe(5)
  // Nine papers now. The first four were indexed when there were three and four.
  expect(await indexPapers({ db })).toBe(4)
  expect(await indexPapers({ db })).toBe(0)
})

test('two processes at once index every paper once and count every word once', async ({ db }) => {
  await put(
    db,
    Array.from({ length: 30 }, (_, index) => paper(index)),
  )
  await Promise.all([1, 2, 3].map(() => indexPapers({ db })))
  await indexPapers({ db })
  const { rows } = await db.execute(sql`SELECT papers FROM terms WHERE term IN ('splatting', 'quantization', 'robot')`)
  expect(rows).toEqual([{ papers: 10 }, { papers: 10 }, { papers: 10 }])
  const { rows: vectors } = await db.execute<{ weights: number[] }>(sql`SELECT weights FROM paper_vectors`)
  expect(vectors).toHaveLength(30)
  for (const { weights } of vectors) expect(Math.hypot(...weights)).toBeCloseTo(1, 4)
})

test('a sample is similar only to samples, and a deleted paper’s vector is deleted', async ({ db }) => {
  await put(db, [0, 1, 2, 3, 4, 5, 6].map(paper))
  await db.execute(sql`UPDATE papers SET sample = true WHERE source_id = '2604.10003'`)
  await indexPapers({ db })
  expect((await similarPapers({ db, now }, await idOf(db, '2604.10000'))).map((row) => row.sourceId)).toEqual([
    '2604.10006',
  ])
  await db.execute(sql`DELETE FROM papers WHERE source_id = '2604.10006'`)
  expect(await similarPapers({ db, now }, await idOf(db, '2604.10000'))).toEqual([])
})

test('the order counts all words, also common ones that are too many to read from the index', async ({ db }) => {
  // Without a pair of words in common.
  const texts = [
    'quantum walk baseline',
    'baseline tree walk graph quantum',
    'quantum motor',
    'other words',
    'more of them',
  ]
  await put(
    db,
    texts.map((title, index) => hfEntry(`2604.2000${index}`, { title: 'Notes', summary: title })),
  )
  await indexPapers({ db })
  const ask = async () =>
    (await similarPapers({ db, now }, await idOf(db, '2604.20000')))
      .map(({ sourceId }) => sourceId)
      .filter((sourceId) => ['2604.20001', '2604.20002'].includes(sourceId))
  expect(await ask()).toEqual(['2604.20001', '2604.20002'])
  // As in a large library, where these two make the difference.
  await db.execute(sql`UPDATE terms SET papers = 6000 WHERE term IN ('walk', 'baseline')`)
  expect(await ask()).toEqual(['2604.20001', '2604.20002'])
})

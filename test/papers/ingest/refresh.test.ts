import { expect } from 'vitest'
import { parseHfEntry } from '../../../src/papers/ingest/formats/hf-entry.ts'
import type { ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { refresh } from '../../../src/papers/ingest/refresh.ts'
import type { Source } from '../../../src/papers/ingest/sources/source.ts'
import type { Stored } from '../../../src/papers/ingest/store.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { papers, signals } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { everything, hfEntry, importing, LATER, withFile } from '../support.ts'

/** Hugging Face, where each paper has 70 votes by now and is on another list. */
const source: Source = {
  name: 'hf',
  followDays: 14,
  read: () => Promise.reject(new Error('no list is read')),
  fetchByIds: async (ids) =>
    ids.map((id) => {
      const entry = hfEntry(id, { title: 'A better title', upvotes: 70, submittedOnDailyAt: '2026-04-20T01:00:00Z' })
      return parseHfEntry(entry, 9) as ListedPaper
    }),
}

test('known papers are read again by their id in any form, and stay on their list', async ({ db }) => {
  await withFile(JSON.stringify([hfEntry('2604.00001'), hfEntry('2604.00002')]), (file) => importing(db, file))
  const places = () => db.select({ day: papers.listDay, position: papers.listPosition }).from(papers)
  const before = await places()
  const later = new Date(LATER.getTime() + 60_000)
  const ids = ['https://arxiv.org/abs/2604.00001v2', 'arXiv:2604.00002', '2604.99999']
  expect(await refresh({ db, now: () => later, source }, ids)).toMatchObject({ papers: 2, signals: 2 })
  expect(await places()).toEqual(before)
  expect((await db.select().from(papers)).map(({ title }) => title)).toEqual(['A better title', 'A better title'])
  expect(await db.select().from(signals)).toEqual(
    expect.arrayContaining([expect.objectContaining({ votes: 70, observedAt: later })]),
  )
})

test('a refresh is recorded in its transaction, and one that changes nothing is not', async ({ db }) => {
  await withFile(JSON.stringify([hfEntry('2604.00001')]), (file) => importing(db, file))
  const deps = { db, now: () => LATER, source }
  const before = await everything(db)
  const failing = refresh(deps, ['2604.00001'], () => Promise.reject(new Error('full disk')))
  await expect(failing).rejects.toThrow('full disk')
  expect(await everything(db)).toEqual(before)
  const recorded: number[] = []
  const record = async (_: Db, { changed, signals: added }: Stored) => void recorded.push(changed, added)
  for (let n = 0; n < 2; n++) await refresh(deps, ['2604.00001'], record)
  expect(recorded).toEqual([1, 1])
})

test('a text that is no id is named, and nothing is read', async ({ db }) => {
  await expect(refresh({ db, now: () => LATER, source }, ['2604.00001', 'attention'])).rejects.toMatchObject({
    code: 'BAD_IMPORT',
    message: expect.stringContaining('"attention"'),
  })
})

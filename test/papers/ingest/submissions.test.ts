import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { decideSuggested } from '../../../src/operate/decide-submissions.ts'
import type { ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import type { Source } from '../../../src/papers/ingest/sources/source.ts'
import { storeList } from '../../../src/papers/ingest/store.ts'
import {
  acceptSubmission,
  declineSubmission,
  lookUpSubmissions,
  openSubmissions,
} from '../../../src/papers/ingest/submissions.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { auditLog, papers, submissions } from '../../../src/runtime/db/schema.ts'
import { form, test } from '../../http/site.ts'
import { hfEntry, importing, withFile } from '../support.ts'

/** An arXiv source with these papers. */
const arxivWith = (...ids: string[]): Source => ({
  name: 'arxiv',
  followDays: 0,
  read: () => Promise.reject(new Error('not asked here')),
  fetchByIds: async (wanted) =>
    ids
      .filter((id) => wanted.includes(id))
      .map(
        (id): ListedPaper => ({
          source: 'arxiv',
          sourceId: id,
          title: `Title of ${id}`,
          abstract: 'Says much.',
          authors: ['Ada'],
          keywords: [],
          publishedAt: new Date('2026-04-01T00:00:00Z'),
          listDay: '2026-04-01',
          listPosition: 1,
          announced: true,
          raw: {},
        }),
      ),
})

const propose = (
  app: { inject: (options: object) => Promise<{ statusCode: number; headers: Record<string, unknown>; body: string }> },
  paper: string,
) => app.inject({ method: 'POST', url: '/submit', ...form({ paper }) })

test('a submitted paper is looked up, accepted by the curator, and then listed like any other', async ({
  site,
  db,
}) => {
  const reply = await propose(site.app as never, 'https://arxiv.org/abs/2507.06261v2')
  expect(reply).toMatchObject({ statusCode: 303, headers: { location: '/submitted' } })
  expect(await openSubmissions({ db })).toMatchObject([{ arxivId: '2507.06261', state: 'asked' }])
  await lookUpSubmissions({ db }, arxivWith('2507.06261'))
  expect(await openSubmissions({ db })).toMatchObject([{ state: 'found', title: 'Title of 2507.06261' }])
  expect(await db.$count(papers)).toBe(0)
  expect(await acceptSubmission(site.services, 'arxiv.org/abs/2507.06261v1', '2026-04-15')).toEqual({
    title: 'Title of 2507.06261',
    day: '2026-04-15',
  })
  expect(await db.select().from(papers)).toMatchObject([
    { sourceId: '2507.06261', listDay: '2026-04-15', announced: false },
  ])
  expect(await openSubmissions({ db })).toEqual([])
  // A repeated submission is only counted.
  await expect(acceptSubmission(site.services, '2507.06261')).rejects.toMatchObject({ code: 'PAPER_NOT_FOUND' })
})

test('a list day years ahead is a slip: the paper still waits for a decision', async ({ site, db }) => {
  await propose(site.app as never, '2507.06261')
  await lookUpSubmissions({ db }, arxivWith('2507.06261'))
  const late = { actor: 'ak', verdict: 'accept' as const, date: '2062-04-15' }
  await expect(decideSuggested(site.services, ['2507.06261'], late)).rejects.toMatchObject({ code: 'BAD_PAPER' })
  expect([await db.$count(papers), await db.$count(auditLog)]).toEqual([0, 0])
  expect(await acceptSubmission(site.services, '2507.06261', '2026-04-16')).toMatchObject({ day: '2026-04-16' })
})

/** Makes all submissions older than a second click could be. */
const submittedEarlier = (db: Db) =>
  db.update(submissions).set({ submittedAt: sql`${submissions.submittedAt} - interval '1 minute'` })

test('a second click on Suggest counts once, a later suggestion counts', async ({ site, db }) => {
  for (const _ of [1, 2]) await propose(site.app as never, '2604.00001')
  expect(await openSubmissions({ db })).toMatchObject([{ times: 1 }])
  await submittedEarlier(db)
  await propose(site.app as never, '2604.00001')
  expect(await openSubmissions({ db })).toMatchObject([{ times: 2 }])
})

test('an unknown paper waits and can be submitted again; a declined one stays declined', async ({ site, db }) => {
  await propose(site.app as never, '2604.00001')
  await propose(site.app as never, '2604.00002')
  await lookUpSubmissions({ db }, arxivWith('2604.00002'))
  await declineSubmission(site.services, '2604.00002', 'off topic')
  await submittedEarlier(db)
  await propose(site.app as never, '2604.00001')
  await propose(site.app as never, '2604.00002')
  const states = await db.select().from(submissions).orderBy(submissions.arxivId)
  expect(states).toMatchObject([
    { state: 'asked', times: 2 },
    { state: 'declined', times: 2, note: 'off topic' },
  ])
})

test.for([
  'http://127.0.0.1:3000/admin',
  'https://arxiv.org@evil.example/abs/2507.06261',
  'https://evil.example/abs/2507.06261',
  'file:///etc/passwd',
  '2507.06261; DROP TABLE papers',
  '<script>alert(1)</script>',
  '',
  'x'.repeat(5_000),
])('“%s” is refused: it is neither stored nor opened', async (typed, { site, db }) => {
  const reply = await propose(site.app as never, typed)
  expect(reply.statusCode).toBe(422)
  expect(reply.body).not.toContain('<script>alert')
  expect(await db.$count(submissions)).toBe(0)
})

test('a paper already on the list leads to its list', async ({ site, db }) => {
  await withFile(JSON.stringify([hfEntry('2604.00001')]), (file) => importing(db, file))
  expect((await propose(site.app as never, '2604.00001')).headers.location).toBe('/papers?date=2026-04-10')
  expect(await db.$count(submissions)).toBe(0)
})

test('a paper that the community lists before it is accepted stays on its list, with its votes', async ({
  site,
  db,
}) => {
  await propose(site.app as never, '2604.00001')
  await lookUpSubmissions({ db }, arxivWith('2604.00001'))
  await withFile(JSON.stringify([hfEntry('2604.00001', { upvotes: 31 })]), (file) => importing(db, file))
  expect(await acceptSubmission(site.services, '2604.00001', '2026-04-15')).toEqual({
    title: 'Paper 2604.00001',
    day: '2026-04-10',
  })
  expect(await db.select().from(papers)).toMatchObject([
    { title: 'Paper 2604.00001', listDay: '2026-04-10', listPosition: 1, announced: false },
  ])
  expect(await openSubmissions({ db })).toEqual([])
})

test('a paper that arXiv announced before it is accepted joins the list', async ({ site, db }) => {
  await propose(site.app as never, '2604.00001')
  await lookUpSubmissions({ db }, arxivWith('2604.00001'))
  const announced = await arxivWith('2604.00001').fetchByIds(['2604.00001'])
  await storeList({ db }, announced, { observedAt: new Date('2026-04-02T05:00:00Z'), origin: 'arxiv' })
  expect(await acceptSubmission(site.services, '2604.00001', '2026-04-15')).toMatchObject({ day: '2026-04-15' })
  expect(await db.select().from(papers)).toMatchObject([{ listDay: '2026-04-15', announced: false }])
})

test('the form accepts its own example', async ({ site }) => {
  const [, example] = /placeholder="([^"]+)"/.exec((await site.app.inject('/submit')).body)!
  expect((await propose(site.app as never, example!)).headers.location).toBe('/submitted')
})

test('the form exists in English and German', async ({ site }) => {
  expect((await site.app.inject('/submit')).body).toContain('Suggest a paper')
  const german = await site.app.inject({ url: '/submit', headers: { 'accept-language': 'de' } })
  expect(german.body).toContain('Artikel vorschlagen')
  expect((await site.app.inject('/submitted')).body).toContain('Thank you')
})

import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { closeOfDay, dayOf, daysLater, isDay } from '../../../src/calendar/days.ts'
import { spanAround, spanNamed } from '../../../src/calendar/spans.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { loadSample } from '../../../src/papers/ingest/sample/load-sample.ts'
import { feedPapers } from '../../../src/papers/lists/feed-papers.ts'
import { countDays, listDay, listSpan } from '../../../src/papers/lists/list-day.ts'
import { placesOnDays } from '../../../src/papers/lists/place-on-day.ts'
import { castVote } from '../../../src/papers/votes/cast.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { papers, picks } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, addSubscriber, NOON, testConfig } from '../../support/services.ts'
import { watchedDatabase } from '../../support/statements.ts'
import { closeHourUtc, everything, hfEntry, importing, withFile } from '../support.ts'

const AFTERNOON = new Date('2026-04-10T15:00:00Z')

const put = (db: Db, entries: object[], date?: string, now = AFTERNOON) =>
  withFile(JSON.stringify(entries), (file) => importing(db, file, date, now))
/** A day's list, with its spans as keys. */
async function read(db: Db, date?: string, now = AFTERNOON) {
  const list = await listDay({ db, now: () => now, closeHourUtc }, date)
  return list && { ...list, date: list.span.key, previous: list.previous?.key, next: list.next?.key }
}

test('a list day has its papers by score, with their facts', async ({ db }) => {
  await put(db, [
    hfEntry('2604.00001', { upvotes: 30, submittedOnDailyAt: '2026-04-10T00:00:01Z' }),
    hfEntry(
      '2604.00002',
      {
        title: 'V_{0.5} and\n  $\\mu^2$',
        upvotes: 28,
        submittedOnDailyAt: '2026-04-10T12:00:00Z',
        githubStars: 40,
        githubRepo: 'https://a.example/c',
        organization: { fullname: 'A \\& B' },
        ai_summary: 'Up to 2times.',
      },
      { numComments: 4 },
    ),
    hfEntry('2604.00003', { upvotes: null }),
  ])
  const day = await read(db)
  expect(day).toMatchObject({ date: '2026-04-10', open: true, closesAt: new Date('2026-04-11T02:00:00Z') })
  expect(day?.papers.map((row) => row.sourceId)).toEqual(['2604.00002', '2604.00001', '2604.00003'])
  expect(day?.papers[0]).toEqual({
    id: expect.any(Number),
    source: 'arxiv',
    sourceId: '2604.00002',
    title: 'V_0.5 and μ²',
    titleSource: expect.stringContaining('V_{0.5}'),
    aiSummary: true,
    authors: ['Ada'],
    organization: 'A & B',
    summary: 'Up to 2×.',
    votes: 28,
    comments: 4,
    stars: 40,
    url: 'https://arxiv.org/abs/2604.00002',
    pdfUrl: 'https://arxiv.org/pdf/2604.00002',
    codeUrl: 'https://a.example/c',
    discussionUrl: 'https://huggingface.co/papers/2604.00002',
    picked: false,
    sample: false,
    listDay: '2026-04-10',
    topics: [],
  })
  expect(day?.papers[2]).toMatchObject({ votes: undefined, reason: undefined })
})

test('the newest day up to today is shown; its neighbours are days with papers', async ({ db }) => {
  for (const date of ['2026-04-03', '2026-04-07', '2026-04-10', '2026-04-12'])
    await put(db, [{ title: `Paper of ${date}` }], date)
  expect(await read(db)).toMatchObject({ date: '2026-04-10', open: true, previous: '2026-04-07', next: undefined })
  expect(await read(db, '2026-04-07')).toMatchObject({ open: false, previous: '2026-04-03', next: '2026-04-10' })
  expect(await read(db, '2026-04-03')).toMatchObject({ previous: undefined, next: '2026-04-07' })
  expect(await read(db, '2026-04-12'), 'a day to come').toBeUndefined()
  expect(await read(db, undefined, new Date('2026-04-11T01:59:59Z'))).toMatchObject({ date: '2026-04-10', open: true })
  expect(await read(db, undefined, new Date('2026-04-11T02:00:00Z'))).toMatchObject({ date: '2026-04-10', open: false })
})

test('a day without papers and an invalid day have no list', async ({ db }) => {
  expect(await read(db)).toBeUndefined()
  await put(db, [{ title: 'One' }], '2026-04-10')
  for (const date of ['2026-04-09', '2026-02-30', 'yesterday', '']) expect(await read(db, date)).toBeUndefined()
})

test('votes are those of the given time', async ({ db }) => {
  await put(db, [hfEntry('2604.00001', { upvotes: 4 })], undefined, new Date('2026-04-10T09:00:00Z'))
  await put(db, [hfEntry('2604.00001', { upvotes: 9 })], undefined, AFTERNOON)
  expect((await read(db, undefined, new Date('2026-04-10T10:00:00Z')))?.papers[0]?.votes).toBe(4)
  expect((await read(db))?.papers[0]?.votes).toBe(9)
})

test('the curator’s picks come first with the curator’s name; dropped papers are hidden', async ({ db }) => {
  await put(
    db,
    ['2604.00001', '2604.00002', '2604.00003'].map((id, i) => hfEntry(id, { upvotes: 30 - i })),
  )
  const rows = await db.select().from(papers).orderBy(papers.listPosition)
  const word = { listDay: '2026-04-10', curator: 'AK' }
  await db.insert(picks).values([
    { ...word, paperId: rows[0]!.id, verdict: 'dropped' },
    { ...word, paperId: rows[2]!.id, verdict: 'picked' },
  ])
  const day = await read(db)
  expect(day?.papers.map((row) => row.sourceId)).toEqual(['2604.00003', '2604.00002'])
  expect(day?.papers[0]?.reason).toBe('picked by AK')
})

test('the sample fills the days before today, but only in an empty database', async ({ db }) => {
  const now = () => AFTERNOON
  expect(await loadSample({ db, now, closeHourUtc })).toBe(44)
  const before = await everything(db)
  expect(await loadSample({ db, now, closeHourUtc })).toBe(0)
  expect(await everything(db)).toEqual(before)
  const newest = await read(db)
  expect(newest).toMatchObject({ date: '2026-04-09', open: false, previous: '2026-04-08', next: undefined })
  expect(newest?.papers.every((row) => row.sample && row.votes !== undefined && row.reason !== undefined)).toBe(true)
  expect(await read(db, '2026-04-06')).toMatchObject({ previous: undefined, next: '2026-04-07' })

  await put(db, [hfEntry('2604.00001', { submittedOnDailyAt: '2026-04-09T09:00:00Z' })])
  expect((await read(db))?.papers.map((row) => row.sourceId)).toEqual(['2604.00001'])
})

test('the sample has votes even before yesterday’s list closes', async ({ db }) => {
  const night = new Date('2026-04-10T00:30:00Z')
  await loadSample({ db, now: () => night, closeHourUtc })
  const day = await read(db, undefined, night)
  expect(day).toMatchObject({ date: '2026-04-09', open: true })
  expect(day?.papers.every((row) => row.votes !== undefined)).toBe(true)
})

test('days are days of the calendar', () => {
  expect(['2026-02-28', '2024-02-29'].every(isDay)).toBe(true)
  expect(['2026-02-29', '2026-13-01', '2026-2-3', '20260203', ' 2026-02-03', '2026-02-03T00:00'].some(isDay)).toBe(
    false,
  )
  expect(daysLater('2026-03-01', -1)).toBe('2026-02-28')
  expect(dayOf(new Date('2026-04-10T23:59:59Z'))).toBe('2026-04-10')
  expect(closeOfDay('2026-12-31', 2)).toEqual(new Date('2027-01-01T02:00:00Z'))
})

const deps = (db: Db) => ({ db, now: () => NOON, closeHourUtc })

test('a week and a month have their days’ papers by votes, and their neighbours', async ({ db }) => {
  for (const day of ['2026-03-31', '2026-04-10', '2026-04-13', '2026-04-14']) await addPapers(db, day, 2)
  const week = await listSpan(deps(db), spanNamed('week', '2026-W16')!)
  expect(week?.papers.map((paper) => [paper.listDay, paper.votes])).toEqual([
    ['2026-04-14', 100],
    ['2026-04-13', 100],
    ['2026-04-14', 99],
    ['2026-04-13', 99],
  ])
  expect(week).toMatchObject({
    total: 4,
    previous: { key: '2026-W15' },
    next: undefined,
    lastDay: '2026-04-14',
    open: true,
  })
  const month = await listSpan(deps(db), spanNamed('month', '2026-04')!)
  expect(month).toMatchObject({ total: 6, previous: { key: '2026-03' } })
  expect(await listSpan(deps(db), spanNamed('month', '2025-04')!)).toBeUndefined()
  expect(await countDays(deps(db), spanAround('month', '2026-04-01'))).toEqual(
    new Map([
      ['2026-04-10', 2],
      ['2026-04-13', 2],
      ['2026-04-14', 2],
    ]),
  )
})

test('pages of a list have every paper once, even when papers are added between them', async ({ db }) => {
  await addPapers(db, '2026-04-14', 10)
  const span = spanAround('day', '2026-04-14')
  const first = await listSpan(deps(db), span, { limit: 4 })
  await put(db, [hfEntry('2604.77777', { upvotes: 5000, submittedOnDailyAt: '2026-04-14T09:00:00Z' })], undefined, NOON)
  const second = await listSpan(deps(db), span, { limit: 4, after: first!.nextAfter })
  const third = await listSpan(deps(db), span, { limit: 4, after: second!.nextAfter })
  const titles = [first, second, third].flatMap((page) => page!.papers.map((paper) => paper.title))
  expect(titles).toEqual(Array.from({ length: 10 }, (_, i) => `Paper ${i + 1} of 2026-04-14`))
  expect(third).toMatchObject({ nextAfter: undefined, total: 11, first: 10 })
  expect((await listSpan(deps(db), span, { limit: 4, after: 999_999 }))?.first).toBe(1)
})

/** Three of our readers vote for a paper. */
async function threeVotes(db: Db, paperId: number, at: Date): Promise<void> {
  for (const name of ['ada', 'bob', 'cyd']) {
    const subscriberId = await addSubscriber(db, `${name}@example.org`)
    await castVote({ db, now: () => at, config: testConfig() }, { subscriberId, paperId }, name)
  }
}

describe('votes of our readers', () => {
  const DAY = '2026-04-14'
  const vote = (db: Db, paperId: number, at: Date, votes: number) =>
    db.execute(
      sql`INSERT INTO signals (paper_id, observed_at, votes, origin) VALUES (${paperId}, ${at}, ${votes}, 'hf')`,
    )
  const order = (day: { papers: { id: number; votes?: number | undefined }[] } | undefined) =>
    day?.papers.map(({ id, votes }) => [id, votes])

  test('add to the source’s and move a paper up, until its list closes', async ({ db }) => {
    const [first, second] = (await addPapers(db, DAY, 2)) as [number, number]
    const open = new Date('2026-04-14T20:00:00Z')
    await db.execute(sql`UPDATE signals SET observed_at = ${open}`)
    await threeVotes(db, second, open)
    const moved = [
      [second, 102],
      [first, 100],
    ]
    expect(order(await read(db, DAY, open))).toEqual(moved)
    expect(order(await read(db, DAY, NOON))).toEqual(moved)
  })

  test('and the source’s are shown after the close, but the ranking is final', async ({ db }) => {
    const [first, second] = (await addPapers(db, DAY, 2)) as [number, number]
    await threeVotes(db, second, NOON)
    await vote(db, second, NOON, 500)
    const day = await read(db, DAY, NOON)
    expect(day).toMatchObject({ open: false, voted: true })
    expect(order(day)).toEqual([
      [first, 100],
      [second, 503],
    ])
    const deps = { db, now: () => NOON, closeHourUtc }
    expect((await placesOnDays(deps)(day!.papers[1]!))?.rank).toBe(2)
    expect((await feedPapers(deps)).map(({ id }) => id)).toEqual([first, second])
  })

  test('and the source’s change no list whose first votes were read after its close', async ({ db }) => {
    const [first, second] = (await addPapers(db, DAY, 2)) as [number, number]
    await db.execute(sql`UPDATE signals SET observed_at = '2026-04-15T08:00:00Z'`)
    await threeVotes(db, second, NOON)
    await vote(db, second, NOON, 500)
    const day = await read(db, DAY, NOON)
    expect(day).toMatchObject({ open: false, voted: true })
    expect(order(day)).toEqual([
      [first, 100],
      [second, 503],
    ])
  })

  test('and the source’s order a list as its edition, when that was late', async ({ db }) => {
    const [first, second] = (await addPapers(db, DAY, 2)) as [number, number]
    const [late, later] = [new Date('2026-04-15T08:00:00Z'), new Date('2026-04-15T10:00:00Z')]
    await vote(db, second, late, 200)
    const edition = { db, config: testConfig(), now: () => late }
    await assemble(edition, { date: DAY })
    expect(
      (await read(db, DAY, NOON))?.papers.map(({ id }) => id),
      'a draft',
    ).toEqual([first, second])
    await release(edition, { date: DAY })
    await vote(db, first, later, 300)
    expect(order(await read(db, DAY, NOON))).toEqual([
      [second, 200],
      [first, 300],
    ])
  })

  test('order a list that no community votes on, also after the close', async ({ db }) => {
    const [first, second] = (await addPapers(db, DAY, 2)) as [number, number]
    await db.execute(sql`DELETE FROM signals`)
    await threeVotes(db, second, NOON)
    const day = await read(db, DAY, NOON)
    expect(day).toMatchObject({ open: false, voted: false })
    expect(day?.papers.map(({ id }) => id)).toEqual([second, first])
  })

  test('of such a list are read once: arXiv’s may have 2,500 papers', async ({ db, databaseUrl }) => {
    const ids = await addPapers(db, DAY, 3)
    await db.execute(sql`DELETE FROM signals`)
    const { db: watched, statements, close } = watchedDatabase(databaseUrl)
    const day = await read(watched, DAY, NOON).finally(close)
    expect(day?.papers.map(({ id }) => id)).toEqual(ids)
    expect(statements.filter((text) => text.includes('p.weight'))).toHaveLength(1)
  })
})

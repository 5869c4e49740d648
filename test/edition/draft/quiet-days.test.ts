import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eq } from 'drizzle-orm'
import { describe, expect, onTestFinished } from 'vitest'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../../src/delivery/send/deliver-batch.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { readListDayStates } from '../../../src/edition/draft/quiet-days.ts'
import { feedSource } from '../../../src/papers/ingest/sources/feed.ts'
import type { Source } from '../../../src/papers/ingest/sources/source.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { editions, papers, sourceReads, subscribers } from '../../../src/runtime/db/schema.ts'
import { assembleEditionJob } from '../../../workers/assemble-edition.ts'
import { collectPapersJob } from '../../../workers/collect-papers.ts'
import { releaseEditionsJob } from '../../../workers/release-editions.ts'
import { test } from '../../support/database.ts'
import { runSql } from '../../support/global-setup.ts'
import { NEVER, sinkThat, workerOn } from '../../support/sending.ts'
import { addPapers, addSubscriber, releasedEdition, servicesOn } from '../../support/services.ts'

/** Days without an edition: their states, whether they are skipped, and how digests mention them. */

const read = (db: Db, listDay: string, readAt: string, papers: number) =>
  db.insert(sourceReads).values({ source: 'hf', listDay, readAt: new Date(readAt), papers })

test('list days are holidays, outages, thin or full', async ({ db }) => {
  await read(db, '2026-04-13', '2026-04-14T02:10:00Z', 0) // read after the close, and empty
  await read(db, '2026-04-14', '2026-04-14T23:00:00Z', 0) // last read before the close
  await addPapers(db, '2026-04-15', 2)
  await read(db, '2026-04-15', '2026-04-16T02:10:00Z', 2)
  await addPapers(db, '2026-04-16', 3)
  await addPapers(db, '2026-04-17', 5)
  await read(db, '2026-04-17', '2026-04-17T12:00:00Z', 5) // papers, but not read after the close
  const states = await readListDayStates(servicesOn(db), '2026-04-12', '2026-04-17')
  expect(states.map(({ day, state }) => `${day} ${state}`)).toEqual([
    '2026-04-12 outage', // never read
    '2026-04-13 holiday',
    '2026-04-14 outage',
    '2026-04-15 thin',
    '2026-04-16 full', // imported from a file, so that no source was asked
    '2026-04-17 outage',
  ])
})

test('every list day has a state, also by a database whose own clocks skip a midnight', async ({ db, databaseUrl }) => {
  await runSql(
    databaseUrl,
    `ALTER DATABASE ${new URL(databaseUrl).pathname.slice(1)} SET TimeZone = 'America/Santiago'`,
  )
  const states = await readListDayStates(servicesOn(db), '2026-09-04', '2026-09-07')
  expect(states.map(({ day }) => day)).toEqual(['2026-09-04', '2026-09-05', '2026-09-06', '2026-09-07'])
})

describe('a newsletter without a community', () => {
  test('reads each list after its close: days without papers are holidays', async ({ db }) => {
    const at = { now: new Date('2026-04-13T12:00:00Z') }
    const services = servicesOn(db, { PAPER_SOURCES: 'none' }, at)
    const source = await servedFeed(services.now)
    for (const now of [
      '2026-04-13T12:00:00Z',
      '2026-04-13T23:55:00Z',
      '2026-04-14T23:55:00Z',
      '2026-04-15T02:05:00Z',
    ]) {
      at.now = new Date(now)
      await collectPapersJob(services, [source])
    }
    const states = await readListDayStates(services, '2026-04-13', '2026-04-14')
    expect(states.map(({ day, state }) => `${day} ${state}`)).toEqual(['2026-04-13 full', '2026-04-14 holiday'])
  })

  test('reads a list between its close and its edition, also of a release without delay', async ({ db }) => {
    const at = { now: new Date('2026-04-13T23:55:00Z') }
    const settings = { PAPER_SOURCES: 'none', OUTAGE_DAY: 'skip', EDITION_RELEASE_DELAY_MINUTES: '0' }
    const services = servicesOn(db, settings, at)
    const source = await servedFeed(services.now)
    await collectPapersJob(services, [source])
    at.now = new Date('2026-04-14T02:00:10Z')
    await assembleEditionJob(services, [source])
    await releaseEditionsJob(services)
    expect(await db.select({ state: editions.state }).from(editions)).toEqual([{ state: 'released' }])
  })

  test('has thin days, also of arXiv’s announcements', async ({ db }) => {
    for (const [day, count] of [
      ['2026-04-13', 2],
      ['2026-04-14', 9],
    ] as const) {
      await addPapers(db, day, count)
      const readAt = new Date(Date.parse(`${day}T02:05:00Z`) + 86_400_000)
      await db.insert(sourceReads).values({ source: 'arxiv', listDay: day, readAt, papers: count })
    }
    await db.update(papers).set({ announced: true })
    const states = await readListDayStates(servicesOn(db, { PAPER_SOURCES: 'arxiv' }), '2026-04-13', '2026-04-14')
    expect(states.map(({ state }) => state)).toEqual(['thin', 'full'])
  })

  test('does not stand in for a community’s list that could not be read', async ({ db }) => {
    const readAt = new Date('2026-04-14T02:10:00Z')
    await db.insert(sourceReads).values({ source: 'journal', listDay: '2026-04-13', readAt, papers: 0 })
    expect(await readListDayStates(servicesOn(db), '2026-04-13', '2026-04-13')).toMatchObject([{ state: 'outage' }])
  })

  /** A feed with five papers of 13 April. */
  async function servedFeed(now: () => Date): Promise<Source> {
    const item = (n: number) => `<item><title>Paper ${n}</title><pubDate>2026-04-13T09:00:00Z</pubDate></item>`
    const feed = `<rss><channel>${[1, 2, 3, 4, 5].map(item).join('')}</channel></rss>`
    const server = createServer((_, reply) => void reply.end(feed))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    onTestFinished(() => void server.close())
    const location = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return feedSource({ name: 'journal', kind: 'feed', location, topics: [], weight: 1 }, { userAgent: 'test', now })
  }
})

describe('a thin day', () => {
  const states = async (db: Db) =>
    Object.fromEntries((await db.select().from(editions)).map(({ date, state }) => [date, state]))

  test.for([
    ['send', 'released'],
    ['skip', 'cancelled'],
  ])('with THIN_DAY=%s is %s; a full day is released', async ([setting, state], { db }) => {
    const services = servicesOn(db, { THIN_DAY: setting! }, { now: new Date('2026-04-16T04:00:00Z') })
    for (const [day, papers] of [
      ['2026-04-14', 2],
      ['2026-04-15', 4],
    ] as const) {
      await addPapers(db, day, papers)
      await assemble(services, { date: day })
    }
    await releaseEditionsJob(services)
    expect(await states(db)).toEqual({ '2026-04-14': state, '2026-04-15': 'released' })
  })

  test('of an outage, with OUTAGE_DAY=skip, is cancelled unless its draft is held', async ({ db }) => {
    const services = servicesOn(db, { OUTAGE_DAY: 'skip' }, { now: new Date('2026-04-16T04:00:00Z') })
    for (const day of ['2026-04-14', '2026-04-15']) {
      await addPapers(db, day, 5)
      await read(db, day, `${day}T12:00:00Z`, 5)
      await assemble(services, { date: day })
    }
    await db.update(editions).set({ held: true }).where(eq(editions.date, '2026-04-15'))
    await releaseEditionsJob(services)
    expect(await states(db)).toEqual({ '2026-04-14': 'cancelled', '2026-04-15': 'draft' })
  })
})

/** Sends an edition to a new reader. @returns the text of the digest */
async function digestText(services: ReturnType<typeof servicesOn>, edition: number): Promise<string> {
  const sink = await sinkThat()
  await addSubscriber(services.db, 'ada@example.org')
  const { batchIds } = await planAll(services, edition)
  await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)
  return (await sink.read('ada@example.org')).text!.replace(/\s+/g, ' ')
}

test('the digest mentions outages, but not on weekends and holidays', async ({ db }) => {
  const services = servicesOn(db, {}, { now: new Date('2026-05-28T12:00:00Z') })
  await releasedEdition(services, '2026-05-22', 4) // a Friday; Monday is Memorial Day
  const text = await digestText(services, await releasedEdition(services, '2026-05-27', 4))
  expect(text).toContain('We couldn’t read the list for Tuesday 26 May in time')
  expect(text.match(/couldn’t read the list/g)).toHaveLength(1)
})

test.for([
  ['THIN_DAY', false, 'The list for Tuesday 14 April had only 2 papers'],
  ['OUTAGE_DAY', true, 'We couldn’t read the list for Tuesday 14 April in time'],
] as const)('the digest after an edition that %s=skip cancelled says so', async ([setting, cut, words], { db }) => {
  const services = servicesOn(db, { [setting]: 'skip' }, { now: new Date('2026-04-16T04:00:00Z') })
  await releasedEdition(services, '2026-04-13', 4)
  await addPapers(db, '2026-04-14', cut ? 5 : 2)
  if (cut) await read(db, '2026-04-14', '2026-04-14T12:00:00Z', 5)
  await assemble(services, { date: '2026-04-14' })
  await releaseEditionsJob(services)
  const text = await digestText(services, await releasedEdition(services, '2026-04-15', 4))
  expect(text).toContain(words)
})

test('the next digest names days without an edition and the reader’s own expired digest, once', async ({ db }) => {
  const services = servicesOn(db, {}, { now: new Date('2026-04-16T12:00:00Z') })
  const sink = await sinkThat()
  await releasedEdition(services, '2026-04-10', 4) // a Friday
  await read(db, '2026-04-13', '2026-04-14T02:10:00Z', 0)
  await read(db, '2026-04-11', '2026-04-12T02:10:00Z', 0)
  await read(db, '2026-04-12', '2026-04-13T02:10:00Z', 0)
  const edition = await releasedEdition(services, '2026-04-15', 4)
  const ada = await addSubscriber(db, 'ada@example.org', {
    zone: 'Asia/Tokyo',
    missedAt: new Date('2026-04-14T23:00:00Z'),
  })
  await addSubscriber(db, 'bob@example.org', { locale: 'de' })
  const { batchIds } = await planAll(services, edition)
  await deliverBatch(workerOn(services, sink.url), batchIds[0]!, NEVER)
  const words = async (who: string) => (await sink.read(who)).text!.replace(/\s+/g, ' ')
  const toAda = await words('ada@example.org')
  expect(toAda).toContain('The list for Monday 13 April had no papers')
  expect(toAda).toContain('We couldn’t read the list for Tuesday 14 April in time')
  expect(toAda).toContain('We couldn’t send your digest of Wednesday 15 April in time.')
  expect(toAda, 'no weekend has a list').not.toContain('12 April')
  const toBob = await words('bob@example.org')
  expect(toBob).toContain('Die Liste vom Montag, 13. April war leer')
  expect(toBob).not.toContain('Ihre Ausgabe vom')
  expect((await db.select().from(subscribers).where(eq(subscribers.id, ada)))[0]!.missedAt).toBeNull()
})

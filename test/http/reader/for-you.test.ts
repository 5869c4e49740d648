import { sql } from 'drizzle-orm'
import { parseAtomFeed } from 'feedsmith'
import { expect } from 'vitest'
import { preview } from '../../../src/delivery/preview/preview.ts'
import { mintToken } from '../../../src/mail/tokens.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { eraseReader } from '../../../src/subscription/erase.ts'
import { addSubscriber, NOON, releasedEdition } from '../../support/services.ts'
import { type Site, test } from '../site.ts'

const OWN = '2604.14017'

/** A released edition whose 18th paper is the only one by the author that the reader follows. */
async function readerOf(db: Db, { services }: Site, values: Parameters<typeof addSubscriber>[2] = {}) {
  await releasedEdition(services, '2026-04-14', 20)
  await db.execute(sql`UPDATE papers SET authors = '{Grace <b> Hopper}' WHERE source_id = ${OWN}`)
  const reader = await addSubscriber(db, 'ada@example.org', { size: 5, ...values })
  return { reader, cookies: { '__Host-reader': mintToken(services.keys, 'reader', reader, NOON) } }
}

const papersOf = (body: string) => [...body.matchAll(/<a href="\/papers\/([\d.]+)" dir/g)].map(([, id]) => id!)

test('the page has the papers of the reader’s digest, with the wish that chose each', async ({ db, site }) => {
  const { cookies } = await readerOf(db, site, { authors: ['Grace <b> Hopper'] })
  const { body, headers } = await site.app.inject({ url: '/for-you', cookies })
  expect(headers).toMatchObject({ 'x-robots-tag': 'noindex', 'cache-control': 'no-store' })
  expect(body).toContain('From the edition of Tuesday, 14 April 2026')
  expect(body).toContain('by Grace &lt;b&gt; Hopper, whom you follow')
  const { text } = await preview(site.services, { kind: 'daily', date: '2026-04-14' }, 'ada@example.org')
  const titles = [...body.matchAll(/class="paper-title"><a[^>]*>([^<]*)/g)].map(([, title]) => title!)
  expect(papersOf(body)).toHaveLength(5)
  expect(papersOf(body)[0]).toBe(OWN)
  for (const title of titles) expect(text).toContain(title)
})

test('without wishes it is the edition', async ({ db, site }) => {
  const { cookies } = await readerOf(db, site)
  const { body } = await site.app.inject({ url: '/for-you', cookies })
  expect(papersOf(body)).toEqual([0, 1, 2, 3, 4].map((n) => `2604.1400${n}`))
})

test('its feed has the same papers, and ends with the reader’s erasure', async ({ db, site }) => {
  const { cookies, reader } = await readerOf(db, site, { authors: ['Grace <b> Hopper'] })
  const page = (await site.app.inject({ url: '/for-you', cookies })).body
  const [, url] = /<a href="(\/for-you\/[^"]+\/feed\.atom)"/.exec(page)!
  const feed = await site.app.inject(url!)
  expect(feed.headers).toMatchObject({ 'x-robots-tag': 'noindex', 'cache-control': 'no-store' })
  expect(parseAtomFeed(feed.body)).toMatchObject({ title: { value: 'Paperboy: for you' } })
  const ids = parseAtomFeed(feed.body).entries!.map(({ id }) => id!.split('/').at(-1))
  expect(ids).toEqual(papersOf(page))
  expect((await site.app.inject(url!.replace('/for-you/', '/saved/'))).statusCode).toBe(404)
  await eraseReader(site.services, reader)
  expect((await site.app.inject(url!)).statusCode).toBe(404)
  expect((await site.app.inject({ url: '/for-you', cookies })).body).toContain('Nothing yet')
})

test('others read how to get it, and before the first edition it says so', async ({ db, site }) => {
  expect((await site.app.inject('/for-you')).body).toContain('Papers for you')
  const reader = await addSubscriber(db, 'ada@example.org')
  const cookies = { '__Host-reader': mintToken(site.services.keys, 'reader', reader, NOON) }
  expect((await site.app.inject({ url: '/for-you', cookies })).body).toContain('Nothing yet')
})

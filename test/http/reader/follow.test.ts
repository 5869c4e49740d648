import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { mintToken } from '../../../src/mail/tokens.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { subscribers } from '../../../src/runtime/db/schema.ts'
import { eraseReader } from '../../../src/subscription/erase.ts'
import { addPapers, addSubscriber, NOON } from '../../support/services.ts'
import { form, type Site, test } from '../site.ts'

const NAME = 'O’Brien & "x" <b>'

/** A reader, and a paper of an author and an organisation with a difficult name. */
async function readerOf(db: Db, { services: { keys } }: Site, values: Parameters<typeof addSubscriber>[2] = {}) {
  await addPapers(db, '2026-04-14', 1)
  await db.execute(sql`UPDATE papers SET authors = ARRAY[${NAME}], organization = ${NAME}`)
  const reader = await addSubscriber(db, 'ada@example.org', values)
  return { reader, cookies: { '__Host-reader': mintToken(keys, 'reader', reader, NOON) } }
}

const followed = async (db: Db) =>
  (await db.select({ authors: subscribers.authors, organisations: subscribers.organisations }).from(subscribers))[0]

describe.for([
  ['authors', 'author'],
  ['organisations', 'organisation'],
] as const)('the page of %s', ([field, wish]) => {
  const page = `/${field}/${encodeURIComponent(NAME)}`

  test('has Follow and Unfollow for a reader, which act once', async ({ db, site: { app }, site }) => {
    const { cookies } = await readerOf(db, site)
    const none = { authors: [], organisations: [] }
    const before = await app.inject({ url: page, cookies })
    expect(before.body).toContain(`action="${page.replaceAll('&', '&amp;')}/follow"`)
    expect(before.headers['cache-control']).toBe('no-store')
    expect(await followed(db)).toEqual(none)
    for (let press = 0; press < 2; press++) {
      const pressed = await app.inject({ method: 'POST', url: `${page}/follow`, cookies })
      expect([pressed.statusCode, pressed.headers.location]).toEqual([303, page])
    }
    expect(await followed(db)).toEqual({ ...none, [field]: [NAME] })
    expect((await app.inject({ url: page, cookies })).body).toContain('/unfollow"')
    await app.inject({ method: 'POST', url: `${page}/unfollow`, cookies })
    expect(await followed(db)).toEqual(none)
  })

  test('leads others to the sign-up form with the name', async ({ db, site: { app }, site }) => {
    const { cookies, reader } = await readerOf(db, site)
    const link = `/subscribe?${wish}=${encodeURIComponent(NAME)}`
    expect((await app.inject(page)).body).toContain(`href="${link}"`)
    expect((await app.inject({ method: 'POST', url: `${page}/follow` })).headers.location).toBe(link)
    expect((await app.inject(link)).body).toContain('O’Brien &amp; &quot;x&quot; &lt;b&gt;')
    await eraseReader(site.services, reader)
    expect((await app.inject({ url: page, cookies })).body).toContain(`href="${link}"`)
    expect((await app.inject({ method: 'POST', url: `${page}/follow`, cookies })).headers.location).toBe(link)
  })

  test('refuses other sites, and says when a reader follows too many', async ({ db, site: { app }, site }) => {
    const names = Array.from({ length: 20 }, (_, n) => `Name ${n}`)
    const { cookies } = await readerOf(db, site, { authors: names, organisations: names })
    const press = (headers: Record<string, string>) =>
      app.inject({ method: 'POST', url: `${page}/follow`, cookies, headers })
    expect((await press({ 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403)
    const full = await press({})
    expect(full.statusCode).toBe(422)
    expect(full.body).toContain('20')
    expect(await followed(db)).toEqual({ authors: names, organisations: names })
  })
})

test('a topic’s page has Follow for a reader, and the form for others', async ({ db, site: { app }, site }) => {
  const { cookies } = await readerOf(db, site)
  await db.execute(sql`UPDATE papers SET topics = '{agents}'`)
  const page = '/topics/agents'
  expect((await app.inject(page)).body).toContain('class="sign-up"')
  expect((await app.inject({ url: page, cookies })).body).toContain(`action="${page}/follow"`)
  const pressed = await app.inject({ method: 'POST', url: `${page}/follow`, cookies })
  expect(pressed.headers.location).toBe(page)
  expect((await db.select({ topics: subscribers.topics }).from(subscribers))[0]?.topics).toEqual(['agents'])
  expect((await app.inject({ url: page, cookies })).body).toContain(`action="${page}/unfollow"`)
  await app.inject({ method: 'POST', url: `${page}/unfollow`, cookies })
  expect((await db.select({ topics: subscribers.topics }).from(subscribers))[0]?.topics).toEqual([])
})

test('a paper’s page follows its organisation, and returns there', async ({ db, site: { app }, site }) => {
  const { cookies } = await readerOf(db, site)
  const body = (await app.inject({ url: '/papers/2604.14000', cookies })).body
  const [, action, back] = /action="([^"]+\/follow)">\s*<input type="hidden" name="back" value="([^"]+)"/.exec(body)!
  const url = action!.replaceAll('&amp;', '&')
  const pressed = await app.inject({ method: 'POST', url, cookies, ...form({ back: back! }) })
  expect(pressed.headers.location).toBe('/papers/2604.14000')
  expect((await followed(db))?.organisations).toEqual([NAME])
  expect((await app.inject('/papers/2604.14000')).body).toContain('href="/subscribe?organisation=')
})

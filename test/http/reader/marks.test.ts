import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { mintToken, type TokenPurpose } from '../../../src/mail/tokens.ts'
import { messagesIn } from '../../../src/messages/catalogue.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { subscribers } from '../../../src/runtime/db/schema.ts'
import { addPapers, addSubscriber, NOON } from '../../support/services.ts'
import { type Site, test } from '../site.ts'

const KINDS = ['save', 'not-interested', 'more-like'] as const

/** A reader, a paper, and the path and tokens of one judgement. */
async function readerAndPaper(db: Db, { services: { keys } }: Site, kind: (typeof KINDS)[number]) {
  await addPapers(db, '2026-04-14', 1)
  const reader = await addSubscriber(db, 'ada@example.org')
  const path = `/papers/2604.14000/${kind}`
  const token = (purpose: TokenPurpose, at = NOON) => mintToken(keys, purpose, reader, at)
  return { path, token, link: `${path}/${token('vote')}`, cookies: { '__Host-reader': token('reader') } }
}

/** Everything that these pages may change. */
async function judged(db: Db) {
  const { rows } = await db.execute<{ kind: string }>(sql`SELECT kind FROM marks`)
  const [reader] = await db.select({ likePapers: subscribers.likePapers }).from(subscribers)
  return [...rows.map((row) => row.kind), ...reader!.likePapers]
}

const SET = { save: ['saved'], 'not-interested': ['not interested'], 'more-like': ['2604.14000'] }

describe.for(KINDS)('the link to %s in an email', (kind) => {
  test('shows a button, and following it, with GET or HEAD, changes nothing', async ({ db, site }) => {
    const { link } = await readerAndPaper(db, site, kind)
    const page = await site.app.inject(link)
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain(`<form method="post" action="${link}">`)
    expect(page.headers).toMatchObject({ 'x-robots-tag': 'noindex', 'cache-control': 'no-store' })
    expect(page.headers['set-cookie']).toBeUndefined()
    await site.app.inject({ method: 'HEAD', url: link })
    expect(await judged(db)).toEqual([])
  })

  test('acts by its button, once, and undoes it', async ({ db, site }) => {
    const { link } = await readerAndPaper(db, site, kind)
    for (let press = 0; press < 2; press++) {
      const pressed = await site.app.inject({ method: 'POST', url: link })
      expect(pressed.statusCode).toBe(303)
      expect(pressed.headers.location).toBe(link)
    }
    expect(await judged(db)).toEqual(SET[kind])
    expect((await site.app.inject(link)).body).toContain(`action="${link}/undo"`)
    expect((await site.app.inject({ method: 'POST', url: `${link}/undo` })).statusCode).toBe(303)
    expect(await judged(db)).toEqual([])
  })

  test.for(['confirm', 'unsubscribe', 'preferences', 'reader'] as const)(
    'is no other link: a token to %s does nothing',
    async (purpose, { db, site }) => {
      const { path, token } = await readerAndPaper(db, site, kind)
      const url = `${path}/${token(purpose)}`
      expect((await site.app.inject(url)).statusCode).toBe(404)
      expect((await site.app.inject({ method: 'POST', url })).statusCode).toBe(404)
      expect(await judged(db)).toEqual([])
    },
  )

  test('expires after 60 days, and is 404 for an unknown paper', async ({ db, site }) => {
    const { path, token } = await readerAndPaper(db, site, kind)
    const old = token('vote', new Date(NOON.getTime() - 61 * 86_400_000))
    expect((await site.app.inject({ method: 'POST', url: `${path}/${old}` })).statusCode).toBe(410)
    const url = `/papers/999999/${kind}/${token('vote')}`
    expect((await site.app.inject({ method: 'POST', url })).statusCode).toBe(404)
    expect(await judged(db)).toEqual([])
  })

  test('on this site, the reader cookie stands in for it; without the cookie, or from another site, it does nothing', async ({
    db,
    site,
  }) => {
    const { path, cookies } = await readerAndPaper(db, site, kind)
    const press = (more: object) => site.app.inject({ method: 'POST', url: path, ...more })
    expect((await press({})).headers.location).toBe(path)
    const how = kind === 'save' ? 'Save papers for later' : 'How to vote'
    expect((await site.app.inject(path)).body).toContain(how)
    expect((await press({ cookies, headers: { 'sec-fetch-site': 'cross-site' } })).statusCode).toBe(403)
    expect(await judged(db)).toEqual([])
    expect((await press({ cookies })).statusCode).toBe(303)
    expect(await judged(db)).toEqual(SET[kind])
    await site.app.inject({ method: 'POST', url: `${path}/undo`, cookies })
    expect(await judged(db)).toEqual([])
  })
})

test('more papers to be alike than fit are refused with the reason, in the reader’s language', async ({ db, site }) => {
  const { link, path, cookies } = await readerAndPaper(db, site, 'more-like')
  const likePapers = Array.from({ length: 20 }, (_, n) => `2601.${10_000 + n}`)
  await db.update(subscribers).set({ likePapers, locale: 'de' })
  const { preferences } = messagesIn('de')
  const byLink = await site.app.inject({ method: 'POST', url: link })
  expect([byLink.statusCode, byLink.body]).toEqual([422, expect.stringContaining(preferences.problems.likePapers)])
  const onSite = await site.app.inject({ method: 'POST', url: path, cookies })
  expect([onSite.statusCode, onSite.body]).toEqual([422, expect.stringContaining('Enter up to 20 papers')])
  expect(await judged(db)).toEqual(likePapers)
})

test('an unsubscribed reader’s mark does not count', async ({ db, site }) => {
  const { link } = await readerAndPaper(db, site, 'save')
  await db.execute(sql`UPDATE subscribers SET status = 'unsubscribed'`)
  expect((await site.app.inject({ method: 'POST', url: link })).statusCode).toBe(403)
  expect(await judged(db)).toEqual([])
})

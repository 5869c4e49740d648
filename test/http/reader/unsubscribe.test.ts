import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { eq } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { mintToken } from '../../../src/mail/tokens.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { subscribers, unsubscribeReasons } from '../../../src/runtime/db/schema.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { UNSUBSCRIBE_REASONS } from '../../../src/subscription/unsubscribe-reasons.ts'
import { addSubscriber } from '../../support/services.ts'
import { form, test } from '../site.ts'

async function reader(db: Db, { keys }: Services, values: Parameters<typeof addSubscriber>[2] = {}) {
  const id = await addSubscriber(db, `reader-${Math.random()}@example.org`, values)
  const row = async () => (await db.select().from(subscribers).where(eq(subscribers.id, id)))[0]!
  return { url: `/unsubscribe/${mintToken(keys, 'unsubscribe', id, new Date('2020-01-01'))}`, row }
}

describe('opening the link', () => {
  test('shows all options and changes nothing', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    const page = await app.inject(url)
    await app.inject({ method: 'HEAD', url })
    expect(page.statusCode).toBe(200)
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'x-robots-tag': 'noindex' })
    expect(page.body).toContain('Get one email a week')
    expect(page.body).toContain('Pause for 2 weeks')
    expect((await row()).status).toBe('active')
  })

  test('offers no "less often" to weekly readers', async ({ db, site: { app, services } }) => {
    const { url } = await reader(db, services, { cadence: 'weekly' })
    expect((await app.inject(url)).body).not.toContain('Get one email a week')
  })

  test('its other buttons do what they say', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    const [, preferences] = /action="(\/preferences\/[^"]+)"/.exec((await app.inject(url)).body)!
    const post = (fields: Record<string, string>) => app.inject({ method: 'POST', url: preferences!, ...form(fields) })
    expect((await post({ cadence: 'weekly' })).statusCode).toBe(303)
    expect((await post({ pauseWeeks: '2' })).statusCode).toBe(303)
    expect(await row()).toMatchObject({
      status: 'active',
      cadence: 'weekly',
      pausedUntil: new Date('2026-04-29T12:00:00Z'),
    })
  })

  for (const status of ['pending', 'bounced'] as const)
    test(`has a button for readers who are ${status}`, async ({ db, site: { app, services } }) => {
      const { url, row } = await reader(db, services, { status })
      expect((await app.inject(url)).body).toContain('Unsubscribe</button>')
      await app.inject({ method: 'POST', url })
      expect((await row()).status).toBe('unsubscribed')
    })
})

describe('a POST to the link always works', () => {
  const bodies: [string, Record<string, string>, string | Buffer | undefined][] = [
    ['no body', {}, undefined],
    ['one click', { 'content-type': 'application/x-www-form-urlencoded' }, 'List-Unsubscribe=One-Click'],
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }, '--x\r\nbroken'],
    ['broken JSON', { 'content-type': 'application/json' }, '{"a":'],
    ['an empty JSON body', { 'content-type': 'application/json' }, ''],
    ['XML', { 'content-type': 'text/xml' }, '<'],
    ['a malformed content type', { 'content-type': ';;; charset' }, 'x'],
    ['an empty content type', { 'content-type': '' }, 'x'],
    ['no content type', {}, 'List-Unsubscribe=One-Click'],
    ['a compressed body', { 'content-type': 'text/plain', 'content-encoding': 'br' }, 'not brotli'],
    ['a megabyte', { 'content-type': 'application/octet-stream' }, Buffer.alloc(1_000_000)],
    [
      'a scanner',
      { 'user-agent': 'curl/8', accept: 'application/json', cookie: 'a=b', origin: 'https://evil.example' },
      '',
    ],
  ]
  test.for(bodies)('with %s', async ([, headers, payload], { db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    const reply = await app.inject({ method: 'POST', url, headers, ...(payload === undefined ? {} : { payload }) })
    expect(reply.statusCode).toBe(200)
    expect(reply.body).toContain('You’re unsubscribed')
    expect((await row()).status).toBe('unsubscribed')
  })

  test('twice, and for an erased reader', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    for (const _ of [1, 2]) expect((await app.inject({ method: 'POST', url })).statusCode).toBe(200)
    const { leftAt } = await row()
    await db.delete(subscribers)
    expect(leftAt).not.toBeNull()
    expect((await app.inject({ method: 'POST', url })).statusCode).toBe(200)
    expect((await app.inject(url)).statusCode).toBe(200)
  })

  test('any number of times from one network', async ({ db, site: { app, services } }) => {
    const { url } = await reader(db, services)
    const replies = await Promise.all(Array.from({ length: 200 }, () => app.inject({ method: 'POST', url })))
    expect(new Set(replies.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
  })

  test('but not a forged one', async ({ db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    const forged = `${url.slice(0, -2)}${url.endsWith('AA') ? 'BB' : 'AA'}`
    for (const method of ['GET', 'POST'] as const)
      expect((await app.inject({ method, url: forged })).statusCode).toBe(404)
    expect((await row()).status).toBe('active')
  })
})

describe('after unsubscribing', () => {
  test('one click says why, and only a count is stored', async ({ db, site: { app, services } }) => {
    const { url } = await reader(db, services)
    const page = await app.inject({ method: 'POST', url })
    const actions = [...page.body.matchAll(/action="(\/unsubscribe\/[^"]+\/because\/[\w-]+)"/g)].map(
      ([, action]) => action!,
    )
    expect(actions.map((action) => action.split('/').at(-1))).toEqual([...UNSUBSCRIBE_REASONS])
    const counted = await app.inject({ method: 'POST', url: actions[0]! })
    expect(counted.statusCode).toBe(303)
    const thanks = await app.inject(counted.headers.location!)
    expect(thanks.statusCode).toBe(200)
    expect(thanks.body).toContain('That helps us improve.')
    expect(thanks.body).not.toContain('/because/')
    await app.inject({ method: 'POST', url: actions[0]! })
    expect(await db.select().from(unsubscribeReasons)).toEqual([{ day: '2026-04-15', reason: 'too-many', count: 2 }])
  })

  test('a reader who still reads gives no reason, and only known reasons count', async ({
    db,
    site: { app, services },
  }) => {
    const { url } = await reader(db, services)
    await app.inject({ method: 'GET', url: `${url}/because/too-many` })
    await app.inject({ method: 'POST', url: `${url}/because/too-many` })
    await app.inject({ method: 'POST', url })
    expect((await app.inject({ method: 'POST', url: `${url}/because/boredom` })).statusCode).toBeGreaterThanOrEqual(400)
    expect(await db.$count(unsubscribeReasons)).toBe(0)
  })
})

describe('over a real connection', () => {
  const raw: [string, string[], string][] = [
    ['nothing', [], ''],
    ['good chunks', ['Transfer-Encoding: chunked'], '4\r\nList\r\n0\r\n\r\n'],
    ['garbage for chunks', ['Transfer-Encoding: chunked'], 'not a chunk at all\r\n'],
    ['a chunk cut short', ['Transfer-Encoding: chunked'], 'ff\r\nList'],
    ['less than its length says', ['Content-Length: 5000'], 'List'],
    ['an Expect', ['Expect: 100-continue', 'Content-Length: 4'], 'List'],
    ['an unknown Expect', ['Expect: a-miracle', 'Content-Length: 4'], 'List'],
    ['a compressed transfer', ['Transfer-Encoding: gzip, chunked'], '4\r\nList\r\n0\r\n\r\n'],
  ]
  test.for(raw)('%s', async ([, headers, body], { db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((app.server.address() as { port: number }).port, '127.0.0.1')
    const request = [`POST ${url} HTTP/1.1`, 'Host: paperboy.example', 'Connection: close', ...headers, '', body]
    socket.write(request.join('\r\n'))
    const answer = (await text(socket)).replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, '')
    expect(answer.split('\r\n', 1)[0]).toBe('HTTP/1.1 200 OK')
    expect(answer).toContain('You’re unsubscribed')
    expect(answer).not.toContain('400 Bad Request')
    expect((await row()).status).toBe('unsubscribed')
  })

  test.for([
    ['a chunk', 'Transfer-Encoding: chunked', 'ff\r\nList'],
    ['a body', 'Content-Length: 5000', 'List'],
  ])('%s that ends with its connection', async ([, header, body], { db, site: { app, services } }) => {
    const { url, row } = await reader(db, services)
    await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((app.server.address() as { port: number }).port, '127.0.0.1')
    socket.end([`POST ${url} HTTP/1.1`, 'Host: paperboy.example', header, '', body].join('\r\n'))
    expect(await text(socket)).toMatch(/^HTTP\/1.1 200 OK/)
    expect((await row()).status).toBe('unsubscribed')
  })

  test('other pages answer broken requests with a 400', async ({ site: { app } }) => {
    await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((app.server.address() as { port: number }).port, '127.0.0.1')
    socket.end('nonsense\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 Bad Request/)
  })
})

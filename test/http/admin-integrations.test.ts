import { HtmlValidate } from 'html-validate'
import { describe, expect } from 'vitest'
import { sendWebhooks } from '../../src/operate/webhooks/send-webhooks.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { apiKeys, auditLog, webhookEndpoints, webhookMessages } from '../../src/runtime/db/schema.ts'
import { signedIn, test } from './admin.ts'
import { form } from './site.ts'
import { PAGE_RULES } from './valid-html.ts'

const deeds = async (db: Db) =>
  (await db.select().from(auditLog).orderBy(auditLog.id)).map(({ action, target }) => `${action} ${target}`).slice(1)

const problemsIn = async (html: string) =>
  (await new HtmlValidate(PAGE_RULES).validateString(html)).results.flatMap(({ messages }) =>
    messages.map(({ message, line }) => `${message} ${html.split('\n')[line - 1]}`),
  )

describe('API keys', () => {
  test('are created, shown once, work, and are revoked', async ({ db, site }) => {
    const browser = await signedIn(site)
    const made = await browser.post('/admin/keys', { name: 'Dashboard', scopes: 'read', days: '7', perMinute: '9' })
    const key = /paperboy_[\w-]{32}/.exec(made.body)![0]
    expect(await db.select().from(apiKeys)).toMatchObject([{ name: 'Dashboard', scopes: ['read'], perMinute: 9 }])
    const list = await browser.get('/admin/keys')
    expect(list.body).toContain('Dashboard')
    expect(list.body).not.toContain(key)
    expect([await problemsIn(made.body), await problemsIn(list.body)]).toEqual([[], []])
    const ask = () => site.app.inject({ url: '/api/v1/status', headers: { authorization: `Bearer ${key}` } })
    expect((await ask()).statusCode).toBe(200)
    const [row] = await db.select().from(apiKeys)
    expect((await browser.post(`/admin/keys/${row!.id}/revoke`)).statusCode).toBe(303)
    expect((await ask()).statusCode).toBe(401)
    expect(await deeds(db)).toEqual(['created the API key "Dashboard"', `revoked API key ${row!.id}`])
    expect(site.logged()).not.toContain(key)
  })

  test('a second click on the button leaves one key, which works', async ({ db, site }) => {
    const browser = await signedIn(site)
    const fields = { name: 'Dashboard', scopes: 'read' }
    const shown = (await Promise.all([1, 2].map(() => browser.post('/admin/keys', fields)))).map(
      ({ body }) => /paperboy_[\w-]{32}/.exec(body)![0],
    )
    expect([await db.$count(apiKeys), await deeds(db)]).toEqual([1, ['created the API key "Dashboard"']])
    const again = /paperboy_[\w-]{32}/.exec((await browser.post('/admin/keys', fields)).body)![0]
    const status = async (key: string) =>
      (await site.app.inject({ url: '/api/v1/status', headers: { authorization: `Bearer ${key}` } })).statusCode
    expect(await Promise.all([...shown, again].map(status)), 'the last one shown').toEqual([401, 401, 200])
    await browser.post('/admin/keys', fields)
    expect(await db.$count(apiKeys), 'a key in use stays').toBe(2)
    site.clock.now = new Date(site.clock.now.getTime() + 60_000)
    await browser.post('/admin/keys', fields)
    expect(await db.$count(apiKeys), 'a minute later').toBe(3)
  })

  test.for([
    ['days', '0', 'Give the days'],
    ['days', '', 'Give the days'],
    ['days', '30d', 'Give the days'],
    ['perMinute', '1000000', 'Give the requests a minute'],
    ['name', 'x'.repeat(101), 'A name has at most 100 characters'],
  ] as const)('are not made with %s %o, which stays in its field', async ([field, value, words], { db, site }) => {
    const browser = await signedIn(site)
    const refused = await browser.post('/admin/keys', { name: 'Dashboard', scopes: 'read', days: '7', [field]: value })
    expect([refused.statusCode, await db.$count(apiKeys)]).toEqual([422, 0])
    expect(refused.body).toMatch(new RegExp(`name="${field}"[^>]* value="${value}" aria-invalid="true"`))
    expect(refused.body).toContain(words)
  })

  test.for([{ name: '', scopes: 'read' }, { name: 'x' }, { name: 'x', scopes: 'everything' }])(
    'need a name and a scope: %j',
    async (fields, { db, site }) => {
      const browser = await signedIn(site)
      const refused = await browser.post('/admin/keys', fields as Record<string, string>)
      expect([refused.statusCode, await db.$count(apiKeys)]).toEqual([422, 0])
      expect(await problemsIn(refused.body)).toEqual([])
    },
  )
})

describe('webhooks', () => {
  test('are added with several events, tested, rotated, sent again and deleted', async ({ db, site }) => {
    const browser = await signedIn(site)
    const fields = form({ ...browser.fields, url: 'https://127.0.0.1:9/hook' })
    const payload = `${fields.payload}&events=reader.confirmed&events=edition.released&addresses=yes`
    const { app } = site
    const made = await app.inject({
      method: 'POST',
      url: '/admin/webhooks',
      cookies: browser.cookies,
      ...fields,
      payload,
    })
    const secret = /whsec_[\w+/=]+/.exec(made.body)![0]
    const [endpoint] = await db.select().from(webhookEndpoints)
    expect(endpoint).toMatchObject({ secret, events: ['reader.confirmed', 'edition.released'], includeAddresses: true })
    const at = `/admin/webhooks/${endpoint!.id}`
    await browser.post(`${at}/test`)
    await sendWebhooks(site.services)
    const list = await browser.get('/admin/webhooks')
    expect(list.body).toContain('the address is in a private network')
    expect(list.body).not.toContain(secret)
    const rotated = await browser.post(`${at}/rotate`)
    expect(rotated.body).toMatch(/whsec_/)
    expect(rotated.body).toContain('The earlier one signs too, until')
    await db.update(webhookMessages).set({ state: 'failed' })
    const [message] = await db.select().from(webhookMessages)
    await browser.post(`${at}/messages/${message!.id}/replay`)
    expect((await db.select().from(webhookMessages))[0]).toMatchObject({ state: 'waiting', attempts: 0 })
    await browser.post(`${at}/disable`)
    expect((await browser.get('/admin/webhooks')).body).toContain('by a person')
    await browser.post(`${at}/enable`)
    const unsure = await browser.post(`${at}/delete`)
    expect([unsure.statusCode, await db.$count(webhookEndpoints)]).toEqual([422, 1])
    for (const { body } of [made, list, rotated, unsure]) expect(await problemsIn(body)).toEqual([])
    await browser.post(`${at}/delete`, { sure: 'yes' })
    expect([await db.$count(webhookEndpoints), await db.$count(webhookMessages)]).toEqual([0, 0])
    const one = `webhook endpoint ${endpoint!.id}`
    expect(await deeds(db)).toEqual([
      'added a webhook endpoint',
      `sent a test to ${one}`,
      `rotated the secret of ${one}`,
      `sent message ${message!.id} again to ${one}`,
      `disabled ${one}`,
      `enabled ${one}`,
      `deleted ${one}`,
    ])
  })

  test('a second click on the button adds one endpoint, with one secret', async ({ db, site }) => {
    const browser = await signedIn(site)
    const fields = { url: 'https://hooks.example/', events: 'reader.confirmed' }
    const add = async () => /whsec_[\w+/=]+/.exec((await browser.post('/admin/webhooks', fields)).body)![0]
    const [one, two] = await Promise.all([add(), add()])
    expect(two).toBe(one)
    expect([await db.$count(webhookEndpoints), await deeds(db)]).toEqual([1, ['added a webhook endpoint']])
    site.clock.now = new Date(site.clock.now.getTime() + 60_000)
    expect(await add()).not.toBe(one)
  })

  test('keep the typed fields when the URL is wrong', async ({ site }) => {
    const browser = await signedIn(site)
    const refused = await browser.post('/admin/webhooks', {
      url: 'nowhere',
      events: 'reader.confirmed',
      addresses: 'yes',
    })
    for (const kept of ['value="nowhere"', 'value="reader.confirmed" checked', 'name="addresses" value="yes" checked'])
      expect(refused.body).toContain(kept)
  })

  test('need an event and a URL that may be called', async ({ db, site }) => {
    const browser = await signedIn(site)
    for (const fields of [{ url: 'https://example.org/' }, { url: 'nowhere', events: 'reader.confirmed' }])
      expect((await browser.post('/admin/webhooks', fields as Record<string, string>)).statusCode).toBe(422)
    expect(await db.$count(webhookEndpoints)).toBe(0)
  })
})

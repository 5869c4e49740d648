import { eq } from 'drizzle-orm'
import { describe, expect, onTestFinished } from 'vitest'
import { createApiKey, listApiKeys, revokeApiKey, type Scope } from '../../../src/operate/api-keys.ts'
import {
  apiKeys,
  auditLog,
  idempotentRequests,
  outbox,
  subscribers,
  suppressions,
} from '../../../src/runtime/db/schema.ts'
import { subscribe } from '../../../src/subscription/subscribe.ts'
import { deleteExpiredJob } from '../../../workers/delete-expired.ts'
import { test as onDatabase } from '../../support/database.ts'
import { addReaders, addSubscriber, NOON, releasedEdition, servicesOn } from '../../support/services.ts'
import { notedWakes, type Site, siteOn } from '../site.ts'

/** The whole app with a movable clock. */
const test = onDatabase.extend('site', { scope: 'test' }, async ({ db, databaseUrl }, { onCleanup }) => {
  const clock = { now: NOON }
  const site = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl }, clock))
  onCleanup(() => site.app.close())
  return { ...site, clock }
})

const days = (count: number) => new Date(NOON.getTime() + count * 86_400_000)

async function keyFor({ services }: Pick<Site, 'services'>, scopes: Scope[] = ['readers'], more: object = {}) {
  const made = await createApiKey(services, { name: 'shop', scopes, days: 30, createdBy: 'test', ...more })
  return { ...made, headers: { authorization: `Bearer ${made.key}` } }
}

describe('a key', () => {
  test('is stored only as a hash, and recognised by its prefix', async ({ db, site }) => {
    const { key } = await keyFor(site)
    expect(key).toMatch(/^paperboy_[A-Za-z0-9_-]{32}$/)
    const [row] = await db.select().from(apiKeys)
    expect(JSON.stringify(row)).not.toContain(key.slice(13))
    expect(row!.hint).toBe(key.slice(0, 13))
  })

  test('opens what its scope allows, nothing else', async ({ site }) => {
    await releasedEdition(site.services, '2026-04-13', 2)
    const reads = await keyFor(site, ['read'])
    const get = (url: string, headers = {}) => site.app.inject({ url, headers })
    expect((await get('/api/v1/status', reads.headers)).statusCode).toBe(200)
    const refused = await get('/api/v1/readers', reads.headers)
    expect(refused.statusCode).toBe(403)
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(refused.json()).toMatchObject({ status: 403, code: 'KEY_LACKS_SCOPE' })
    const paused = await site.app.inject({ method: 'POST', url: '/api/v1/editions/daily/2026-04-13/pause', ...reads })
    expect(paused.statusCode).toBe(403)
  })

  test.for(['none', 'unknown', 'malformed', 'revoked', 'expired', 'in the query'])(
    '%s answers 401',
    async (kind, { site }) => {
      const { id, key } = await keyFor(site)
      if (kind === 'revoked') await revokeApiKey(site.services, id)
      if (kind === 'expired') site.clock.now = days(31)
      const sent: Record<string, string | undefined> = {
        none: undefined,
        unknown: `Bearer paperboy_${'a'.repeat(32)}`,
        malformed: `Basic ${key}`,
        'in the query': undefined,
      }
      const authorization = kind in sent ? sent[kind] : `Bearer ${key}`
      const url = kind === 'in the query' ? `/api/v1/readers?access_token=${key}` : '/api/v1/readers'
      const answer = await site.app.inject({ url, headers: authorization ? { authorization } : {} })
      expect([answer.statusCode, answer.headers['www-authenticate'], answer.json().code]).toEqual([
        401,
        'Bearer',
        'BAD_KEY',
      ])
      expect(site.logged()).not.toContain(key)
    },
  )

  test('sends requests without a body, whose client names a type for every request', async ({ db, site }) => {
    const { headers } = await keyFor(site, ['readers', 'admin'])
    const other = await keyFor(site)
    const id = await addSubscriber(db, 'ada@example.org')
    const send = (method: 'POST' | 'DELETE', url: string) =>
      site.app.inject({ method, url, headers: { ...headers, 'content-type': 'application/json' } })
    expect((await send('POST', `/api/v1/readers/${id}/unsubscribe`)).statusCode).toBeLessThan(300)
    expect((await send('DELETE', `/api/v1/keys/${other.id}`)).statusCode).toBeLessThan(300)
    const missing = await send('POST', '/api/v1/readers')
    expect([missing.statusCode, missing.json().errors]).toMatchObject([422, [{ field: 'body' }]])
  })

  test('records the day of its last use, once a day', async ({ site }) => {
    const { headers } = await keyFor(site)
    const used = async () => (await listApiKeys(site.services))[0]!.lastUsedOn
    expect(await used()).toBeNull()
    await site.app.inject({ url: '/api/v1/readers', headers })
    expect(await used()).toBe('2026-04-15')
    site.clock.now = days(2)
    await site.app.inject({ url: '/api/v1/readers', headers })
    expect(await used()).toBe('2026-04-17')
  })

  test('has its own rate limit, and says when to come back', async ({ site }) => {
    const slow = await keyFor(site, ['readers'], { perMinute: 2 })
    const other = await keyFor(site)
    const ask = (headers: object) => site.app.inject({ url: '/api/v1/readers', headers: headers as never })
    expect([(await ask(slow.headers)).statusCode, (await ask(slow.headers)).headers['ratelimit-remaining']]).toEqual([
      200,
      '0',
    ])
    const refused = await ask(slow.headers)
    expect(refused.statusCode).toBe(429)
    expect(refused.json()).toMatchObject({ status: 429 })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused.headers).toMatchObject({ 'ratelimit-limit': '2', 'ratelimit-remaining': '0' })
    expect((await ask(other.headers)).statusCode).toBe(200)
  })
})

describe('readers', () => {
  test('are listed in pages that meet no reader twice', async ({ db, site }) => {
    await addReaders(db, 7)
    await addSubscriber(db, 'ada@other.example', { status: 'unsubscribed', topics: ['agents'] })
    const { headers } = await keyFor(site)
    const get = async (url: string) => (await site.app.inject({ url, headers })).json()
    const seen: string[] = []
    let next: string | undefined
    do {
      const page = await get(`/api/v1/readers?limit=3${next ? `&cursor=${next}` : ''}`)
      seen.push(...page.readers.map((reader: { email: string }) => reader.email))
      next = page.next
    } while (next)
    expect([seen.length, new Set(seen).size]).toEqual([8, 8])
    const filtered = async (query: string) =>
      (await get(`/api/v1/readers?${query}`)).readers.map((each: { email: string }) => each.email)
    expect(await filtered('status=unsubscribed')).toEqual(['ada@other.example'])
    expect(await filtered('domain=OTHER.example')).toEqual(['ada@other.example'])
    await addSubscriber(db, 'ada@xn--exmple-cua.org')
    expect(await filtered(`domain=${encodeURIComponent('Exämple.org')}`)).toEqual(['ada@xn--exmple-cua.org'])
    expect(await filtered('topic=agents')).toEqual(['ada@other.example'])
    expect(await filtered('joinedTo=2020-01-01')).toEqual([])
    expect(await get('/api/v1/readers?cursor=eA')).toMatchObject({ status: 422, code: 'BAD_CURSOR' })
  })

  test('are asked to confirm when they are added, and activated only with consent from elsewhere', async ({
    db,
    site,
  }) => {
    const { headers } = await keyFor(site)
    const add = (payload: object) => site.app.inject({ method: 'POST', url: '/api/v1/readers', headers, payload })
    const wakes = notedWakes(site)
    const asked = await add({ email: 'ada@example.org', zone: 'Europe/London' })
    expect(wakes).toEqual([{ name: 'send-service-emails', early: false }])
    expect([asked.statusCode, asked.json()]).toEqual([201, { id: expect.any(Number), status: 'pending' }])
    expect((await db.select().from(outbox)).map(({ kind }) => kind)).toEqual(['confirm'])
    const consent = { form: 'newsletter box at checkout', confirmedAt: '2026-02-01T10:00:00Z' }
    const given = await add({ email: 'grace@example.org', cadence: 'weekly', consent })
    expect([given.statusCode, given.json().status]).toEqual([201, 'active'])
    const [grace] = await db.select().from(subscribers).where(eq(subscribers.email, 'grace@example.org'))
    expect(grace).toMatchObject({
      consentForm: consent.form,
      importedBy: expect.stringContaining('API key'),
      cadence: 'weekly',
    })
    expect(await db.$count(outbox)).toBe(1)
    const again = await add({ email: 'grace@example.org', consent })
    expect([again.statusCode, again.json().status]).toEqual([200, 'active'])
    const agreed = await add({ email: 'ada@example.org', consent })
    expect([agreed.statusCode, agreed.json().status]).toEqual([200, 'active'])
    // As Python and PostgreSQL write a moment.
    const offset = await add({
      email: 'ada@example.org',
      consent: { ...consent, confirmedAt: '2026-02-01T11:00:00+01:00' },
    })
    expect([offset.statusCode, offset.json().status]).toEqual([200, 'active'])
    const never = await add({ email: 'eve@example.org', consent: { ...consent, confirmedAt: '0000-01-01T00:00:00Z' } })
    expect([never.statusCode, never.json().errors?.[0].field]).toEqual([422, 'consent.confirmedAt'])
    const log = await db.select().from(auditLog).orderBy(auditLog.id)
    expect(log.map(({ action, target }) => `${action} ${target}`)).toEqual([
      `added reader ${asked.json().id}`,
      `added reader ${grace!.id}`,
      `activated reader ${asked.json().id}`,
    ])
  })

  test('get what the newsletter gives new readers, and a schedule only with consent', async ({ db, databaseUrl }) => {
    const base = servicesOn(db, { DATABASE_URL: databaseUrl })
    const defaults = { cadence: 'weekdays', size: 5, hour: 7 } as const
    const newsletter = { ...base.config.newsletter, languages: ['de', 'en'] as const, defaults }
    const site = siteOn({ ...base, config: { ...base.config, newsletter } })
    onTestFinished(() => site.app.close())
    const { headers } = await keyFor(site)
    const add = (payload: object) => site.app.inject({ method: 'POST', url: '/api/v1/readers', headers, payload })
    const consent = { form: 'checkout', confirmedAt: '2026-02-01T10:00:00Z' }
    expect((await add({ email: 'grace@example.org', consent })).statusCode).toBe(201)
    expect((await add({ email: 'ada@example.org' })).statusCode).toBe(201)
    const readers = await db.select().from(subscribers).orderBy(subscribers.email)
    expect(readers.map(({ locale }) => locale)).toEqual(['de', 'de'])
    expect(readers[1]).toMatchObject({ cadence: 'weekdays', size: 5, hour: 7 })
    for (const schedule of [{ cadence: 'weekly' }, { hour: 6 }]) {
      const answer = await add({ email: 'eve@example.org', ...schedule })
      expect([answer.statusCode, answer.json().code]).toEqual([422, 'BAD_PREFERENCE'])
    }
    expect(await db.$count(subscribers)).toBe(2)
  })

  test.for(['unsubscribed', 'bounced', 'complained', 'erased'] as const)(
    'who are %s stay so, whatever consent a program states',
    async (status, { db, site }) => {
      const { headers } = await keyFor(site)
      const id = await addSubscriber(db, 'ada@example.org', { status: status === 'erased' ? 'active' : status })
      if (status === 'erased') await site.app.inject({ method: 'DELETE', url: `/api/v1/readers/${id}`, headers })
      const consent = { form: 'old list', confirmedAt: '2026-02-01T10:00:00Z' }
      const payload = { email: 'Ada@example.org', consent }
      const answer = await site.app.inject({ method: 'POST', url: '/api/v1/readers', headers, payload })
      expect([answer.statusCode, answer.json().code]).toEqual([409, 'OPTED_OUT'])
      const rows = await db.select().from(subscribers)
      expect(rows.map((row) => row.status)).toEqual([status])
    },
  )

  test('are unsubscribed, suppressed, lifted, exported and erased, with an entry in the audit log', async ({
    db,
    site,
  }) => {
    const key = await keyFor(site)
    const { headers } = key
    const id = await addSubscriber(db, 'ada@example.org')
    const post = (action: string) =>
      site.app.inject({ method: 'POST', url: `/api/v1/readers/${id}/${action}`, headers })
    expect((await post('unsubscribe')).json()).toEqual({ id, status: 'unsubscribed' })
    expect((await post('unsubscribe')).json(), 'which changes nothing').toEqual({ id, status: 'unsubscribed' })
    expect((await post('suppress')).json()).toEqual({ id, status: 'unsubscribed' })
    expect((await post('suppress')).json(), 'which changes nothing').toEqual({ id, status: 'unsubscribed' })
    const again = {
      method: 'POST',
      url: '/api/v1/suppressions',
      headers,
      payload: { email: 'ada@example.org' },
    } as const
    expect((await site.app.inject(again)).json()).toEqual({ changed: false })
    expect((await db.select().from(suppressions)).map(({ reason }) => reason)).toEqual(['manual'])
    expect((await post('lift')).statusCode).toBe(200)
    // No field of this request is wrong.
    expect((await post('lift')).json()).not.toHaveProperty('errors')
    expect(await db.$count(suppressions)).toBe(0)
    const exported = await site.app.inject({ url: `/api/v1/readers/${id}/export`, headers })
    expect(exported.json().tables.subscribers[0].email).toBe('ada@example.org')
    for (const time of ['once', 'again, which changes nothing']) {
      const erased = await site.app.inject({ method: 'DELETE', url: `/api/v1/readers/${id}`, headers })
      expect(erased.statusCode, time).toBe(204)
    }
    for (const action of ['suppress', 'lift']) {
      const gone = (await post(action)).json()
      expect([action, gone.status, gone.code, gone.errors]).toEqual([action, 404, 'READER_NOT_FOUND', undefined])
    }
    const log = (await db.select().from(auditLog).orderBy(auditLog.id)).map(
      (row) => `${row.actor}: ${row.action} ${row.target}`,
    )
    const actor = `API key ${key.id} (shop)`
    expect(log).toEqual(
      ['unsubscribed', 'suppressed', 'lifted the suppression of', 'exported the data of', 'erased'].map(
        (done) => `${actor}: ${done} reader ${id}`,
      ),
    )
  })

  test('see their digest, and nothing is sent', async ({ db, site }) => {
    await releasedEdition(site.services, '2026-04-13', 3)
    const id = await addSubscriber(db, 'ada@example.org')
    const { headers } = await keyFor(site)
    const answer = await site.app.inject({ url: `/api/v1/readers/${id}/digests/daily/2026-04-13`, headers })
    expect(answer.json()).toMatchObject({ subject: expect.any(String), text: expect.stringContaining('Paper 1') })
    expect(await db.$count(outbox)).toBe(0)
  })
})

describe('Idempotency-Key', () => {
  const add = (site: Pick<Site, 'app'>, headers: object, email: string, key = 'k-1') =>
    site.app.inject({
      method: 'POST',
      url: '/api/v1/readers',
      headers: { ...headers, 'idempotency-key': key },
      payload: { email },
    })

  test('repeats the response without repeating the work, for a day', async ({ db, site }) => {
    const { headers } = await keyFor(site)
    const first = await add(site, headers, 'ada@example.org')
    const again = await add(site, headers, 'ada@example.org')
    expect([again.statusCode, again.json(), again.headers['idempotent-replayed']]).toEqual([201, first.json(), 'true'])
    expect(await db.$count(outbox)).toBe(1)
    site.clock.now = days(1.1)
    await deleteExpiredJob(site.services)
    expect(await db.$count(idempotentRequests)).toBe(0)
    expect((await add(site, headers, 'ada@example.org')).statusCode).toBe(200)
  })

  test('stores no address, whether the request succeeds or fails', async ({ db, site }) => {
    const { headers } = await keyFor(site)
    await add(site, headers, 'ada@example.org')
    await add(site, headers, 'ada@nowhere', 'k-2')
    const rows = await db.select().from(idempotentRequests)
    expect(rows.map(({ status }) => status)).toEqual([201, 422])
    expect(JSON.stringify(rows)).not.toMatch(/ada/i)
  })

  test('with another body is an error, and belongs to one API key', async ({ db, site }) => {
    const [{ headers }, other] = [await keyFor(site), await keyFor(site)]
    await add(site, headers, 'ada@example.org')
    const differs = await add(site, headers, 'grace@example.org')
    expect([differs.statusCode, differs.json().code]).toEqual([422, 'REQUEST_DIFFERS'])
    expect((await add(site, other.headers, 'grace@example.org')).statusCode).toBe(201)
    expect(await db.$count(subscribers)).toBe(2)
  })

  test('twice at once: one runs, the other has to wait or gets the same', async ({ db, site }) => {
    const { headers } = await keyFor(site)
    const answers = await Promise.all(Array.from({ length: 5 }, () => add(site, headers, 'ada@example.org')))
    expect(answers.filter((answer) => answer.statusCode === 201).length).toBeGreaterThan(0)
    for (const { statusCode, headers: sent } of answers) {
      expect([201, 409]).toContain(statusCode)
      if (statusCode === 409) expect(sent['retry-after']).toBe('1')
    }
    expect(await db.$count(outbox)).toBe(1)
  })

  test('of a request that came too early is free for the next try', async ({ db, site }) => {
    const { headers } = await keyFor(site)
    const [typed, minutes] = ['ada@example.org', [0, 1, 10, 60, 360]]
    for (const wait of minutes) {
      site.clock.now = new Date(site.clock.now.getTime() + wait * 60_000)
      await subscribe(site.services, { typed, origin: '192.0.2.1' })
    }
    // Their row is gone, and the emails still count.
    await db.delete(subscribers)
    const early = await add(site, headers, typed)
    expect([early.statusCode, early.json().code]).toEqual([429, 'TOO_MANY_SIGN_UPS'])
    site.clock.now = new Date(NOON.getTime() + 86_400_000 + 60_000)
    expect((await add(site, headers, typed)).statusCode).toBe(201)
  })

  test('of a request that a dead process left open can be used again after a minute', async ({ db, site }) => {
    const { headers } = await keyFor(site)
    await add(site, headers, 'ada@example.org')
    await db.update(idempotentRequests).set({ status: null, body: null })
    expect((await add(site, headers, 'ada@example.org')).statusCode).toBe(409)
    site.clock.now = new Date(NOON.getTime() + 61_000)
    expect((await add(site, headers, 'ada@example.org')).statusCode).toBe(200)
  })
})

describe('CORS', () => {
  const origin = 'https://elsewhere.example'
  test('is open for public reads and feeds', async ({ site }) => {
    for (const url of [
      '/api/v1/topics',
      '/api/v1/editions',
      '/api/v1/papers/nothing',
      '/api/openapi.json',
      '/feed.xml',
      '/feed.json',
    ]) {
      const { headers } = await site.app.inject({ url, headers: { origin } })
      expect([url, headers['access-control-allow-origin']]).toEqual([url, '*'])
      expect(headers).not.toHaveProperty('access-control-allow-credentials')
    }
  })

  test('is closed elsewhere, and to requests with a key', async ({ site }) => {
    for (const url of [
      '/api/v1/readers',
      '/api/v1/votes',
      '/api/v1/status',
      '/api/v1/preferences/x',
      '/preferences/x',
      '/admin',
      '/',
    ]) {
      const { headers } = await site.app.inject({ url, headers: { origin } })
      expect([url, headers['access-control-allow-origin']]).toEqual([url, undefined])
    }
    const asking = { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' }
    const preflight = await site.app.inject({ method: 'OPTIONS', url: '/api/v1/editions', headers: asking })
    expect(preflight.headers).not.toHaveProperty('access-control-allow-headers')
  })
})

import { eq } from 'drizzle-orm'
import { describe, expect, onTestFinished } from 'vitest'
import { addressHash } from '../../../src/mail/address.ts'
import { mintToken } from '../../../src/mail/tokens.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { outbox, subscribers } from '../../../src/runtime/db/schema.ts'
import { eraseReader } from '../../../src/subscription/erase.ts'
import { subscribe } from '../../../src/subscription/subscribe.ts'
import { suppress } from '../../../src/suppression/suppress.ts'
import { makeProof } from '../../support/proof.ts'
import { addSubscriber, NOON, servicesOn, testConfig } from '../../support/services.ts'
import { watchedDatabase } from '../../support/statements.ts'
import { form, siteOn, test } from '../site.ts'

test('the form promises what a new reader gets', async ({ site }) => {
  const { config } = site.services
  const { newsletter } = config
  const weekly = { ...newsletter, defaults: { ...newsletter.defaults, cadence: 'weekly' as const } }
  const other = siteOn({ ...site.services, config: { ...config, newsletter: weekly } })
  onTestFinished(() => other.app.close())
  for (const url of ['/', '/subscribe', '/embed']) {
    expect((await site.app.inject(url)).body).toContain('One email a day.')
    expect((await other.app.inject(url)).body).toContain('One email a week.')
  }
})

describe('the form', () => {
  test('accepts an address and says what happens next', async ({ db, site: { app } }) => {
    const reply = await app.inject({
      method: 'POST',
      url: '/subscribe',
      ...form({ email: 'ada@example.org', zone: 'Europe/Berlin' }),
    })
    expect(reply.statusCode).toBe(303)
    expect(reply.headers.location).toBe('/check-your-inbox')
    expect(await db.select({ email: subscribers.email, zone: subscribers.zone }).from(subscribers)).toEqual([
      { email: 'ada@example.org', zone: 'Europe/Berlin' },
    ])
    const next = await app.inject('/check-your-inbox')
    expect(next.body).toContain('Check your inbox')
    expect(next.body).toContain('No email yet?')
  })

  test('brings a wish from the page that it was on, and follows nothing for an active reader', async ({ db, site }) => {
    const page = await site.app.inject('/subscribe?author=Yejin%20Choi&topic=speech&organisation=%22%3E%3Cb%3E')
    expect(page.body).toContain('You’ll also follow Speech, Yejin Choi and &quot;&gt;&lt;b&gt;.')
    expect(page.body).toContain('<input type="hidden" name="author" value="Yejin Choi">')
    const post = (fields: Record<string, string>) =>
      site.app.inject({ method: 'POST', url: '/subscribe', ...form({ email: 'ada@example.org', ...fields }) })
    const wishes = () =>
      db
        .select({ topics: subscribers.topics, authors: subscribers.authors, organisations: subscribers.organisations })
        .from(subscribers)
    await addSubscriber(db, 'ada@example.org', {
      status: 'unsubscribed',
      authors: ['Ada Lovelace'],
      topics: ['speech'],
    })
    await post({ author: 'Yejin Choi', organisation: 'NVIDIA', topic: 'speech' })
    const own = [{ topics: ['speech'], authors: ['Ada Lovelace'], organisations: [] }]
    expect(await wishes(), 'anyone can type an address').toEqual(own)
    const [asked] = await db.select().from(subscribers)
    const token = mintToken(site.services.keys, 'confirm', asked!.id, NOON, asked!.confirmNonce!)
    expect((await site.app.inject({ method: 'POST', url: `/confirm/${token}` })).statusCode).toBe(303)
    const followed = [{ topics: ['speech'], authors: ['Ada Lovelace', 'Yejin Choi'], organisations: ['NVIDIA'] }]
    expect(await wishes()).toEqual(followed)
    await post({ author: 'Eve' })
    expect(await wishes()).toEqual(followed)
  })

  test('comes back with a bad address in it and the reason beside the field', async ({ db, site: { app } }) => {
    const reply = await app.inject({ method: 'POST', url: '/subscribe', ...form({ email: '"><b>ada' }) })
    expect(reply.statusCode).toBe(422)
    expect(reply.body).toContain('An email address needs an @')
    expect(reply.body).toContain('value="&quot;&gt;&lt;b&gt;ada"')
    expect(reply.body).toContain('aria-invalid="true" aria-describedby="email-problem"')
    expect(await db.$count(subscribers)).toBe(0)
  })

  test.for([
    ['nothing', undefined, undefined],
    ['another field', 'application/x-www-form-urlencoded', 'mail=ada'],
    ['the field twice', 'application/x-www-form-urlencoded', 'email=a@example.org&email=b@example.org'],
    ['a header line in it', 'application/x-www-form-urlencoded', 'email=ada@example.org%0d%0aBcc:x@example.org'],
    ['a zero byte', 'application/x-www-form-urlencoded', 'email=ada%00@example.org'],
  ] as const)('given %s asks again', async ([, type, payload], { db, site: { app } }) => {
    const reply = await app.inject({
      method: 'POST',
      url: '/subscribe',
      ...(type ? { headers: { 'content-type': type }, payload } : {}),
    })
    expect(reply.statusCode).toBe(422)
    expect(reply.body).toContain('id="email-problem"')
    expect(await db.$count(subscribers)).toBe(0)
  })

  test.for(['Mars/Base', '\u0000', 'x'.repeat(80), "'; DROP TABLE subscribers; --"])(
    'takes a zone that is none (%j) for UTC',
    async (zone, { db, site: { app } }) => {
      const reply = await app.inject({ method: 'POST', url: '/subscribe', ...form({ email: 'ada@example.org', zone }) })
      expect(reply.statusCode).toBe(303)
      expect((await db.select().from(subscribers))[0]!.zone).toBe('UTC')
    },
  )

  test('is refused beyond 16 KB', async ({ site: { app } }) => {
    const reply = await app.inject({ method: 'POST', url: '/subscribe', ...form({ email: 'a'.repeat(20_000) }) })
    expect(reply.statusCode).toBe(413)
    expect(reply.headers['content-type']).toContain('text/html')
  })
})

describe('the response does not reveal whether an address is known: neither its content nor its work', () => {
  const KNOWN: Record<string, { mail: string[]; make(db: Db, email: string): Promise<unknown> }> = {
    new: { mail: ['confirm'], make: async () => {} },
    pending: { mail: ['confirm'], make: (db, email) => addSubscriber(db, email, { status: 'pending' }) },
    'asked a moment ago': { mail: [], make: (db, email) => subscribe(servicesOn(db), { typed: email, origin: '::1' }) },
    active: { mail: ['already'], make: (db, email) => addSubscriber(db, email) },
    unsubscribed: { mail: ['confirm'], make: (db, email) => addSubscriber(db, email, { status: 'unsubscribed' }) },
    bounced: {
      mail: ['confirm'],
      make: async (db, email) =>
        suppress(db, [{ hash: await hashOf(db, await addSubscriber(db, email)), reason: 'hard bounce' }], NOON),
    },
    complained: {
      mail: ['confirm'],
      make: async (db, email) =>
        suppress(db, [{ hash: await hashOf(db, await addSubscriber(db, email)), reason: 'complaint' }], NOON),
    },
    'suppressed by hand': {
      mail: ['confirm'],
      make: (db, email) =>
        suppress(db, [{ hash: addressHash(testConfig().SUPPRESSION_KEY, email), reason: 'manual' }], NOON),
    },
    erased: {
      mail: ['confirm'],
      make: async (db, email) => eraseReader(servicesOn(db), await addSubscriber(db, email)),
    },
  }
  const hashOf = async (db: Db, id: number) =>
    (await db.select().from(subscribers).where(eq(subscribers.id, id)))[0]!.addressHash!

  test.for(['/subscribe', '/api/v1/subscriptions'])('%s', async (url, { db, databaseUrl }) => {
    const watched = watchedDatabase(databaseUrl)
    const { app, services } = siteOn(servicesOn(watched.db))
    onTestFinished(async () => {
      await app.close()
      await watched.close()
    })
    const seen: object[] = []
    for (const [name, { mail, make }] of Object.entries(KNOWN)) {
      const email = `${name.replaceAll(' ', '-')}@example.org`
      await make(db, email)
      const before = await db.$count(outbox)
      const proof = await makeProof(services.config.SECRET_KEY, new Date(NOON.getTime() - 5_000))
      watched.statements.length = 0
      const posted = url === '/subscribe' ? form({ email, proof }) : { payload: { email, proof } }
      const { statusCode, headers, body } = await app.inject({ method: 'POST', url, ...posted })
      const statements = [...watched.statements]
      const { date: _, ...rest } = headers
      seen.push({ statusCode, headers: rest, body, statements })
      const mails = (await db.select().from(outbox).orderBy(outbox.id)).slice(before)
      expect([name, ...mails.map(({ kind }) => kind)]).toEqual([name, ...mail])
    }
    expect(seen[0]).toMatchObject({ statusCode: url === '/subscribe' ? 303 : 202 })
    // The rate limit's count, and the sign-up.
    expect((seen[0] as { statements: string[] }).statements).toHaveLength(2)
    for (const each of seen) expect(each).toEqual(seen[0])
  })
})

test('links the local mailbox only if one runs', async ({ site }) => {
  expect((await site.app.inject('/check-your-inbox')).body).not.toContain('local mailbox')
  const local = siteOn(site.services, { mailboxUrl: 'http://localhost:1080/' })
  expect((await local.app.inject('/check-your-inbox')).body).toContain('href="http://localhost:1080/"')
  await local.app.close()
})

import { describe, expect, onTestFinished } from 'vitest'
import { mintToken } from '../../../src/mail/tokens.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { addressChanges, outbox, subscribers, suppressions } from '../../../src/runtime/db/schema.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { eraseReader } from '../../../src/subscription/erase.ts'
import { mintManageToken } from '../../../src/subscription/manage.ts'
import { addSubscriber, NOON, servicesOn } from '../../support/services.ts'
import { watchedDatabase } from '../../support/statements.ts'
import { form, type Site, siteOn, test } from '../site.ts'

const ADA = 'ada@example.org'
const NEW = 'ada@new.example'
const MINUTE = 60_000

/** All rows that a manage link can change. */
const stateOf = async (db: Db) => ({
  readers: await db.select().from(subscribers).orderBy(subscribers.id),
  mails: await db.select().from(outbox).orderBy(outbox.id),
  changes: await db.select().from(addressChanges),
  suppressed: await db.select().from(suppressions),
})
const readerOf = async (db: Db, id: number) => (await stateOf(db)).readers.find((each) => each.id === id)!

/** The manage link in a reader's email. */
async function linkTo({ db, keys, now }: Services, id: number): Promise<string> {
  return mintManageToken(keys, id, now(), (await readerOf(db, id)).addressHash!)
}
/** The link in the email to the new address. */
async function changeLink({ db, keys, now }: Services): Promise<string> {
  const [change] = await db.select().from(addressChanges)
  return mintToken(keys, 'change', change!.subscriberId, now(), change!.nonce)
}
const post = ({ app }: Site, url: string, fields: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url, ...form(fields) })

describe('asking for the link', () => {
  test('gets the same response after the same statements for every address', async ({ db, databaseUrl }) => {
    const gone = await addSubscriber(db, 'erased@example.org')
    await eraseReader(servicesOn(db), gone)
    for (const status of ['active', 'pending', 'unsubscribed', 'bounced', 'complained'] as const) {
      const id = await addSubscriber(db, `${status}@example.org`, { status })
      const reason = { bounced: 'hard bounce', complained: 'complaint' } as const
      if (status in reason) {
        const { addressHash } = await readerOf(db, id)
        await db.insert(suppressions).values({ addressHash: addressHash!, reason: reason[status as 'bounced'] })
      }
    }
    const watched = watchedDatabase(databaseUrl)
    const site = siteOn(servicesOn(watched.db))
    onTestFinished(async () => {
      await site.app.close()
      await watched.close()
    })
    const seen: object[] = []
    for (const name of ['active', 'pending', 'unsubscribed', 'bounced', 'complained', 'erased', 'unknown']) {
      watched.statements.length = 0
      const { statusCode, headers, body } = await post(site, '/manage', { email: `${name}@example.org` })
      const { date: _, ...rest } = headers
      seen.push({ statusCode, headers: rest, body, statements: [...watched.statements] })
    }
    expect(seen[0]).toMatchObject({ statusCode: 303, headers: { location: '/manage?sent=' } })
    // The rate limit's count, and the request.
    expect((seen[0] as { statements: string[] }).statements).toHaveLength(2)
    for (const each of seen) expect(each).toEqual(seen[0])
    // A row for each, even without a subscriber: the worker skips those that must not get email.
    const { mails } = await stateOf(db)
    expect(mails).toHaveLength(seen.length)
    expect(new Set(mails.map(({ kind }) => kind))).toEqual(new Set(['manage']))
    const { body } = await site.app.inject('/manage?sent=')
    expect(body).toContain('If we know this address')
    expect(body).toContain('To get or erase your data, write to papers@paperboy.example.')
  })

  test('shows the reason for an invalid address, and sends nothing', async ({ db, site }) => {
    const reply = await post(site, '/manage', { email: '"><b>ada' })
    expect(reply.statusCode).toBe(422)
    expect(reply.body).toContain('value="&quot;&gt;&lt;b&gt;ada"')
    expect(reply.body).toContain('id="email-problem"')
    expect(await db.$count(outbox)).toBe(0)
  })

  test('is rate limited per network, like sign-up', async ({ db, databaseUrl }) => {
    const site = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl, SIGN_UPS_PER_NETWORK: '7' }))
    onTestFinished(() => site.app.close())
    await addSubscriber(db, ADA)
    const answers = []
    for (const email of ['one@example.org', 'two@example.org', ADA])
      answers.push(await post(site, '/manage', { email }))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([303, 429, 429])
    expect(Number(answers[2]!.headers['retry-after'])).toBeGreaterThan(0)
    expect(await db.$count(outbox), 'without a subscriber').toBe(1)
  })
})

describe('the page behind a fresh link', () => {
  test('shows the reader’s data in their language, is not cached, and changes nothing', async ({ db, site }) => {
    const id = await addSubscriber(db, ADA, { locale: 'de', confirmedAt: NOON })
    const token = await linkTo(site.services, id)
    const before = await stateOf(db)
    for (const method of ['GET', 'HEAD'] as const) {
      const reply = await site.app.inject({ method, url: `/manage/${token}`, headers: { 'accept-language': 'en' } })
      expect(reply.statusCode).toBe(200)
      expect(reply.headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-robots-tag': 'noindex',
      })
      if (method === 'GET') {
        expect(reply.body).toContain('<html lang="de">')
        expect(reply.body).toContain(ADA)
        expect(reply.body).toContain('Mittwoch, 15. April 2026')
      }
    }
    expect(await stateOf(db)).toEqual(before)
    expect(site.logged()).not.toContain(token)
    expect(site.logged()).not.toContain('ada@')
  })

  test('exports only the reader’s own data', async ({ db, site }) => {
    const id = await addSubscriber(db, ADA)
    await addSubscriber(db, 'bob@example.org')
    const reply = await post(site, `/manage/${await linkTo(site.services, id)}/export`)
    expect(reply.statusCode).toBe(200)
    expect(reply.headers['content-disposition']).toMatch(/^attachment; filename="[\w-]+\.json"$/)
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.json().tables.subscribers).toMatchObject([{ email: ADA, status: 'active' }])
    expect(reply.body).not.toContain('bob')
  })

  test('erases if the box is ticked; then the link is unknown, and no new one is sent', async ({ db, site }) => {
    const id = await addSubscriber(db, ADA)
    const token = await linkTo(site.services, id)
    const before = await stateOf(db)
    for (const fields of [{}, { sure: 'no' }] as Record<string, string>[]) {
      const unsure = await post(site, `/manage/${token}/erase`, fields)
      expect(unsure.statusCode).toBe(422)
      expect(unsure.body).toContain('Nothing was erased')
    }
    expect(await stateOf(db)).toEqual(before)
    const reply = await post(site, `/manage/${token}/erase`, { sure: 'yes' })
    expect(reply.statusCode).toBe(200)
    expect(reply.body).not.toContain(ADA)
    expect(await readerOf(db, id)).toMatchObject({ status: 'erased', email: null, emailKey: null, addressHash: null })
    expect((await stateOf(db)).suppressed).toMatchObject([{ reason: 'erasure' }])
    const again = await post(site, `/manage/${token}/erase`, { sure: 'yes' })
    expect([again.statusCode, again.body], 'a second click says the same').toEqual([200, reply.body])
    expect((await site.app.inject(`/manage/${token}`)).statusCode).toBe(404)
    for (const does of ['export', 'change']) {
      const again = await post(site, `/manage/${token}/${does}`, { sure: 'yes', email: NEW })
      expect([does, again.statusCode]).toEqual([does, 404])
    }
    expect((await post(site, '/manage', { email: ADA })).statusCode).toBe(303)
    expect(await db.select().from(outbox)).toMatchObject([{ subscriberId: null }])
    expect(await db.$count(addressChanges)).toBe(0)
  })

  test('changes the address: a button behind the link sent there, once', async ({ db, site }) => {
    const id = await addSubscriber(db, ADA)
    const token = await linkTo(site.services, id)
    const bad = await post(site, `/manage/${token}/change`, { email: 'ada@new' })
    expect(bad.statusCode).toBe(422)
    expect(bad.body).toContain('id="new-email-problem"')
    expect(await db.$count(addressChanges)).toBe(0)

    const asked = await post(site, `/manage/${token}/change`, { email: NEW })
    expect(asked.statusCode).toBe(303)
    expect((await site.app.inject(asked.headers.location!.replace(/#.*/, ''))).body).toContain(
      'An email is on its way to the new address',
    )
    expect((await stateOf(db)).mails).toMatchObject([{ kind: 'change', state: 'queued' }])
    const link = await changeLink(site.services)
    const before = await stateOf(db)
    expect((await site.app.inject(`/change/${link}`)).body).toContain('Confirm your new address')
    expect(await stateOf(db)).toEqual(before)

    const moved = await post(site, `/change/${link}`)
    expect(moved.statusCode).toBe(200)
    expect(moved.headers['x-robots-tag']).toBe('noindex')
    expect(await readerOf(db, id)).toMatchObject({ email: NEW, emailKey: NEW, status: 'active' })
    const after = await stateOf(db)
    const again = await post(site, `/change/${link}`)
    expect([again.statusCode, again.body], 'a second click says the same').toEqual([200, moved.body])
    expect(await stateOf(db), 'and changes nothing').toEqual(after)
    expect((await site.app.inject(`/manage/${token}`)).statusCode, 'it went to the old address').toBe(404)
  })

  test('of a reader who unsubscribed does not promise digests at the new address', async ({ db, site }) => {
    const id = await addSubscriber(db, ADA)
    await post(site, `/manage/${await linkTo(site.services, id)}/change`, { email: NEW })
    await db.update(subscribers).set({ status: 'unsubscribed' })
    const { body } = await post(site, `/change/${await changeLink(site.services)}`)
    expect(body).toContain('Address changed')
    expect(body).toContain('You’re not getting digests.')
    expect(body).not.toContain('Your digests now go')
    expect(await readerOf(db, id)).toMatchObject({ email: NEW, status: 'unsubscribed' })
  })

  test('does not take over an existing subscription', async ({ db, site }) => {
    const id = await addSubscriber(db, ADA)
    await addSubscriber(db, NEW)
    await post(site, `/manage/${await linkTo(site.services, id)}/change`, { email: NEW })
    const reply = await post(site, `/change/${await changeLink(site.services)}`)
    expect(reply.statusCode).toBe(409)
    expect(reply.body).toContain('already has its own subscription')
    expect((await readerOf(db, id)).email).toBe(ADA)
  })

  test('does so once the reader did what the page says', async ({ db, site }) => {
    const id = await addSubscriber(db, ADA)
    const other = await addSubscriber(db, NEW)
    await post(site, `/manage/${await linkTo(site.services, id)}/change`, { email: NEW })
    const link = `/change/${await changeLink(site.services)}`
    expect((await post(site, link)).body).toContain('Erase that one first')
    await post(site, `/manage/${await linkTo(site.services, other)}/erase`, { sure: 'yes' })
    expect((await post(site, link)).statusCode).toBe(200)
    expect((await readerOf(db, id)).email).toBe(NEW)
  })
})

test('the address of a form, opened again, leads to its page or says that all is erased', async ({ db, site }) => {
  const id = await addSubscriber(db, ADA)
  const page = `/manage/${await linkTo(site.services, id)}`
  for (const form of ['change', 'erase']) {
    const { statusCode, headers } = await site.app.inject(`${page}/${form}`)
    expect([statusCode, headers.location]).toEqual([302, `${page}#${form}`])
  }
  expect(await readerOf(db, id)).toMatchObject({ email: ADA, status: 'active' })
  const erased = await post(site, `${page}/erase`, { sure: 'yes' })
  const again = await site.app.inject(`${page}/erase`)
  expect([again.statusCode, again.body]).toEqual([200, erased.body])
})

test('no other link opens it: neither a digest’s nor one to the new address', async ({ db, site }) => {
  const { services } = site
  const id = await addSubscriber(db, ADA)
  const token = await linkTo(services, id)
  await post(site, `/manage/${token}/change`, { email: NEW })
  const change = await changeLink(services)
  const { addressHash } = await readerOf(db, id)
  const purposes = ['preferences', 'unsubscribe', 'confirm', 'vote', 'reader', 'form'] as const
  const others = purposes.flatMap((purpose) => [
    mintToken(services.keys, purpose, id, NOON),
    mintToken(services.keys, purpose, id, NOON, addressHash!.subarray(0, 8)),
  ])
  const elsewhere = mintToken(
    { current: 'another server’s key of some thirty-two bytes', previous: [] },
    'manage',
    id,
    NOON,
  )
  const before = await stateOf(db)
  for (const wrong of [...others, change, elsewhere, `${token}A`, token.slice(0, -1), '%00']) {
    const tried = [
      await site.app.inject(`/manage/${wrong}`),
      await post(site, `/manage/${wrong}/export`),
      await post(site, `/manage/${wrong}/erase`, { sure: 'yes' }),
      await post(site, `/manage/${wrong}/change`, { email: NEW }),
    ]
    expect([wrong, ...tried.map(({ statusCode }) => statusCode)]).toEqual([wrong, 404, 404, 404, 404])
    for (const { body } of tried) expect(body).not.toContain(ADA)
  }
  for (const wrong of [...others, token]) {
    expect((await site.app.inject(`/change/${wrong}`)).statusCode).toBe(404)
    expect((await post(site, `/change/${wrong}`)).statusCode).toBe(404)
  }
  expect(await stateOf(db)).toEqual(before)
})

test('expired links say so and do nothing', async ({ db, databaseUrl }) => {
  const clock = { now: NOON }
  const site = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl }, clock))
  onTestFinished(() => site.app.close())
  const id = await addSubscriber(db, ADA)
  const token = await linkTo(site.services, id)
  await post(site, `/manage/${token}/change`, { email: NEW })
  const change = await changeLink(site.services)
  const before = await stateOf(db)

  clock.now = new Date(NOON.getTime() + 61 * MINUTE)
  const old = [
    await site.app.inject(`/manage/${token}`),
    await post(site, `/manage/${token}/export`),
    await post(site, `/manage/${token}/erase`, { sure: 'yes' }),
    await post(site, `/manage/${token}/change`, { email: NEW }),
  ]
  for (const { statusCode, body } of old) {
    expect(statusCode).toBe(410)
    expect(body).toContain('one hour only')
    expect(body, 'a fresh one is a form away').toContain('action="/manage"')
    expect(body).not.toContain(ADA)
  }
  expect((await site.app.inject(`/change/${change}`)).statusCode, 'that one lasts a day').toBe(200)
  clock.now = new Date(NOON.getTime() + 24 * 60 * MINUTE + 1_000)
  for (const reply of [await site.app.inject(`/change/${change}`), await post(site, `/change/${change}`)]) {
    expect(reply.statusCode).toBe(410)
    expect(reply.body).toContain('It worked for one day')
  }
  expect(await stateOf(db)).toEqual(before)
})

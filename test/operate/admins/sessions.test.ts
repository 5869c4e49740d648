import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import type { App } from '../../../src/app.ts'
import { halt, passRestoreGuard, resumeAfterHalt } from '../../../src/delivery/ledger/restore-guard.ts'
import { addressHash, parseAddress } from '../../../src/mail/address.ts'
import { mintToken } from '../../../src/mail/tokens.ts'
import { createSignInLink, findAdmin, signIn } from '../../../src/operate/admins/sessions.ts'
import { deleteOldAuditEntries, recordAudit } from '../../../src/operate/audit.ts'
import { listUnknownServiceEmails } from '../../../src/outbox/list-unknown.ts'
import { sendServiceEmails } from '../../../src/outbox/send-service-emails.ts'
import { adminSessions, auditLog, outbox } from '../../../src/runtime/db/schema.ts'
import { suppress } from '../../../src/suppression/suppress.ts'
import { CURATOR, formOf, signedIn, test } from '../../http/admin.ts'
import { form, siteOn } from '../../http/site.ts'
import { openScriptedRelay } from '../../support/scripted-relay.ts'
import { closing, NEVER, relaysOn, sinkThat } from '../../support/sending.ts'
import { addSubscriber, inMemoryRestoreMarkers, NOON, servicesOn } from '../../support/services.ts'
import { smtpReply } from '../../support/sink.ts'
import { watchedDatabase } from '../../support/statements.ts'

const later = (clock: { now: Date }, minutes: number) => {
  clock.now = new Date(clock.now.getTime() + minutes * 60_000)
}
/** Posts like a page's button. */
async function press(app: App, url: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}) {
  const { cookies, fields: token } = await formOf({ app }, '/admin/sign-in')
  const { payload, headers: typed } = form({ ...token, ...fields })
  return app.inject({ method: 'POST', url, cookies, payload, headers: { ...typed, ...headers } })
}
const ask = (app: App, email: string) => press(app, '/admin/sign-in', { email })
const pathOf = (link: string) => new URL(link).pathname

test('without ADMIN_EMAILS there is nothing under /admin', async ({ db, databaseUrl }) => {
  const { app } = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl }))
  for (const url of ['/admin', '/admin/sign-in', '/admin/log']) expect((await app.inject(url)).statusCode).toBe(404)
  expect((await ask(app, CURATOR)).statusCode).toBe(404)
  await app.close()
})

test('after a restore, no cookie from before opens the session of another admin', async ({ db }) => {
  const restoreMarkers = inMemoryRestoreMarkers()
  const services = { ...servicesOn(db, { ADMIN_EMAILS: `${CURATOR}, other@desk.example` }), restoreMarkers }
  const cookieOf = async (address: string) =>
    signIn(services, new URL(await createSignInLink(services, address)).pathname.split('/').at(-1)!)
  for (let n = 0; n < 3; n++) await passRestoreGuard(services)
  const before = await cookieOf('other@desk.example')
  expect(await findAdmin(services, before)).toMatchObject({ address: 'other@desk.example' })
  // As in the backup, which does not know that session.
  await db.execute(sql`TRUNCATE admin_sessions RESTART IDENTITY CASCADE`)
  await db.execute(sql`UPDATE mailing SET tick = 1`)
  expect(await passRestoreGuard(services)).toBe(false)
  expect(await findAdmin(services, await cookieOf(CURATOR))).toMatchObject({ address: CURATOR })
  expect(await findAdmin(services, before)).toBeUndefined()
})

describe('a sign-in request', () => {
  test('gets the same response after the same statements for every address', async ({ databaseUrl }) => {
    const watched = watchedDatabase(databaseUrl)
    const { app } = siteOn(servicesOn(watched.db, { DATABASE_URL: databaseUrl, ADMIN_EMAILS: CURATOR }))
    const seen = []
    for (const email of ['nobody@else.example', CURATOR, 'curator@DESK.example']) {
      watched.statements.length = 0
      const { statusCode, headers, body } = await ask(app, email)
      seen.push({ statusCode, location: headers.location, body, statements: [...watched.statements] })
    }
    expect(seen[0]).toMatchObject({ statusCode: 303, location: '/admin/sign-in?sent=' })
    expect(seen[1]).toEqual(seen[0])
    expect(seen[2]).toEqual(seen[0])
    expect(await watched.db.select({ address: adminSessions.address }).from(adminSessions)).toEqual([
      { address: CURATOR },
      { address: CURATOR },
    ])
    await app.close()
    await watched.close()
  })

  test('waits for the disk for no address: only a known one writes', async ({ db, site: { app } }) => {
    await db.execute(sql`CREATE TABLE commits (waits text)`)
    await db.execute(sql`
      CREATE FUNCTION note_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO commits VALUES (current_setting('synchronous_commit')); RETURN NULL;
      END $$`)
    for (const table of ['admin_sessions', 'outbox'])
      await db.execute(
        sql`CREATE TRIGGER note_commit AFTER INSERT ON ${sql.identifier(table)} FOR EACH ROW EXECUTE FUNCTION note_commit()`,
      )
    await ask(app, 'nobody@else.example')
    await ask(app, CURATOR)
    expect((await db.execute(sql`SELECT waits FROM commits`)).rows).toEqual([{ waits: 'off' }, { waits: 'off' }])
  })

  test('is limited to five in 15 minutes, and reports an invalid address', async ({ db, site: { app, clock } }) => {
    for (let n = 0; n < 7; n++) expect((await ask(app, CURATOR)).statusCode).toBe(303)
    expect(await db.$count(adminSessions)).toBe(5)
    later(clock, 16)
    await ask(app, CURATOR)
    expect(await db.$count(adminSessions)).toBe(6)
    const bad = await ask(app, 'curator')
    expect([bad.statusCode, bad.body.includes('An email address needs an @')]).toEqual([422, true])
  })
})

describe('the link', () => {
  test('comes by email, shows a button, and signs in one browser, once', async ({ db, site }) => {
    const { app, services } = site
    const sink = await sinkThat()
    const relay = relaysOn(sink.url, 1)
    await ask(app, CURATOR)
    await sendServiceEmails({ ...services, relay }, NEVER)
    await sendServiceEmails({ ...services, relay }, NEVER)
    expect(sink.taken.map(({ to }) => to)).toEqual([CURATOR])
    const { text, html, subject } = await sink.read(CURATOR)
    expect(subject).toBe('Sign in to Paperboy')
    const [link] = /https:\/\/paperboy\.example\/admin\/sign-in\/\S+/.exec(text!)!
    expect(html).toContain(link)
    const url = pathOf(link)

    for (const method of ['GET', 'HEAD', 'GET'] as const) {
      const page = await app.inject({ method, url })
      expect([page.statusCode, page.headers['x-robots-tag']]).toEqual([200, 'noindex'])
      expect(String(page.headers['set-cookie'])).not.toContain('__Host-admin=')
    }
    const foreign = await press(app, url, {}, { 'sec-fetch-site': 'cross-site' })
    expect([foreign.statusCode, foreign.headers['set-cookie']]).toEqual([303, undefined])
    const entered = await press(app, url)
    expect([entered.statusCode, entered.headers.location]).toEqual([303, '/admin'])
    const cookie = String(entered.headers['set-cookie'])
    for (const part of ['__Host-admin=', 'HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/']) expect(cookie).toContain(part)
    const cookies = { '__Host-admin': /=([^;]+)/.exec(cookie)![1]! }
    expect((await app.inject({ url: '/admin', cookies })).body).toContain(`Signed in as ${CURATOR}`)

    for (const method of ['GET', 'POST'] as const) {
      const again = await (method === 'GET' ? app.inject(url) : press(app, url))
      expect(again.statusCode).toBe(410)
      expect(String(again.headers['set-cookie'])).not.toContain('__Host-admin=')
      expect(again.body).toContain('Request a new one')
    }
    expect(await db.select({ actor: auditLog.actor, action: auditLog.action }).from(auditLog)).toEqual([
      { actor: CURATOR, action: 'signed in' },
    ])
    expect(site.logged()).not.toMatch(/desk\.example|sign-in\/\w{10}/i)
  })

  test('expires after 15 minutes, and other tokens are invalid', async ({ site }) => {
    const { app, services, clock } = site
    const url = pathOf(await createSignInLink(services, CURATOR))
    const last = url.at(-1) === 'A' ? 'B' : 'A'
    expect((await press(app, url.slice(0, -1) + last)).statusCode).toBe(404)
    const reader = mintToken(services.keys, 'manage', 1, NOON)
    expect((await press(app, `/admin/sign-in/${reader}`)).statusCode).toBe(404)
    const old = mintToken({ current: 'an earlier key that is thirty-two bytes long', previous: [] }, 'sign-in', 1, NOON)
    const rotated = siteOn({
      ...services,
      keys: { ...services.keys, previous: ['an earlier key that is thirty-two bytes long'] },
    })
    expect((await press(rotated.app, `/admin/sign-in/${old}`)).statusCode).toBe(404)
    await rotated.app.close()
    later(clock, 16)
    expect((await press(app, url)).statusCode).toBe(410)
  })

  test('used by two browsers at once signs in one of them', async ({ site: { app, services } }) => {
    const url = pathOf(await createSignInLink(services, CURATOR))
    const both = await Promise.all([1, 2, 3].map(() => press(app, url)))
    expect(both.map(({ statusCode }) => statusCode).sort()).toEqual([303, 410, 410])
  })

  test('is retried like every email: after a deferral, and after a crash by policy; not during a halt', async ({
    db,
    site: { app, services, clock },
  }) => {
    let busy = true
    const sink = await sinkThat({ recipient: () => (busy ? smtpReply(450, '4.2.0 later') : undefined) })
    const relay = relaysOn(sink.url, 1)
    await ask(app, CURATOR)
    await sendServiceEmails({ ...services, relay }, NEVER)
    busy = false
    expect(await sendServiceEmails({ ...services, relay }, NEVER), 'it rests').toBe(0)
    later(clock, 1)
    await sendServiceEmails({ ...services, relay }, NEVER)
    expect(sink.taken).toHaveLength(1)
    // As left by a worker that died before the reply.
    const dies = () =>
      db.execute(sql`UPDATE outbox SET state = 'handed', settled_at = NULL, lease_until = now() - interval '1 second'`)
    for (const times of [2, 3, 4, 4]) {
      await dies()
      await sendServiceEmails({ ...services, relay }, NEVER)
      expect(sink.taken).toHaveLength(times)
    }
    expect(new Set(sink.taken.map(({ messageId }) => messageId)).size).toBe(1)
    expect(await listUnknownServiceEmails(services)).toMatchObject([
      { kind: 'sign-in', messageId: sink.taken[0]!.messageId },
    ])
    await ask(app, CURATOR)
    await halt(services)
    expect(await sendServiceEmails({ ...services, relay }, NEVER)).toBe(0)
    await resumeAfterHalt(services)
    later(clock, 16)
    await sendServiceEmails({ ...services, relay }, NEVER)
    expect(sink.taken, 'no email for an expired link').toHaveLength(4)
  })

  test('under UNKNOWN_POLICY=hold is not resent after a crash or a lost connection; it is listed, and a new one is sent', async ({
    db,
    databaseUrl,
    onTestFinished,
  }) => {
    const settings = { DATABASE_URL: databaseUrl, ADMIN_EMAILS: CURATOR, UNKNOWN_POLICY: 'hold' }
    const { app, services } = siteOn(servicesOn(db, settings))
    onTestFinished(() => app.close())
    let cuts = true
    const server = closing(await openScriptedRelay(({ command }) => (command === 'END' && cuts ? 'cut' : undefined)))
    const relay = relaysOn(server.url, 1)
    await ask(app, CURATOR)
    expect(await sendServiceEmails({ ...services, relay }, NEVER)).toBe(1)
    cuts = false
    expect(await sendServiceEmails({ ...services, relay }, NEVER), 'the connection was lost').toBe(0)
    await db.execute(
      sql`UPDATE outbox SET state = 'handed', settled_at = NULL, lease_until = now() - interval '1 second'`,
    )
    expect(await sendServiceEmails({ ...services, relay }, NEVER), 'the worker died').toBe(0)
    expect(await listUnknownServiceEmails(services)).toMatchObject([{ kind: 'sign-in' }])
    await ask(app, CURATOR)
    expect(await sendServiceEmails({ ...services, relay }, NEVER)).toBe(1)
    expect(server.messages).toHaveLength(2)
  })

  test('is not sent to an address removed from ADMIN_EMAILS, or one with a complaint', async ({
    db,
    site: { app, services },
  }) => {
    const sink = await sinkThat()
    const relay = relaysOn(sink.url, 1)
    await ask(app, CURATOR)
    const config = { ...services.config, ADMIN_EMAILS: ['other@desk.example'] }
    await sendServiceEmails({ ...services, config, relay }, NEVER)
    await suppress(
      db,
      [{ hash: addressHash(services.config.SUPPRESSION_KEY, parseAddress(CURATOR).key), reason: 'complaint' }],
      services.now(),
    )
    await ask(app, CURATOR)
    await sendServiceEmails({ ...services, relay }, NEVER)
    expect(sink.taken).toEqual([])
    expect((await db.select().from(outbox)).map(({ state }) => state)).toEqual(['skipped', 'skipped'])
  })
})

describe('a session', () => {
  test('lasts twelve hours, until sign-out, or until ADMIN_EMAILS loses its address', async ({
    db,
    databaseUrl,
    site,
  }) => {
    const { clock, services } = site
    const browser = await signedIn(site)
    expect((await browser.get('/admin')).statusCode).toBe(200)
    const without = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl, ADMIN_EMAILS: 'other@desk.example' }, clock))
    expect((await without.app.inject({ url: '/admin', cookies: browser.cookies })).statusCode).toBe(401)
    await without.app.close()
    later(clock, 12 * 60 + 1)
    expect((await browser.get('/admin')).statusCode).toBe(401)
    const second = await signedIn(site)
    await second.post('/admin/sign-out', {}, { 'sec-fetch-site': 'cross-site' })
    expect((await second.get('/admin')).statusCode, 'no other site signs it out').toBe(200)
    expect((await second.post('/admin/sign-out')).headers.location).toBe('/admin/sign-in')
    expect((await second.get('/admin')).statusCode).toBe(401)
    // A reader's cookie or link is no session.
    const id = await addSubscriber(db, 'ada@example.org')
    for (const purpose of ['reader', 'manage', 'sign-in', 'unsubscribe'] as const) {
      const cookies = { '__Host-admin': mintToken(services.keys, purpose, id, clock.now) }
      expect((await site.app.inject({ url: '/admin', cookies })).statusCode).toBe(401)
    }
  })
})

test('audit entries are deleted after 400 days', async ({ db, site: { services, clock } }) => {
  const entry = { actor: CURATOR, action: 'paused', target: 'x' }
  await recordAudit(db, clock.now, entry)
  await createSignInLink(services, CURATOR)
  later(clock, 399 * 24 * 60)
  await deleteOldAuditEntries(services)
  expect([await db.$count(auditLog), await db.$count(adminSessions)]).toEqual([1, 1])
  later(clock, 2 * 24 * 60)
  await deleteOldAuditEntries(services)
  expect([await db.$count(auditLog), await db.$count(adminSessions)]).toEqual([0, 0])
})

import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import type { Message } from '../../src/mail/message.ts'
import { sendServiceEmails } from '../../src/outbox/send-service-emails.ts'
import { deleteExpired } from '../../src/privacy/delete-expired.ts'
import type { Relay } from '../../src/relay/relay.ts'
import {
  addressChanges,
  deliveries,
  movedAddresses,
  outbox,
  signUpCounts,
  subscribers,
  suppressions,
} from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'
import { changeAddress, requestAddressChange } from '../../src/subscription/change-address.ts'
import { eraseReader, exportReader } from '../../src/subscription/erase.ts'
import { mintManageToken, openManageLink, requestManageLink } from '../../src/subscription/manage.ts'
import { PERSONAL_TABLES } from '../../src/subscription/personal-data.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { deleteUnconfirmed, remindUnconfirmed } from '../../src/subscription/unconfirmed.ts'
import { someoneWaits, test } from '../support/database.ts'
import { NEVER } from '../support/sending.ts'
import { addSubscriber, NOON, readerOf, releasedEdition, servicesOn } from '../support/services.ts'

const ADA = 'ada@example.org'
const NEW = 'ada@new.example'
const DAY = 86_400_000

/** Sends all queued emails to a relay that accepts them, and returns them. */
async function post(services: Services): Promise<{ to: string; text: string }[]> {
  const taken: { to: string; text: string }[] = []
  const relay = {
    connections: 1,
    close: () => {},
    async send({ to }: { to: string }, { bytes }: Message) {
      taken.push({ to, text: bytes.toString('latin1').replace(/=\r\n/g, '') })
      return { state: 'accepted', reply: '250 ok' }
    },
  } as unknown as Relay
  await sendServiceEmails({ ...services, relay }, NEVER)
  return taken
}
const tokenIn = (mail: { text: string } | undefined, page: string): string =>
  new RegExp(`/${page}/([A-Za-z0-9_-]+)`).exec(mail?.text ?? '')?.[1] ?? 'none'

async function manageToken(services: Services): Promise<string> {
  await requestManageLink(services, { typed: ADA })
  return tokenIn((await post(services))[0], 'manage')
}

describe('the link to manage', () => {
  test('goes only to known addresses that are not suppressed and never reported spam', async ({ db }) => {
    const services = servicesOn(db)
    await addSubscriber(db, ADA)
    await addSubscriber(db, 'left@example.org', { status: 'unsubscribed' })
    const complained = await addSubscriber(db, 'angry@example.org', { status: 'complained' })
    await db
      .insert(suppressions)
      .values({ addressHash: (await readerOf(db, complained)).addressHash!, reason: 'complaint' })
    await addSubscriber(db, 'lost@example.org', { status: 'complained' })
    const typed = ['ADA', 'left', 'angry', 'lost', 'unknown']
    for (const name of typed) {
      await requestManageLink(services, { typed: `${name}@example.org` })
    }
    expect((await post(services)).map((mail) => mail.to).sort()).toEqual([ADA, 'left@example.org'])
  })

  test('works for an hour, and not after a change of address or of the key', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    const id = await addSubscriber(db, ADA)
    const token = await manageToken(services)
    expect(await openManageLink(services, token)).toMatchObject({ subscriberId: id, email: ADA })
    clock.now = new Date(NOON.getTime() + 3_600_000)
    expect(await openManageLink(services, token)).toMatchObject({ subscriberId: id })
    clock.now = new Date(NOON.getTime() + 3_601_000)
    await expect(openManageLink(services, token)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' })
    clock.now = NOON
    const rotated = { ...services, keys: { current: 'x'.repeat(40), previous: [services.keys.current] } }
    await expect(openManageLink(rotated, token)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
    await db.update(subscribers).set({ addressHash: Buffer.alloc(32, 1) })
    await expect(openManageLink(services, token)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
  })

  test('is in the email to an active reader who signs up again', async ({ db }) => {
    const services = servicesOn(db)
    const id = await addSubscriber(db, ADA, { locale: 'de' })
    await subscribe(services, { typed: ADA, origin: '192.0.2.7' })
    const [mail] = await post(services)
    expect(mail!.text).toContain('Mein Abonnement verwalten')
    expect(await openManageLink(services, tokenIn(mail, 'manage'))).toMatchObject({ subscriberId: id })
  })
})

describe('a change of address', () => {
  test('takes effect once, when confirmed at the new address; until then nothing changes', async ({ db }) => {
    const services = servicesOn(db)
    const id = await addSubscriber(db, ADA)
    await requestAddressChange(services, await manageToken(services), 'Ada@NEW.example')
    const [mail] = await post(services)
    expect(mail!.to).toBe('Ada@new.example')
    expect(mail!.text).not.toMatch(/^List-Unsubscribe:/m)
    expect(mail!.text).not.toContain(ADA)
    expect((await readerOf(db, id)).email).toBe(ADA)
    const token = tokenIn(mail, 'change')
    await changeAddress(services, token)
    expect(await readerOf(db, id)).toMatchObject({ email: 'Ada@new.example', emailKey: NEW, status: 'active' })
    expect(await db.$count(addressChanges)).toBe(0)
    const moved = await readerOf(db, id)
    await changeAddress(services, token)
    expect(await readerOf(db, id), 'the second click').toEqual(moved)
  })

  test('is not repeated by an old link, once the reader moved on', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    const id = await addSubscriber(db, ADA)
    const moveTo = async (typed: string) => {
      const { addressHash } = await readerOf(db, id)
      await requestAddressChange(services, mintManageToken(services.keys, id, clock.now, addressHash!), typed)
      const token = tokenIn(
        (await post(services)).find(({ to }) => to === typed),
        'change',
      )
      await changeAddress(services, token)
      clock.now = new Date(clock.now.getTime() + 600_000)
      return token
    }
    const old = await moveTo(NEW)
    await moveTo('ada@third.example')
    await expect(changeAddress(services, old)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
    expect((await readerOf(db, id)).email).toBe('ada@third.example')
  })

  test('sends an email to the old address, which is then forgotten', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    await addSubscriber(db, ADA)
    await requestAddressChange(services, await manageToken(services), NEW)
    await changeAddress(services, tokenIn((await post(services))[0], 'change'))
    expect(await db.$count(movedAddresses)).toBe(1)
    const [mail] = await post(services)
    expect(mail!.to).toBe(ADA)
    expect(mail!.text).toContain('moved to another address')
    expect(mail!.text).not.toContain(NEW)
    expect(mail!.text, 'its owner must not unsubscribe the reader').not.toMatch(/unsubscribe/i)
    await deleteExpired(services)
    expect(await db.$count(movedAddresses)).toBe(0)
  })

  test('to the same mailbox in another spelling is no move, and sends no email about one', async ({ db }) => {
    const services = servicesOn(db)
    const id = await addSubscriber(db, ADA)
    await requestAddressChange(services, await manageToken(services), 'Ada@example.org')
    await changeAddress(services, tokenIn((await post(services))[0], 'change'))
    expect(await readerOf(db, id)).toMatchObject({ email: 'Ada@example.org', emailKey: ADA, status: 'active' })
    expect(await post(services)).toEqual([])
    expect(await db.$count(movedAddresses)).toBe(0)
  })

  test('waits for an erasure that has begun, and then finds nothing to change', async ({ db }) => {
    const services = servicesOn(db)
    const id = await addSubscriber(db, ADA)
    await requestAddressChange(services, await manageToken(services), NEW)
    const token = tokenIn((await post(services))[0], 'change')
    const changing = await db.transaction(async (tx) => {
      await tx.execute(sql`SELECT FROM subscribers WHERE id = ${id} FOR UPDATE`)
      const ended = changeAddress(services, token).catch(({ code }) => code)
      await someoneWaits(db)
      await eraseReader({ ...services, db: tx }, id)
      return { ended }
    })
    expect(await changing.ended).toBe('TOKEN_UNKNOWN')
    expect(await readerOf(db, id)).toMatchObject({ status: 'erased', email: null })
  })

  test('only the newest request counts', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    const id = await addSubscriber(db, ADA)
    const token = await manageToken(services)
    await requestAddressChange(services, token, 'first@new.example')
    const older = tokenIn((await post(services))[0], 'change')
    clock.now = new Date(NOON.getTime() + 120_000)
    await requestAddressChange(services, token, 'second@new.example')
    const newer = tokenIn((await post(services))[0], 'change')
    await expect(changeAddress(services, older)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
    await changeAddress(services, newer)
    expect((await readerOf(db, id)).email).toBe('second@new.example')
  })

  test('replaces an unconfirmed sign-up, but never a subscription', async ({ db }) => {
    for (const [status, taken] of [
      ['pending', false],
      ['active', true],
      ['unsubscribed', true],
    ] as const) {
      const services = servicesOn(db)
      await db.delete(outbox)
      await db.delete(subscribers)
      await addSubscriber(db, NEW, { status })
      const id = await addSubscriber(db, ADA)
      await requestAddressChange(services, await manageToken(services), NEW)
      const done = changeAddress(services, tokenIn((await post(services))[0], 'change'))
      if (taken) await expect(done).rejects.toMatchObject({ code: 'ADDRESS_TAKEN' })
      else await done
      expect((await readerOf(db, id)).email).toBe(taken ? ADA : NEW)
      expect(await db.$count(subscribers)).toBe(taken ? 2 : 1)
    }
  })
})

describe('a reader’s data', () => {
  test('every table that has a subscriber’s id or address is exported and erased', async ({ db }) => {
    const { rows } = await db.execute<{ name: string }>(sql`
      SELECT DISTINCT t.relname AS name FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
      WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND NOT t.relispartition
        AND a.attname IN ('subscriber_id', 'address_hash', 'email')`)
    expect([...rows.map(({ name }) => name), 'subscribers'].filter((name) => !(name in PERSONAL_TABLES))).toEqual([])
  })

  test('is exported table by table, without internal values', async ({ db }) => {
    const services = servicesOn(db)
    const id = await addSubscriber(db, ADA, { confirmNonce: Buffer.alloc(8) })
    await addSubscriber(db, 'bob@example.org')
    await subscribe(services, { typed: ADA, origin: '192.0.2.7' })
    const { tables } = await exportReader(services, id)
    expect(tables.subscribers).toMatchObject([{ email: ADA, status: 'active' }])
    expect(tables.outbox).toMatchObject([{ kind: 'already', state: 'queued' }])
    expect(JSON.stringify(tables)).not.toMatch(/nonce|hash|bob/)
  })

  test('once erased is in no table; deliveries still count, the hash stays suppressed, and a new sign-up is possible', async ({
    db,
  }) => {
    const services = servicesOn(db)
    const id = await addSubscriber(db, ADA)
    const editionId = await releasedEdition(services)
    await db.execute(sql`SELECT ensure_delivery_partition(${editionId})`)
    await db.insert(deliveries).values({
      editionId,
      subscriberId: id,
      batchId: 1,
      state: 'accepted',
      expiresAt: NOON,
      reply: '250 ok',
      shown: Buffer.from([1]),
    })
    const token = await manageToken(services)
    await requestAddressChange(services, token, NEW)
    const { addressHash } = await readerOf(db, id)
    await eraseReader(services, id)
    expect(await readerOf(db, id)).toMatchObject({
      status: 'erased',
      email: null,
      emailKey: null,
      addressHash: null,
      zone: 'UTC',
    })
    expect(await db.select().from(deliveries)).toMatchObject([{ state: 'accepted', reply: null, shown: null }])
    expect(await db.select().from(suppressions)).toMatchObject([{ addressHash, reason: 'erasure' }])
    expect([await db.$count(outbox), await db.$count(addressChanges)]).toEqual([0, 0])
    const { rows } = await db.execute<{ name: string }>(sql`SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`)
    for (const { name } of rows) {
      const { rows: found } = await db.execute(
        sql`SELECT 1 FROM ${sql.identifier(name)} t WHERE t::text ILIKE '%ada@%' OR t::text ILIKE ${`%${Buffer.from(ADA).toString('hex')}%`}`,
      )
      expect([name, found.length]).toEqual([name, 0])
    }
    await expect(openManageLink(services, token)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
    await subscribe(services, { typed: ADA, origin: '192.0.2.7' })
    expect((await post(services)).map((mail) => mail.to)).toEqual([ADA])
    expect(await db.$count(signUpCounts)).toBe(0)
  })
})

describe('an unconfirmed sign-up', () => {
  test('gets one reminder after three days, and is deleted after thirty', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, {}, clock)
    await subscribe(services, { typed: ADA, origin: '192.0.2.7' })
    await addSubscriber(db, 'active@example.org', { requestedAt: NOON })
    await addSubscriber(db, 'left@example.org', { status: 'unsubscribed', requestedAt: NOON, confirmedAt: NOON })
    await post(services)
    clock.now = new Date(NOON.getTime() + 3 * DAY - 1000)
    expect(await remindUnconfirmed(services)).toBe(0)
    clock.now = new Date(NOON.getTime() + 3 * DAY + 1000)
    expect(await Promise.all([remindUnconfirmed(services), remindUnconfirmed(services)])).toEqual(
      expect.arrayContaining([0, 1]),
    )
    const [reminder] = await post(services)
    expect(reminder).toMatchObject({ to: ADA })
    expect(tokenIn(reminder, 'confirm')).not.toBe('none')
    clock.now = new Date(NOON.getTime() + 10 * DAY)
    expect(await remindUnconfirmed(services)).toBe(0)
    clock.now = new Date(NOON.getTime() + 30 * DAY - 1000)
    expect(await deleteUnconfirmed(services)).toBe(0)
    clock.now = new Date(NOON.getTime() + 30 * DAY + 1000)
    expect(await deleteUnconfirmed(services)).toBe(1)
    expect((await db.select().from(subscribers)).map((each) => each.email).sort()).toEqual([
      'active@example.org',
      'left@example.org',
    ])
    expect(await db.$count(outbox)).toBe(0)
  })
})

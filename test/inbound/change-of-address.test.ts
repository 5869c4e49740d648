import { eq } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { receiveMail } from '../../src/inbound/receive.ts'
import type { Message } from '../../src/mail/message.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { sendServiceEmails } from '../../src/outbox/send-service-emails.ts'
import type { Relay } from '../../src/relay/relay.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { addressChanges, subscribers } from '../../src/runtime/db/schema.ts'
import type { Services } from '../../src/runtime/services.ts'
import { changeAddress, requestAddressChange } from '../../src/subscription/change-address.ts'
import { confirm } from '../../src/subscription/confirm.ts'
import { importSubscribers } from '../../src/subscription/import.ts'
import { mintManageToken, requestManageLink } from '../../src/subscription/manage.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { unsubscribe } from '../../src/subscription/unsubscribe.ts'
import { suppress } from '../../src/suppression/suppress.ts'
import { test } from '../support/database.ts'
import { NEVER } from '../support/sending.ts'
import { addSubscriber, readerOf, servicesOn } from '../support/services.ts'
import { BOUNCES, bounceMail, complaintMail, handedDigest, stateOf } from './support.ts'

const OLD = 'ada@example.org'
const NEW = 'ada@new.example'

async function stage(db: Db) {
  const clock = { now: new Date('2026-04-15T12:00:00Z') }
  const services = servicesOn(db, BOUNCES, clock)
  const id = await addSubscriber(db, OLD, { confirmedAt: new Date('2026-03-01T00:00:00Z') })
  return { clock, services, id }
}

/** Sends the queued emails and returns the last one. */
async function post(services: Services): Promise<{ from: string; to: string; messageId: string }> {
  const taken: { from: string; to: string; messageId: string }[] = []
  const relay = {
    async send({ from, to }: { from: string; to: string }, { bytes }: Message) {
      taken.push({ from, to, messageId: /^Message-ID: (.*)\r$/im.exec(bytes.toString('latin1'))![1]! })
      return { state: 'accepted', reply: '250 ok' }
    },
  } as unknown as Relay
  await sendServiceEmails({ ...services, relay }, NEVER)
  return taken.at(-1)!
}

async function askToMove(services: Services, id: number): Promise<void> {
  const { addressHash } = await readerOf(services.db, id)
  await requestAddressChange(services, mintManageToken(services.keys, id, services.now(), addressHash!), NEW)
}

async function move(services: Services, id: number): Promise<void> {
  await askToMove(services, id)
  const [change] = await services.db.select().from(addressChanges)
  await changeAddress(services, mintToken(services.keys, 'change', id, services.now(), change!.nonce))
}

describe('an email to an address that is not the reader’s yet', () => {
  test('proves nothing when it bounces, whichever address the report names', async ({ db }) => {
    const { services, id } = await stage(db)
    await askToMove(services, id)
    const mail = await post(services)
    expect(mail.to).toBe(NEW)
    expect(mail.from, 'no envelope sender that names the reader').toBe('papers@paperboy.example')
    const before = await stateOf(db)
    for (const [n, recipient] of [NEW, OLD].entries()) {
      const report = { to: mail.from, recipient, messageId: mail.messageId, id: `report-${n}` }
      expect(await receiveMail(services, bounceMail(report), { source: 'imap' })).toMatchObject({
        class: 'hard',
        authority: undefined,
        action: 'nothing',
      })
      const header = [`Message-ID: ${mail.messageId}`, `To: ${recipient}`]
      const complaint = complaintMail({ to: mail.from, recipient, header })
      expect(await receiveMail(services, complaint, { source: 'smtp' })).toMatchObject({ action: 'nothing' })
    }
    expect(await stateOf(db)).toEqual(before)
  })

  test('proves a bounce when it went to the reader’s own address', async ({ db }) => {
    const { services } = await stage(db)
    await requestManageLink(services, { typed: OLD })
    const { messageId } = await post(services)
    const report = bounceMail({ to: 'papers@paperboy.example', recipient: OLD, messageId })
    expect(await receiveMail(services, report, { source: 'imap' })).toMatchObject({
      authority: 'message id',
      action: 'suppressed',
    })
  })
})

describe('after a change of address', () => {
  test('late reports about emails to the old one change nothing', async ({ db }) => {
    const { clock, services, id } = await stage(db)
    const digest = await handedDigest(services, id, '2026-04-15')
    await move(services, id)
    const before = await stateOf(db)
    clock.now = new Date('2026-04-16T12:00:00Z')
    const late = [
      bounceMail({ to: digest.returnPath, recipient: OLD }),
      bounceMail({ to: digest.returnPath, recipient: OLD, status: '4.2.2', said: '452 mailbox full', id: 'soft' }),
      bounceMail({ to: 'papers@paperboy.example', recipient: NEW, messageId: digest.messageId, id: 'by-id' }),
      complaintMail({ to: digest.returnPath, recipient: OLD, header: [`Message-ID: ${digest.messageId}`] }),
    ]
    for (const report of late) {
      const { authority, action } = await receiveMail(services, report, { source: 'imap' })
      expect(authority, 'it is about a mail of ours').toBeDefined()
      expect(action).toBe('nothing')
    }
    expect(await stateOf(db)).toEqual(before)
    expect(await readerOf(db, id)).toMatchObject({ email: NEW, status: 'active' })
  })

  test('reports about emails to the new one count', async ({ db }) => {
    const { clock, services, id } = await stage(db)
    await move(services, id)
    clock.now = new Date('2026-04-16T12:00:00Z')
    const { returnPath } = await handedDigest(services, id, '2026-04-16')
    const report = bounceMail({ to: returnPath, recipient: NEW })
    expect(await receiveMail(services, report, { source: 'imap' })).toMatchObject({ action: 'suppressed' })
    expect(await readerOf(db, id)).toMatchObject({ email: NEW, status: 'bounced' })
  })

  test('a reader who bounced at the old address gets digests again', async ({ db }) => {
    const { clock, services, id } = await stage(db)
    const { returnPath } = await handedDigest(services, id, '2026-04-15')
    await receiveMail(services, bounceMail({ to: returnPath, recipient: OLD }), { source: 'imap' })
    expect((await readerOf(db, id)).status).toBe('bounced')
    clock.now = new Date('2026-04-15T13:00:00Z')
    await move(services, id)
    expect(await readerOf(db, id)).toMatchObject({ email: NEW, status: 'active' })
  })

  test('also long after the bounce: from their next hour on, without regrets about a digest of then', async ({
    db,
  }) => {
    const { clock, services, id } = await stage(db)
    const { returnPath } = await handedDigest(services, id, '2026-04-15')
    await receiveMail(services, bounceMail({ to: returnPath, recipient: OLD }), { source: 'imap' })
    clock.now = new Date('2026-09-15T13:00:00Z')
    await db.update(subscribers).set({ missedAt: new Date('2026-04-14T08:00:00Z') })
    await move(services, id)
    expect(await readerOf(db, id)).toMatchObject({
      status: 'active',
      nextDigestAt: new Date('2026-09-16T08:00:00Z'),
      missedAt: null,
    })
  })

  const ENDED: [string, (services: Services, id: number, hash: Buffer) => Promise<unknown>][] = [
    [
      'unsubscribed',
      (services, id) => unsubscribe(services, mintToken(services.keys, 'unsubscribe', id, services.now())),
    ],
    ['was suppressed', ({ db, now }, _, hash) => suppress(db, [{ hash, reason: 'manual' }], now())],
  ]
  for (const [ended, end] of ENDED)
    test(`a reader who bounced at the old address and then ${ended} gets none`, async ({ db }) => {
      const { clock, services, id } = await stage(db)
      const { returnPath } = await handedDigest(services, id, '2026-04-15')
      await receiveMail(services, bounceMail({ to: returnPath, recipient: OLD }), { source: 'imap' })
      const { status, addressHash } = await readerOf(db, id)
      expect(status).toBe('bounced')
      clock.now = new Date('2026-04-15T13:00:00Z')
      await end(services, id, addressHash!)
      await move(services, id)
      expect(await readerOf(db, id)).toMatchObject({ email: NEW, status: 'unsubscribed', leftAt: clock.now })
    })

  for (const status of ['active', 'unsubscribed'] as const)
    test(`no old list activates the old address of a reader who is ${status}; signing up there does`, async ({
      db,
    }) => {
      const { clock, services, id } = await stage(db)
      await db.update(subscribers).set({ status, leftAt: status === 'active' ? null : services.now() })
      await move(services, id)
      const list = { name: 'list.csv', bytes: Buffer.from(`email\n${OLD}\n`) }
      const options = { active: true, attestedBy: 'the operator', dryRun: false }
      expect(await importSubscribers(services, list, options)).toMatchObject({ added: 0, refused: 1 })
      expect(await db.select({ email: subscribers.email, status: subscribers.status }).from(subscribers)).toEqual([
        { email: NEW, status },
      ])
      // The last of the emails: an active reader's old address learns of the move.
      expect((await post(services))?.to).toBe(status === 'active' ? OLD : undefined)
      clock.now = new Date('2026-04-16T12:00:00Z')
      await subscribe(services, { typed: OLD, origin: '192.0.2.1' })
      const [again] = await db.select().from(subscribers).where(eq(subscribers.emailKey, OLD))
      expect((await post(services)).to).toBe(OLD)
      await confirm(services, mintToken(services.keys, 'confirm', again!.id, clock.now, again!.confirmNonce!))
      expect(await readerOf(db, again!.id)).toMatchObject({ email: OLD, status: 'active' })
    })

  test('is refused for an address that has complained since', async ({ db }) => {
    const { services, id } = await stage(db)
    await askToMove(services, id)
    const [change] = await db.select().from(addressChanges)
    const token = mintToken(services.keys, 'change', id, services.now(), change!.nonce)
    await suppress(db, [{ hash: change!.addressHash, reason: 'complaint' }], services.now())
    await expect(changeAddress(services, token)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
    expect((await readerOf(db, id)).email).toBe(OLD)
  })
})

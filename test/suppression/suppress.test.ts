import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { expect } from 'vitest'
import { addressHash, parseAddress } from '../../src/mail/address.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { sendServiceMails } from '../../src/outbox/send-service-mails.ts'
import { openRelays } from '../../src/relay/relays.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import { confirm } from '../../src/subscription/confirm.ts'
import { importSubscribers } from '../../src/subscription/import.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { exportSuppressions, importSuppressions } from '../../src/suppression/exchange.ts'
import { lift, type SuppressionReason, suppress } from '../../src/suppression/suppress.ts'
import { test } from '../support/database.ts'
import { addSubscriber, NOON, servicesOn, testConfig } from '../support/services.ts'
import { openSink } from '../support/sink.ts'

const hashOf = (email: string) => addressHash(testConfig().SUPPRESSION_KEY, parseAddress(email).key)
const statusOf = async (db: Db, id: number) =>
  (await db.select().from(subscribers).where(eq(subscribers.id, id)))[0]!.status
const reasonOf = async (db: Db, email: string) =>
  (
    await db
      .select()
      .from(suppressions)
      .where(eq(suppressions.addressHash, hashOf(email)))
  )[0]?.reason

async function csv(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'paperboy-csv-')), 'list.csv')
  await writeFile(file, text)
  return file
}

/** The person signs up once more, gets the email and clicks: what lifts a hard bounce and an erasure, and nothing else. */
async function signUpAgain(db: Db, email: string, id: number, minutesLater = 1) {
  const services = servicesOn(db, {}, { now: new Date(NOON.getTime() + minutesLater * 60_000) })
  await subscribe(services, { typed: email, origin: '192.0.2.1' })
  const sink = await openSink()
  const relay = openRelays({ SMTP_URL: sink.url, SMTP_CONNECTIONS: 1 })
  await sendServiceMails({ ...services, relay }, new AbortController().signal).finally(() => relay.close())
  await sink.close()
  if (!sink.taken.some(({ to }) => to === email)) return 'not even asked'
  const [row] = await db.select().from(subscribers).where(eq(subscribers.id, id))
  await confirm(services, mintToken(services.keys, 'confirm', id, services.now(), row!.confirmNonce!))
  return 'confirmed'
}

test('each reason gives its status, and only the stronger one replaces another', async ({ db }) => {
  const cases: [SuppressionReason, string][] = [
    ['hard bounce', 'bounced'],
    ['complaint', 'complained'],
    ['manual', 'unsubscribed'],
  ]
  for (const [reason, status] of cases) {
    const email = `${status}@example.org`
    const id = await addSubscriber(db, email)
    expect(await suppress(db, [{ hash: hashOf(email), reason }], NOON)).toEqual({ added: 1, strengthened: 0 })
    expect(await statusOf(db, id)).toBe(status)
  }
  const hash = hashOf('twice@example.org')
  await suppress(db, [{ hash, reason: 'hard bounce' }], NOON)
  expect(await suppress(db, [{ hash, reason: 'complaint' }], NOON)).toEqual({ added: 0, strengthened: 1 })
  expect(await suppress(db, [{ hash, reason: 'hard bounce' }], NOON)).toEqual({ added: 0, strengthened: 0 })
  expect(await reasonOf(db, 'twice@example.org')).toBe('complaint')
})

test('who had left stays so when they bounce, and who complained is not called bounced', async ({ db }) => {
  const left = await addSubscriber(db, 'left@example.org', { status: 'unsubscribed', leftAt: NOON })
  const complained = await addSubscriber(db, 'complained@example.org', { status: 'complained' })
  for (const email of ['left@example.org', 'complained@example.org'])
    await suppress(db, [{ hash: hashOf(email), reason: 'hard bounce' }], NOON)
  expect(await statusOf(db, left)).toBe('unsubscribed')
  expect(await statusOf(db, complained)).toBe('complained')
})

test('the person alone lifts a hard bounce; a complaint and the operator’s word are lifted by the operator alone', async ({
  db,
}) => {
  for (const reason of ['hard bounce', 'complaint', 'manual'] as const) {
    const email = `${reason.replace(' ', '-')}@example.org`
    const id = await addSubscriber(db, email)
    await suppress(db, [{ hash: hashOf(email), reason }], NOON)
    const ownWord = reason === 'hard bounce'
    expect(await signUpAgain(db, email, id)).toBe(ownWord ? 'confirmed' : 'not even asked')
    expect([reason, await reasonOf(db, email)]).toEqual([reason, ownWord ? undefined : reason])
    if (ownWord) continue
    expect(await lift(db, hashOf(email), NOON)).toBe(reason)
    expect(await statusOf(db, id)).toBe('unsubscribed')
    expect(await signUpAgain(db, email, id, 10)).toBe('confirmed')
    expect(await statusOf(db, id)).toBe('active')
  }
})

test('no import brings a suppressed address back, not the second time and not with consent attested', async ({
  db,
}) => {
  const services = servicesOn(db)
  const file = await csv('email\nkept.out@example.org\nKept.Out@EXAMPLE.org\nnew@example.org\n')
  await suppress(db, [{ hash: hashOf('kept.out@example.org'), reason: 'erasure' }], NOON)
  for (const active of [true, false, true])
    await importSubscribers(services, file, { active, attestedBy: 'test', dryRun: false })
  const known = await db.select().from(subscribers)
  expect(known.map((row) => row.email)).toEqual(['new@example.org'])
})

test('an export is taken over by a list under the same key and refused under another, with nothing half done', async ({
  db,
}) => {
  const services = servicesOn(db)
  const id = await addSubscriber(db, 'ada@example.org')
  const file = await csv(
    '\uFEFFReason,Email\ncomplaint,ada@example.org\n,bob@example.org\nhard bounce,carl@example.org\n',
  )
  expect(await importSuppressions(services, file)).toEqual({ read: 3, added: 3, strengthened: 0 })
  expect(await statusOf(db, id)).toBe('complained')
  expect(await importSuppressions(services, file)).toEqual({ read: 3, added: 0, strengthened: 0 })

  const exported = await Array.fromAsync(exportSuppressions(services))
  expect(exported.join('')).not.toContain('@')
  await db.delete(suppressions)
  const back = await csv(exported.join(''))
  expect(await importSuppressions(services, back)).toEqual({ read: 3, added: 3, strengthened: 0 })
  expect(await reasonOf(db, 'carl@example.org')).toBe('hard bounce')

  const elsewhere = servicesOn(db, { SUPPRESSION_KEY: 'a third key that is thirty-two bytes long too' })
  await expect(importSuppressions(elsewhere, back)).rejects.toMatchObject({ code: 'BAD_IMPORT' })
  const bad = await csv('email,reason\ndora@example.org,manual\nno address,manual\nerin@example.org,because\n')
  await expect(importSuppressions(services, bad)).rejects.toThrow(/line 3.*\n.*line 4: reason "because"/s)
  expect(await reasonOf(db, 'dora@example.org')).toBeUndefined()
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { expect, onTestFinished } from 'vitest'
import { addressHash, parseAddress } from '../../src/mail/address.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { sendServiceEmails } from '../../src/outbox/send-service-emails.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import { confirm } from '../../src/subscription/confirm.ts'
import { importSubscribers } from '../../src/subscription/import.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { exportSuppressions, importSuppressions } from '../../src/suppression/exchange.ts'
import { lift, type SuppressionReason, suppress } from '../../src/suppression/suppress.ts'
import { test } from '../support/database.ts'
import { NEVER, relaysOn, sinkThat } from '../support/sending.ts'
import { addSubscriber, NOON, servicesOn, statusOf, testConfig } from '../support/services.ts'

const hashOf = (email: string) => addressHash(testConfig().SUPPRESSION_KEY, parseAddress(email).key)
const reasonOf = async (db: Db, email: string) =>
  (
    await db
      .select()
      .from(suppressions)
      .where(eq(suppressions.addressHash, hashOf(email)))
  )[0]?.reason

async function csv(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'paperboy-csv-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'list.csv')
  await writeFile(file, text)
  return file
}

/** Signs up again, gets the email and confirms, which lifts only a hard bounce or an erasure. */
async function signUpAgain(db: Db, email: string, id: number, minutesLater = 1) {
  const services = servicesOn(db, {}, { now: new Date(NOON.getTime() + minutesLater * 60_000) })
  await subscribe(services, { typed: email, origin: '192.0.2.1' })
  const sink = await sinkThat()
  await sendServiceEmails({ ...services, relay: relaysOn(sink.url, 1) }, NEVER)
  if (!sink.taken.some(({ to }) => to === email)) return 'not even asked'
  const [row] = await db.select().from(subscribers).where(eq(subscribers.id, id))
  await confirm(services, mintToken(services.keys, 'confirm', id, services.now(), row!.confirmNonce!))
  return 'confirmed'
}

test('each reason sets its status, and only a stronger one replaces another', async ({ db }) => {
  const cases: [SuppressionReason, string][] = [
    ['hard bounce', 'bounced'],
    ['complaint', 'complained'],
    ['manual', 'unsubscribed'],
  ]
  for (const [reason, status] of cases) {
    const email = `${status}@example.org`
    const id = await addSubscriber(db, email)
    expect(await suppress(db, [{ hash: hashOf(email), reason }], NOON)).toEqual({
      added: 1,
      strengthened: 0,
      readers: 1,
    })
    expect(await statusOf(db, id)).toBe(status)
  }
  const hash = hashOf('twice@example.org')
  await suppress(db, [{ hash, reason: 'hard bounce' }], NOON)
  expect(await suppress(db, [{ hash, reason: 'complaint' }], NOON)).toEqual({ added: 0, strengthened: 1, readers: 0 })
  expect(await suppress(db, [{ hash, reason: 'hard bounce' }], NOON)).toEqual({ added: 0, strengthened: 0, readers: 0 })
  expect(await reasonOf(db, 'twice@example.org')).toBe('complaint')
})

test('a bounce does not change the status of unsubscribed or complained readers', async ({ db }) => {
  const left = await addSubscriber(db, 'left@example.org', { status: 'unsubscribed', leftAt: NOON })
  const complained = await addSubscriber(db, 'complained@example.org', { status: 'complained' })
  for (const email of ['left@example.org', 'complained@example.org'])
    await suppress(db, [{ hash: hashOf(email), reason: 'hard bounce' }], NOON)
  expect(await statusOf(db, left)).toBe('unsubscribed')
  expect(await statusOf(db, complained)).toBe('complained')
})

test('signing up again brings back a reader whose address an imported erasure suppressed', async ({ db }) => {
  const id = await addSubscriber(db, 'ada@example.org')
  const file = await csv('email,reason\nada@example.org,erasure\n')
  expect(await importSuppressions(servicesOn(db), file)).toMatchObject({ added: 1 })
  expect(await signUpAgain(db, 'ada@example.org', id)).toBe('confirmed')
  expect(await statusOf(db, id)).toBe('active')
  expect(await reasonOf(db, 'ada@example.org')).toBeUndefined()
})

test('confirming lifts a hard bounce; only the operator lifts a complaint or a manual suppression', async ({ db }) => {
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

test('no import activates a suppressed address, not even repeated or with --active', async ({ db }) => {
  const services = servicesOn(db)
  const file = await csv('email\nkept.out@example.org\nKept.Out@EXAMPLE.org\nnew@example.org\n')
  await suppress(db, [{ hash: hashOf('kept.out@example.org'), reason: 'erasure' }], NOON)
  for (const active of [true, false, true])
    await importSubscribers(services, file, { active, attestedBy: 'test', dryRun: false })
  const known = await db.select().from(subscribers)
  expect(known.map((row) => row.email)).toEqual(['new@example.org'])
})

test('an export imports under the same key, and is refused whole under another', async ({ db }) => {
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
  const later = servicesOn(db, {}, { now: new Date('2026-05-01T00:00:00Z') })
  expect(await importSuppressions(later, back)).toEqual({ read: 3, added: 3, strengthened: 0 })
  expect(await reasonOf(db, 'carl@example.org')).toBe('hard bounce')
  expect(await Array.fromAsync(exportSuppressions(later)), 'with the time of each').toEqual(exported)

  const elsewhere = servicesOn(db, { SUPPRESSION_KEY: 'a third key that is thirty-two bytes long too' })
  await expect(importSuppressions(elsewhere, back)).rejects.toMatchObject({ code: 'BAD_IMPORT' })
  const bad = await csv('email,reason\ndora@example.org,manual\nno address,manual\nerin@example.org,because\n')
  await expect(importSuppressions(services, bad)).rejects.toThrow(/line 3.*\n.*line 4: reason "because"/s)
  expect(await reasonOf(db, 'dora@example.org')).toBeUndefined()
})

import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { addressHash } from '../../src/mail/address.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import { composeKeys } from '../../src/subscription/compose-keys.ts'
import { confirm } from '../../src/subscription/confirm.ts'
import { importSubscribers } from '../../src/subscription/import.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { lift } from '../../src/suppression/suppress.ts'
import { test } from '../support/database.ts'
import { addSubscriber, NOON, readerOf, servicesOn, testConfig } from '../support/services.ts'

/** An address of an earlier version, whose key was the address as typed: e, then the accent. */
const OLD = 'jose\u0301@example.org'
const NEW = 'jos\u00e9@example.org'
const hashOf = (key: string) => addressHash(testConfig().SUPPRESSION_KEY, key)
const asBefore = (db: Db, email: string, values: Parameters<typeof addSubscriber>[2] = {}) =>
  addSubscriber(db, email, { ...values, emailKey: email, addressHash: hashOf(email) })

test('a key of an earlier version is composed, and a second row of the mailbox ends', async ({ db }) => {
  const services = servicesOn(db)
  const id = await asBefore(db, OLD)
  const kelvin = await asBefore(db, '\u212a@example.org')
  expect(await composeKeys(services)).toEqual({ composed: 1, ended: 0 })
  expect(await readerOf(db, id)).toMatchObject({
    email: OLD,
    emailKey: NEW,
    addressHash: hashOf(NEW),
    status: 'active',
  })
  expect((await readerOf(db, kelvin)).emailKey, 'another person’s letter').toBe('\u212a@example.org')
  const double = await asBefore(db, 'JOSE\u0301@example.org'.toLowerCase())
  expect(await composeKeys(services)).toEqual({ composed: 0, ended: 1 })
  expect((await readerOf(db, double)).status).toBe('unsubscribed')
  expect((await readerOf(db, id)).status).toBe('active')
  expect(await composeKeys(services), 'once').toEqual({ composed: 0, ended: 0 })
})

test('a suppression under the earlier key holds for every spelling', async ({ db }) => {
  const services = servicesOn(db)
  await db.insert(suppressions).values({ addressHash: hashOf(OLD), reason: 'complaint' })
  await subscribe(services, { typed: NEW, origin: '192.0.2.7' })
  const [row] = await db.select().from(subscribers)
  const link = mintToken(services.keys, 'confirm', row!.id, NOON, row!.confirmNonce!)
  await expect(confirm(services, link)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })

  const file = join(tmpdir(), `paperboy-keys-${process.pid}.csv`)
  onTestFinished(() => rmSync(file, { force: true }))
  const grace = (mark: string) => `grac${mark}@example.org`
  await db.insert(suppressions).values({ addressHash: hashOf(grace('e\u0301')), reason: 'manual' })
  writeFileSync(file, `email\n${grace('\u00e9')}\nadmitted@example.org\n`)
  const options = { active: true, attestedBy: 'the operator', dryRun: false }
  expect(await importSubscribers(services, file, options)).toMatchObject({ added: 1, refused: 1 })
})

test('what ended a suppression ends it for every spelling: it does not come back with the next sign-up', async ({
  db,
}) => {
  const services = servicesOn(db)
  await db.insert(suppressions).values({ addressHash: hashOf(OLD), reason: 'hard bounce' })
  const ask = () => subscribe(services, { typed: NEW, origin: '192.0.2.7' })
  await ask()
  const [row] = await db.select().from(subscribers)
  await confirm(services, mintToken(services.keys, 'confirm', row!.id, NOON, row!.confirmNonce!))
  await ask()
  expect(await db.select().from(suppressions)).toEqual([])

  await db.insert(suppressions).values({ addressHash: hashOf(OLD), reason: 'complaint' })
  await ask()
  expect(await lift(db, hashOf(NEW), NOON)).toBe('complaint')
  await ask()
  expect(await db.select().from(suppressions)).toEqual([])
})

test('a reader who is still stored under the earlier key stays suppressed', async ({ db }) => {
  const services = servicesOn(db)
  await asBefore(db, OLD)
  await db.insert(suppressions).values({ addressHash: hashOf(OLD), reason: 'complaint' })
  await subscribe(services, { typed: NEW, origin: '192.0.2.7' })
  const hashes = (await db.select().from(suppressions)).map(({ addressHash: hash }) => hash.toString('hex'))
  expect(hashes.sort()).toEqual([OLD, NEW].map((key) => hashOf(key).toString('hex')).sort())
})

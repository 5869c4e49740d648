import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { deliveryContextWith } from '../../src/delivery/send/delivery-context.ts'
import { sendServiceEmails } from '../../src/outbox/send-service-emails.ts'
import { openDkim, signing } from '../../src/relay/dkim.ts'
import { dkimRecord, readDkimKeys } from '../../src/relay/dkim-keys.ts'
import { readEnvironment } from '../../src/runtime/config/config.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { test } from '../support/database.ts'
import { NEVER, relaysOn, sinkThat } from '../support/sending.ts'
import { addReaders, addSubscriber, NOON, releasedEdition, servicesOn } from '../support/services.ts'

let folder: string
let settings: Record<string, string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paperboy-dkim-'))
  const pem = {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  } as const
  const keys = {
    'rsa.pem': generateKeyPairSync('rsa', { modulusLength: 2048, ...pem }).privateKey,
    'ed25519.pem': generateKeyPairSync('ed25519', pem).privateKey,
    'short.pem': generateKeyPairSync('rsa', { modulusLength: 512, ...pem }).privateKey,
    'other.pem': generateKeyPairSync('ec', { namedCurve: 'P-256', ...pem }).privateKey,
    'none.pem': 'not a key',
  }
  for (const [name, key] of Object.entries(keys)) await writeFile(join(folder, name), key as string)
  settings = {
    DKIM_DOMAIN: 'paperboy.example',
    DKIM_SELECTOR: 'r1,e1',
    DKIM_PRIVATE_KEY_FILE: ['rsa.pem', 'ed25519.pem'].map((name) => join(folder, name)).join(','),
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Results of an independent verifier for each signature of a message, with our records as its DNS. */
async function verdicts(raw: string | Buffer, extra: Record<string, string> = {}): Promise<Record<string, string>> {
  const records = (await readDkimKeys(readEnvironment({ ...settings, ...extra }))).map(dkimRecord)
  const resolver = async (name: string) => {
    const record = records.find((each) => each.name === name)
    if (!record) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    return [[record.text]]
  }
  const { results } = await dkimVerify(Buffer.from(raw as string, 'latin1'), { resolver })
  return Object.fromEntries(results.map((each) => [`${each.selector} ${each.algo}`, each.status.result]))
}
const BOTH_PASS = { 'r1 rsa-sha256': 'pass', 'e1 ed25519-sha256': 'pass' }

const sign = async (message: string): Promise<string> =>
  (await (await openDkim(readEnvironment(settings)))!({ bytes: Buffer.from(message, 'latin1') }, NOON)).bytes.toString(
    'latin1',
  )

const MAIL =
  'From: Paperboy <papers@paperboy.example>\r\nTo: <ada@example.org>\r\nSubject: Trending  papers,\r\n\tTuesday \r\n' +
  'Message-ID: <1@paperboy.example>\r\nDate: Wed, 15 Apr 2026 12:00:00 +0000\r\n' +
  'List-Unsubscribe: <https://paperboy.example/unsubscribe/x>,\r\n <mailto:papers@paperboy.example?subject=unsubscribe%20x>\r\n' +
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nHello,  reader.\r\n'

describe('sent messages', () => {
  test('digests and service emails carry both signatures, valid for an independent verifier at the relay', async ({
    db,
  }) => {
    const services = servicesOn(db, settings)
    const sink = await sinkThat()
    const relay = signing(relaysOn(sink.url), await openDkim(services.config), services.now)
    const worker = deliveryContextWith(services, relay)
    await addSubscriber(db, 'ada@example.org')
    await addSubscriber(db, 'bob@example.org', { size: 3 })
    const { batchIds } = await planAll(services, await releasedEdition(services))
    await deliverBatch(worker, batchIds[0]!, NEVER)
    await subscribe(services, { typed: 'cleo@example.org', zone: 'UTC', origin: '192.0.2.7' })
    await sendServiceEmails(worker, NEVER)
    expect(sink.taken.map(({ to }) => to).sort()).toEqual(['ada@example.org', 'bob@example.org', 'cleo@example.org'])
    for (const { raw } of sink.taken) {
      expect(await verdicts(raw)).toEqual(BOTH_PASS)
      const signed = /\th=([\s\S]*?);/.exec(raw)![1]!.replace(/\s/g, '').split(':')
      for (const name of [
        'list-unsubscribe',
        'list-unsubscribe-post',
        'message-id',
        'date',
        'to',
        'subject',
        'content-type',
        'mime-version',
      ])
        expect(signed).toContain(name)
      expect(signed.filter((name) => name === 'from')).toHaveLength(2)
    }
  })

  test('carry each reader’s own signature, also in reused buffers', async ({ db }) => {
    const services = servicesOn(db, settings)
    const sink = await sinkThat()
    const relay = relaysOn(sink.url, 3)
    await addReaders(db, 60)
    // Alternates long and short messages, so that each buffer holds remains of the last.
    await db.update(subscribers).set({ size: 3 }).where(sql`id % 2 = 0`)
    await db.update(subscribers).set({ format: 'text' }).where(sql`id % 3 = 0`)
    const { batchIds } = await planAll(services, await releasedEdition(services))
    const worker = deliveryContextWith(services, signing(relay, await openDkim(services.config), services.now))
    for (const id of batchIds) await deliverBatch(worker, id, NEVER)
    expect(new Set(sink.taken.map(({ to }) => to)).size).toBe(60)
    for (const { to, raw } of sink.taken) {
      expect(raw).toContain(`\r\nTo: <${to}>\r\n`)
      expect(await verdicts(raw)).toEqual(BOTH_PASS)
    }
  })
})

describe('a signature', () => {
  test.each([
    ['as it was', (mail: string) => mail, 'pass'],
    [
      'with header lines folded anew and spelt in other case',
      (mail: string) =>
        mail
          .replace('Trending  papers,\r\n\tTuesday ', 'Trending papers,  Tuesday')
          .replace('Message-ID', 'message-id'),
      'pass',
    ],
    ['with lines added above by relays', (mail: string) => `Received: from x\r\n\tby y\r\n${mail}`, 'pass'],
    ['with empty lines added below', (mail: string) => `${mail}\r\n\r\n`, 'pass'],
    ['with another subject', (mail: string) => mail.replace('Tuesday', 'Monday'), 'fail'],
    ['with a second From in front', (mail: string) => `From: Mallory <m@paperboy.example>\r\n${mail}`, 'fail'],
    ['with a second Subject in front', (mail: string) => `Subject: Win\r\n${mail}`, 'fail'],
    ['with a foreign Reply-To', (mail: string) => `Reply-To: <m@evil.example>\r\n${mail}`, 'fail'],
    ['with another one-click link', (mail: string) => mail.replace('unsubscribe/x', 'unsubscribe/y'), 'fail'],
    [
      'without the one-click line',
      (mail: string) => mail.replace('List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n', ''),
      'fail',
    ],
  ])('%s', async (_, change, verdict) => {
    const result = Object.values(await verdicts(change(await sign(MAIL))))
    expect(result).toEqual([verdict, verdict])
  })

  test('does not match a changed body', async () => {
    expect(Object.values(await verdicts((await sign(MAIL)).replace('Hello', 'Hallo')))).not.toContain('pass')
  })

  test.each(['', '\r\n', '\r\n\r\n\r\n', 'x', 'x\r\n', 'x\r\n\r\n\r\n', '\r\n\r\nx\r\n'])(
    'a body of %j',
    async (body) => {
      expect(await verdicts(await sign(MAIL.replace(/\r\n\r\n[\s\S]*/, `\r\n\r\n${body}`)))).toEqual(BOTH_PASS)
    },
  )

  test('has no line over 78 characters, and covers repeated header fields', async () => {
    const signed = await sign(`X-First: 1\r\nList-Id: <a.example>\r\nList-Id: <b.example>\r\n${MAIL}`)
    const added = signed.slice(0, signed.indexOf('X-First'))
    expect(Math.max(...added.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78)
    expect(await verdicts(signed)).toEqual(BOTH_PASS)
  })
})

describe('keys', () => {
  test('can be rotated: the new selector signs, and only its record is looked up', async () => {
    const rotated = { DKIM_SELECTOR: 'r2', DKIM_PRIVATE_KEY_FILE: join(folder, 'rsa.pem') }
    const sign = (await openDkim(readEnvironment({ ...settings, ...rotated })))!
    const signed = await sign({ bytes: Buffer.from(MAIL) }, NOON)
    expect(await verdicts(signed.bytes, rotated)).toEqual({ 'r2 rsa-sha256': 'pass' })
  })

  test('are unused without DKIM_DOMAIN', async () => {
    expect(await openDkim(readEnvironment({}))).toBeUndefined()
  })

  test.each([
    ['missing.pem', /missing\.pem does not exist\.$/],
    ['none.pem', /is not a PEM private key/],
    ['other.pem', /is not an RSA or Ed25519 key but ec/],
    ['short.pem', /has 512 bits/],
  ])('%s is refused by name', async (name, why) => {
    const config = readEnvironment({
      DKIM_DOMAIN: 'a.example',
      DKIM_SELECTOR: 's',
      DKIM_PRIVATE_KEY_FILE: join(folder, name),
    })
    await expect(openDkim(config)).rejects.toThrow(why)
    await expect(openDkim(config)).rejects.toThrow(name)
  })

  test.each([
    { DKIM_DOMAIN: 'a.example' },
    { DKIM_SELECTOR: 's' },
    { DKIM_DOMAIN: 'a.example', DKIM_SELECTOR: 's' },
    { DKIM_DOMAIN: 'a.example', DKIM_SELECTOR: 's,t', DKIM_PRIVATE_KEY_FILE: 'one.pem' },
    { DKIM_SELECTOR: 's', DKIM_PRIVATE_KEY_FILE: 'one.pem' },
    { DKIM_DOMAIN: 'a.example;d=b', DKIM_SELECTOR: 's', DKIM_PRIVATE_KEY_FILE: 'one.pem' },
  ])('%j alone is a mistake', (env) => expect(() => readEnvironment(env)).toThrow(/DKIM_/))
})

import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkSender, type Dns } from '../../../src/operate/doctor/sender.ts'
import { dkimRecord, readDkimKeys } from '../../../src/relay/dkim-keys.ts'
import { testConfig } from '../../support/services.ts'

/** A fake name service with the records that receivers look up. */

const folder = mkdtempSync(join(tmpdir(), 'paperboy-doctor-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(
  join(folder, 'ed25519.pem'),
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
)

const config = testConfig({
  MAIL_FROM: 'Paperboy <papers@news.lab.org>',
  BOUNCE_ADDRESS: 'bounce+*@bounces.lab.org',
  DKIM_DOMAIN: 'lab.org',
  DKIM_SELECTOR: 'pb',
  DKIM_PRIVATE_KEY_FILE: join(folder, 'ed25519.pem'),
})
const key = dkimRecord((await readDkimKeys(config))[0]!)

const error = (code: string) => Object.assign(new Error(code), { code })
const nothing = () => Promise.reject(error('ENOTFOUND'))

/** @param txt name → its records */
const dnsWith = (txt: Record<string, string[]>, more: { [Name in keyof Dns]?: () => Promise<unknown[]> } = {}): Dns =>
  ({
    resolveTxt: async (name: string) => {
      if (!txt[name]) throw error('ENODATA')
      // Long records are split into 255-character strings.
      return txt[name].map((text) => text.match(/.{1,255}/g) ?? [''])
    },
    resolveMx: async (name: string) =>
      /^(?:bounces|news)\.lab\.org$/.test(name) ? [{ priority: 10, exchange: 'mx.lab.org' }] : nothing(),
    resolve4: nothing,
    resolve6: nothing,
    ...more,
  }) as unknown as Dns

const ALL = {
  'bounces.lab.org': ['v=spf1 include:relay.example -all', 'something else'],
  [key.name]: [key.text],
  '_dmarc.lab.org': ['v=DMARC1; p=none'],
}
const statesOf = async (dns: Dns, settings = config) =>
  Object.fromEntries((await checkSender(settings, dns)).map(({ part, state }) => [part, state]))

test('a sender that has published everything is ok', async () => {
  expect(await statesOf(dnsWith(ALL))).toEqual({ SPF: 'ok', DKIM: 'ok', DMARC: 'ok', Bounces: 'ok', Replies: 'ok' })
})

describe('missing or broken records are errors, with a fix', () => {
  const cases: [string, string, Record<string, string[]>, RegExp][] = [
    ['SPF', 'no record', { 'bounces.lab.org': ['something else'] }, /v=spf1 include:RELAY/],
    ['SPF', 'two records', { 'bounces.lab.org': ['v=spf1 -all', 'v=spf1 a -all'] }, /one/],
    ['DKIM', 'no record', { [key.name]: [] }, /dkim prints/],
    ['DKIM', 'another key', { [key.name]: ['v=DKIM1; k=ed25519; p=AAAA'] }, /dkim prints/],
    ['DKIM', 'a key that was revoked', { [key.name]: ['v=DKIM1; p='] }, /dkim prints/],
    ['DMARC', 'no record', { '_dmarc.lab.org': ['v=spf1 -all'] }, /v=DMARC1; p=none/],
  ]
  for (const [part, trouble, records, remedy] of cases) {
    test(`${part}: ${trouble}`, async () => {
      const found = await checkSender(config, dnsWith({ ...ALL, ...records }))
      expect(found.filter(({ state }) => state !== 'ok')).toEqual([
        expect.objectContaining({ part, state: 'error', remedy: expect.stringMatching(remedy) }),
      ])
    })
  }

  test('SPF that allows every server is a warning', async () => {
    for (const record of ['v=spf1 +all', 'v=spf1 a all'])
      expect(await statesOf(dnsWith({ ...ALL, 'bounces.lab.org': [record] }))).toMatchObject({ SPF: 'warning' })
    for (const record of ['v=spf1 ~all', 'v=spf1 ?all', 'v=spf1 include:all.example -all'])
      expect(await statesOf(dnsWith({ ...ALL, 'bounces.lab.org': [record] }))).toMatchObject({ SPF: 'ok' })
  })

  test('a domain without email loses bounces; an address record accepts it (RFC 5321), a lone dot does not (RFC 7505)', async () => {
    const none = async () => nothing()
    expect(await statesOf(dnsWith(ALL, { resolveMx: none }))).toMatchObject({ Bounces: 'error' })
    expect(await statesOf(dnsWith(ALL, { resolveMx: none, resolve6: async () => ['2001:db8::1'] }))).toMatchObject({
      Bounces: 'ok',
    })
    const dot = async () => [{ priority: 0, exchange: '.' }]
    expect(await statesOf(dnsWith(ALL, { resolveMx: dot, resolve4: async () => ['192.0.2.1'] }))).toMatchObject({
      Bounces: 'error',
    })
  })
})

describe('DMARC demands that the signature or the envelope sender belong to the sender’s domain', () => {
  const dns = (dmarc = 'v=DMARC1; p=reject') =>
    dnsWith(
      {
        ...ALL,
        'lab.org': ['v=spf1 -all'],
        'news.lab.org': ['v=spf1 -all'],
        'bounces.host.net': ['v=spf1 -all'],
        'pb._domainkey.host.net': [key.text],
        'pb._domainkey.news.lab.org': [key.text],
        '_dmarc.lab.org': [dmarc],
      },
      { resolveMx: async () => [{ priority: 10, exchange: 'mx.lab.org' }] },
    )
  const sender = (DKIM_DOMAIN: string, BOUNCE_ADDRESS: string | undefined) => ({
    ...config,
    DKIM_DOMAIN,
    BOUNCE_ADDRESS,
  })
  const verdict = async (settings: typeof config, dmarc?: string) =>
    (await checkSender(settings, dns(dmarc))).find(({ part }) => part === 'DMARC')

  test('neither does: receivers refuse every email', async () => {
    expect(await verdict(sender('host.net', 'bounce+*@bounces.host.net'))).toMatchObject({
      state: 'error',
      remedy: expect.stringContaining('DKIM_DOMAIN=news.lab.org'),
    })
  })

  test('only the envelope sender does: forwarded email fails', async () => {
    expect(await verdict(sender('host.net', 'bounce+*@bounces.lab.org'))).toMatchObject({ state: 'warning' })
    expect(await verdict(sender('host.net', undefined))).toMatchObject({ state: 'warning' })
  })

  test('the signature does, or the relay signs', async () => {
    expect(await verdict(sender('lab.org', 'bounce+*@bounces.host.net'))).toMatchObject({ state: 'ok' })
    expect(
      await verdict({ ...config, DKIM_DOMAIN: undefined, DKIM_SELECTOR: [], DKIM_PRIVATE_KEY_FILE: [] }),
    ).toMatchObject({
      state: 'ok',
    })
  })

  test('a strict record wants the same domain, not one beside it', async () => {
    const strict = 'v=DMARC1; p=reject; adkim=s; aspf=s'
    expect(await verdict(sender('lab.org', 'bounce+*@bounces.lab.org'), strict)).toMatchObject({ state: 'error' })
    expect(await verdict(sender('news.lab.org', 'bounce+*@bounces.lab.org'), strict)).toMatchObject({ state: 'ok' })
    expect(await verdict(sender('lab.org', undefined), strict)).toMatchObject({ state: 'warning' })
  })
})

test('replies need a domain that accepts email, as bounces do', async () => {
  // The name service has an MX record for every domain but the sender's.
  const dns = {
    ...dnsWith(ALL),
    resolveMx: async (name: string) =>
      name === 'news.lab.org' ? nothing() : [{ priority: 10, exchange: 'mx.lab.org' }],
  } as Dns
  expect(await statesOf(dns)).toMatchObject({ Bounces: 'ok', Replies: 'warning' })
  const answered = { ...config, REPLY_TO: { name: '', address: 'people@lab.org' } }
  expect(await statesOf(dns, answered)).toMatchObject({ Bounces: 'ok', Replies: 'ok' })
})

test('a domain’s own DMARC counts before its parent’s', async () => {
  expect(
    await statesOf(dnsWith({ ...ALL, '_dmarc.lab.org': [], '_dmarc.news.lab.org': ['v=DMARC1; p=reject'] })),
  ).toMatchObject({
    DMARC: 'ok',
  })
})

test('without a network nothing is wrong', async () => {
  const silent = async () => Promise.reject(error('ETIMEOUT'))
  const dns = { resolveTxt: silent, resolveMx: silent, resolve4: silent, resolve6: silent } as Dns
  expect(await statesOf(dns)).toEqual({
    SPF: 'warning',
    DKIM: 'warning',
    DMARC: 'warning',
    Bounces: 'warning',
    Replies: 'warning',
  })
})

test('a signing relay needs no lookup; an unreadable key is wrong', async () => {
  expect(
    await statesOf(dnsWith(ALL), { ...config, DKIM_DOMAIN: undefined, DKIM_SELECTOR: [], DKIM_PRIVATE_KEY_FILE: [] }),
  ).toMatchObject({ DKIM: 'ok' })
  expect(await statesOf(dnsWith(ALL), { ...config, DKIM_PRIVATE_KEY_FILE: [join(folder, 'gone.pem')] })).toMatchObject({
    DKIM: 'error',
  })
})

test('a name outside public DNS is not looked up', async () => {
  const dns = { resolveTxt: () => Promise.reject(new Error('asked')) } as unknown as Dns
  for (const address of ['paperboy@localhost.localdomain', 'papers@paperboy.example', 'papers@desk.local'])
    expect(await statesOf(dns, { ...config, MAIL_FROM: { name: '', address } })).toEqual({ Sender: 'warning' })
})

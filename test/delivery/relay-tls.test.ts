import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import type { SMTPServerOptions } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Outcome } from '../../src/relay/outcome.ts'
import { relaysOn, sinkThat } from '../support/sending.ts'
import type { Sink } from '../support/sink.ts'

/** A relay like those on the internet: with a certificate and a login. */

const folder = await mkdtemp(join(tmpdir(), 'paperboy-tls-'))
const ca = join(folder, 'ca.pem')
let own: { key: string; cert: string }
let stranger: typeof own
beforeAll(async () => {
  ;[own, stranger] = (await Promise.all([certificate(), certificate()])) as [typeof own, typeof own]
  await writeFile(ca, own.cert)
})
afterAll(() => rm(folder, { recursive: true }))

async function certificate(): Promise<typeof own> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  })
  return { key, cert }
}

/** Login attempts, and whether over TLS. */
let logins: { method: string; password: string; secure: boolean }[] = []

async function serve(options: SMTPServerOptions): Promise<Sink> {
  logins = []
  return sinkThat(
    {},
    {
      disabledCommands: [],
      allowInsecureAuth: true,
      authMethods: ['PLAIN', 'LOGIN', 'CRAM-MD5'],
      onAuth(auth, { secure }, done) {
        logins.push({ method: auth.method, password: auth.password ?? '', secure })
        const right = auth.method === 'CRAM-MD5' ? auth.validatePassword('s3cret') : auth.password === 's3cret'
        if (auth.username === 'paperboy' && right) return done(null, { user: 'paperboy' })
        done(Object.assign(new Error('5.7.8 authentication failed'), { responseCode: 535 }))
      },
      ...options,
    },
  )
}

async function sendBy(url: string): Promise<Outcome> {
  const message = { bytes: Buffer.from('Subject: x\r\n\r\nx\r\n') }
  return relaysOn(url, 1).send({ from: 'papers@paperboy.example', to: 'ada@example.org' }, message)
}

const urlOf = (sink: Sink, scheme: string, options: Record<string, string>, user = 'paperboy:s3cret@') =>
  `${sink.url.replace('smtp://127.0.0.1', `${scheme}://${user}localhost`)}?${new URLSearchParams(options)}`

const notSent = { state: 'deferred', relayDown: true }

describe.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])('a relay with logins by %s', (auth) => {
  test('gets the password only after STARTTLS, and then the email', async () => {
    const sink = await serve(own)
    expect(await sendBy(urlOf(sink, 'smtp', { ca, auth }))).toMatchObject({ state: 'accepted' })
    expect(logins).toMatchObject([{ method: auth, secure: true }])
    expect(sink.taken).toHaveLength(1)
  })
})

test('TLS from the first byte', async () => {
  const sink = await serve({ ...own, secure: true })
  expect(await sendBy(urlOf(sink, 'smtps', { ca }))).toMatchObject({ state: 'accepted' })
  expect(logins).toMatchObject([{ secure: true }])
})

describe('no password is sent to a relay', () => {
  test.each([
    ['whose certificate is not signed by a trusted authority', 'smtps', {}],
    ['whose certificate is not signed by a trusted authority, by STARTTLS', 'smtp', {}],
    ['whose certificate is another name’s', 'smtps', { ca, servername: 'relay.example' }],
  ] as const)('%s', async (_, scheme, options) => {
    const sink = await serve({ ...own, secure: scheme === 'smtps' })
    expect(await sendBy(urlOf(sink, scheme, options))).toMatchObject(notSent)
    expect([logins, sink.taken]).toEqual([[], []])
  })

  test('that pretends to be ours with its own certificate', async () => {
    const sink = await serve({ ...stranger, secure: true })
    expect(await sendBy(urlOf(sink, 'smtps', { ca }))).toMatchObject(notSent)
    expect([logins, sink.taken]).toEqual([[], []])
  })

  test.each([
    ['a password', {}, 'paperboy:s3cret@'],
    ['email that requires TLS', { requireTLS: 'true' }, ''],
  ])('that offers no TLS, where there is %s', async (_, options, user) => {
    const sink = await serve({ disabledCommands: ['STARTTLS'] })
    // Only loopback may receive a password in clear text, also when given by name.
    const url = urlOf(sink, 'smtp', { requireTLS: 'true', ...options }, user)
    expect(await sendBy(url)).toMatchObject(notSent)
    expect([logins, sink.taken]).toEqual([[], []])
  })
})

test('with a wrong password nothing is sent, and it appears in no log or ledger', async () => {
  const sink = await serve({ ...own, secure: true })
  const outcome = await sendBy(urlOf(sink, 'smtps', { ca }, 'paperboy:gu3ss@'))
  expect(outcome).toMatchObject(notSent)
  expect(JSON.stringify(outcome)).not.toContain('gu3ss')
  expect(sink.taken).toEqual([])
})

import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { Readable } from 'node:stream'
import { fastify } from 'fastify'
import { expect, onTestFinished, vi } from 'vitest'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { limitHandlers } from '../../../src/http/kit/handler-timeout.ts'
import { addPapers, servicesOn } from '../../support/services.ts'
import { CURATOR, signedIn } from '../admin.ts'
import { form, siteOn, test } from '../site.ts'

test.for([
  ['/subscribe', form({ email: 'ada@example.org' })],
  [
    '/api/v1/subscriptions',
    { payload: JSON.stringify({ email: 'ada@example.org' }), headers: { 'content-type': 'application/json' } },
  ],
] as const)('%s: a body whose handler hangs is answered 503', async ([path, { payload, headers }], { db }) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const hangs = Promise.withResolvers<void>()
  const signsOf = () => {
    hangs.resolve()
    return new Promise<never>(() => {})
  }
  const { app } = siteOn({ ...servicesOn(db), mailDomains: { signsOf } })
  onTestFinished(async () => {
    vi.useRealTimers()
    await app.close()
  })
  const reply = fetch(`${await app.listen()}${path}`, { method: 'POST', body: payload, headers })
  await hangs.promise
  vi.advanceTimersByTime(20_000)
  const { status, headers: replied } = await reply
  expect([status, replied.get('retry-after')]).toEqual([503, '10'])
})

test('a test email says what its relay did, also after twenty seconds', async ({ db, databaseUrl }) => {
  const relay = createServer().listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const settings = { SMTP_URL: `smtp://127.0.0.1:${(relay.address() as AddressInfo).port}`, ADMIN_EMAILS: CURATOR }
  const site = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl, ...settings }))
  onTestFinished(async () => {
    vi.useRealTimers()
    await site.app.close()
    relay.close()
  })
  await addPapers(db, '2026-04-14', 1)
  await assemble(site.services, { kind: 'daily', date: '2026-04-14' })
  const browser = await signedIn(site)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const reply = browser.post('/admin/editions/daily/2026-04-14/test', {})
  const [connection] = await once(relay, 'connection')
  // A relay without a greeting has 30 seconds for it.
  vi.advanceTimersByTime(20_000)
  connection.destroy()
  const { statusCode, body } = await reply
  expect([statusCode, body]).toEqual([200, expect.stringContaining('The test was not sent: ')])
})

test('a response that has begun goes on, and a route may have more time', async () => {
  const app = fastify()
  onTestFinished(() => app.close())
  limitHandlers(app)
  const timedOut = Promise.withResolvers<void>()
  const stream = new Readable({ read() {} })
  app.get('/stream', { config: { handlerTimeoutMs: 1 } }, (_request, reply) => reply.send(stream))
  app.get('/slow', () => timedOut.promise)
  app.get('/hangs', { config: { handlerTimeoutMs: 50 } }, () => new Promise(() => {}))
  const url = await app.listen()
  stream.push('one ')
  const begun = await fetch(`${url}/stream`)
  const slow = fetch(`${url}/slow`)
  expect((await fetch(`${url}/hangs`)).status).toBe(503)
  timedOut.resolve()
  expect((await slow).status).toBe(200)
  stream.push('two')
  stream.push(null)
  expect(await begun.text()).toBe('one two')
})

test('a connection whose answered body comes slowly closes after a minute, whatever a file may take', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const app = fastify({ requestTimeout: 300_000 })
  onTestFinished(async () => {
    vi.useRealTimers()
    await app.close()
  })
  limitHandlers(app)
  app.post('/', { onRequest: async (_request, reply) => reply.code(401).send() }, async () => 'ok')
  const socket = connect(Number(new URL(await app.listen()).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const answered = async (bytes: string) => {
    const ends = new Promise((resolve) => app.server.once('request', (_, response) => response.once('close', resolve)))
    socket.write(bytes)
    await Promise.all([ends, once(socket, 'data')])
  }
  const begin = 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n12345'
  await answered(begin)
  vi.advanceTimersByTime(59_000)
  await answered(`67890${begin}`)
  vi.advanceTimersByTime(59_000)
  expect(socket.destroyed).toBe(false)
  vi.advanceTimersByTime(1_000)
  await once(socket, 'close')
})

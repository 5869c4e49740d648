import { Readable } from 'node:stream'
import { fastify } from 'fastify'
import { expect, onTestFinished, vi } from 'vitest'
import { limitHandlers } from '../../../src/http/kit/handler-timeout.ts'
import { servicesOn } from '../../support/services.ts'
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

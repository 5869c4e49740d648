import { fastifyRateLimit } from '@fastify/rate-limit'
import { sql } from 'drizzle-orm'
import { fastify } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { expect, vi } from 'vitest'
import { z } from 'zod'
import { problemHandler } from '../../../src/http/api/problems.ts'
import { applyRouteRules } from '../../../src/http/api/route-rules.ts'
import { limitHandlers } from '../../../src/http/kit/handler-timeout.ts'
import { createApiKey } from '../../../src/operate/api-keys.ts'
import { beginRequest, renewRequest } from '../../../src/operate/idempotent-requests.ts'
import { idempotentRequests } from '../../../src/runtime/db/schema.ts'
import { test as onDatabase } from '../../support/database.ts'
import { NOON, servicesOn } from '../../support/services.ts'

const Made = z.object({ n: z.int() })

/** On a busy machine, the statements before and after the handler take some of it. */
const PATIENCE_MS = 2_000

/** A route whose handler waits for a gate, longer than its client waits for the response. */
const test = onDatabase.extend('slow', { scope: 'test' }, async ({ db }, { onCleanup }) => {
  const services = servicesOn(db)
  const { key } = await createApiKey(services, { name: 'shop', scopes: ['editions'], days: 1, createdBy: 'test' })
  const gates: (() => void)[] = []
  const app = fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(problemHandler)
  limitHandlers(app)
  await app.register(fastifyRateLimit)
  applyRouteRules(app, services)
  let runs = 0
  const config = { scopes: ['editions'] as const, handlerTimeoutMs: PATIENCE_MS }
  const route = { config, schema: { response: { 200: Made, 201: Made } } }
  const gate = () => new Promise<void>((open) => gates.push(open))
  const begin = async () => {
    runs++
    await gate()
    return { n: runs }
  }
  app.post('/returns', route, begin)
  app.post('/sends', route, async (_request, reply) => reply.code(201).send(await begin()))
  app.post('/fails-late-then-soon', route, async () => {
    if (runs++ === 0) await gate()
    throw new Error('the disk is full')
  })
  onCleanup(async () => {
    openGates()
    await app.close()
  })
  const ask = async (url: string) => {
    const headers = { authorization: `Bearer ${key}`, 'idempotency-key': 'one' }
    const answer = await app.inject({ method: 'POST', url, headers })
    return { status: answer.statusCode, replayed: answer.headers['idempotent-replayed'], body: answer.json() }
  }
  const openGates = () => {
    for (const open of gates.splice(0)) open()
  }
  const stored = async () => (await db.select().from(idempotentRequests)).map(({ status }) => status)
  return { ask, stored, openGates, runs: () => runs }
})

test.for([
  ['/returns', 200],
  ['/sends', 201],
] as const)(
  'a request that runs on after its client got a 503 keeps its key, and its response is there once it ends: %s',
  async ([url, status], { slow: { ask, stored, openGates, runs } }) => {
    expect((await ask(url)).status).toBe(503)
    expect(await ask(url), 'it still runs').toMatchObject({ status: 409, body: { code: 'REQUEST_RUNNING' } })
    openGates()
    await vi.waitFor(async () => expect(await stored()).toEqual([status]))
    expect(await ask(url)).toEqual({ status, replayed: 'true', body: { n: 1 } })
    expect(runs()).toBe(1)
  },
)

test('one that fails after that frees its key', async ({ slow: { ask, stored, openGates, runs } }) => {
  expect((await ask('/fails-late-then-soon')).status).toBe(503)
  expect(await stored()).toEqual([null])
  openGates()
  await vi.waitFor(async () => expect(await stored()).toEqual([]))
  expect((await ask('/fails-late-then-soon')).status).toBe(500)
  expect(runs()).toBe(2)
})

test('one whose client got a 503 before it held its key does not run, and leaves the key free', async ({
  db,
  slow: { ask, openGates, runs },
}) => {
  const locked = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const holding = db.transaction(async (tx) => {
    await tx.execute(sql`LOCK TABLE idempotent_requests`)
    locked.resolve()
    await answered.promise
  })
  await locked.promise
  expect((await ask('/returns')).status).toBe(503)
  answered.resolve()
  await holding
  const again = vi.waitFor(
    async () => {
      const answer = await ask('/returns')
      expect(answer.status).not.toBe(409)
      return answer
    },
    { timeout: 10_000 },
  )
  await Promise.race([again, vi.waitFor(() => expect(runs()).toBe(1), { timeout: 10_000 })])
  openGates()
  expect(await again).toEqual({ status: 200, replayed: undefined, body: { n: 1 } })
})

test('a request that renews its hold keeps it however long it runs; without renewals, another takes it', async ({
  db,
}) => {
  const at = { now: NOON }
  const services = servicesOn(db, {}, at)
  const { id } = await createApiKey(services, { name: 'shop', scopes: ['editions'], days: 1, createdBy: 'test' })
  const named = { apiKeyId: id, key: 'one' }
  const claim = () => beginRequest(services, named, Buffer.alloc(32))
  let held = { ...named, ...((await claim()) as { since: Date }) }
  for (let seconds = 20; seconds <= 300; seconds += 20) {
    at.now = new Date(NOON.getTime() + seconds * 1000)
    held = { ...held, since: await renewRequest(services, held) }
    await expect(claim(), `${seconds} s`).rejects.toMatchObject({ code: 'REQUEST_RUNNING' })
  }
  at.now = new Date(NOON.getTime() + 361_000)
  expect(await claim()).toEqual({ since: at.now })
  expect(await renewRequest(services, held), 'it lost it').toEqual(held.since)
})

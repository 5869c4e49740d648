import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterEach, describe, expect } from 'vitest'
import { buildApp } from '../src/app.ts'
import { progressOf } from '../src/delivery/ledger/progress.ts'
import { sendEdition } from '../src/delivery/send/send-edition.ts'
import { assemble } from '../src/edition/draft/assemble.ts'
import type { Db } from '../src/runtime/db/database.ts'
import { deliveries, outbox, subscribers } from '../src/runtime/db/schema.ts'
import { openQueues } from '../src/runtime/queue.ts'
import type { Services } from '../src/runtime/services.ts'
import { startWorker } from '../workers/worker.ts'
import { test } from './support/database.ts'
import { startRedis, withoutRedis } from './support/redis.ts'
import { addPapers, addReaders, servicesOn } from './support/services.ts'
import { openSink, type Sink } from './support/sink.ts'

const stack: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close()
})

interface Stage {
  services: Services
  sink: Sink
  /** deletes every job, as a lost or flushed queue does */
  flush: () => Promise<unknown>
}

/** Opens a real queue, SMTP sink and services. `work` starts a worker. */
async function setStage(backend: string, db: Db, databaseUrl: string): Promise<Stage> {
  const redis = backend === 'redis' ? await startRedis() : undefined
  if (redis) stack.push(() => redis.stop())
  const sink = await openSink()
  stack.push(() => sink.close())
  const queues = await openQueues({ databaseUrl, redisUrl: redis?.url, installation: 'test', onError: () => {} })
  stack.push(() => queues.close())
  const base = servicesOn(db, { DATABASE_URL: databaseUrl, SMTP_URL: sink.url, SMTP_CONNECTIONS: '2' })
  const services = { ...base, queues, now: () => new Date(), log: pino({ level: 'silent' }) }
  const flush = () => (redis ? redis.command('FLUSHALL') : db.execute(sql`DELETE FROM bullmq.job`))
  return { services, sink, flush }
}

async function work(services: Services) {
  const worker = await startWorker(services, [])
  stack.push(() => worker.stop())
  return worker
}

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const linkIn = (text: string, page: string) => new URL(new RegExp(`https://\\S+/${page}/\\S+`).exec(text)![0]).pathname

for (const backend of ['postgres', 'redis']) {
  describe.skipIf(backend === 'redis' && withoutRedis)(`with the queue on ${backend}`, () => {
    test('a reader signs up, confirms, gets the digest, unsubscribes by its header, and gets no more', async ({
      db,
      databaseUrl,
    }) => {
      const { services, sink } = await setStage(backend, db, databaseUrl)
      const app = buildApp(services)
      stack.push(() => app.close())
      await work(services)
      const arrived = (subject: RegExp) =>
        expect.poll(() => sink.taken.filter((one) => subject.test(one.raw)).length, { timeout: 15_000 }).toBe(1)

      const asked = await app.inject({
        method: 'POST',
        url: '/subscribe',
        headers: form,
        payload: 'email=Ada%40example.org',
      })
      expect(asked.statusCode).toBe(303)
      await arrived(/^Subject: Confirm your Paperboy/m)
      const mail = await sink.read('Ada@example.org')
      const confirmPath = linkIn(mail.text!, 'confirm')
      expect((await app.inject({ url: confirmPath })).statusCode).toBe(200)
      expect((await db.select().from(subscribers))[0]!.status).toBe('pending')
      expect((await app.inject({ method: 'POST', url: confirmPath })).statusCode).toBe(303)
      expect((await db.select().from(subscribers))[0]!.status).toBe('active')
      await arrived(/^Subject: Welcome/m)

      await addPapers(db, '2026-04-14', 12)
      await assemble(services, { date: '2026-04-14' })
      const options = { now: true, wait: true, stop: AbortSignal.timeout(20_000), onProgress: () => {} }
      expect(await sendEdition(services, { kind: 'daily', date: '2026-04-14' }, options)).toMatchObject({
        total: 1,
        states: { accepted: 1 },
      })
      const digest = await sink.read('Ada@example.org')
      expect(digest.subject).toContain('Trending papers, 14 April')
      const unsubscribeLink = /<https:\/\/[^/]+(\/unsubscribe\/[^>]+)>/.exec(
        String(sink.taken.at(-1)!.raw.replace(/\r\n[ \t]/g, '')),
      )![1]!
      const unsubscribed = await app.inject({
        method: 'POST',
        url: unsubscribeLink,
        headers: form,
        payload: 'List-Unsubscribe=One-Click',
      })
      expect(unsubscribed.statusCode).toBe(200)

      await addPapers(db, '2026-04-15', 5)
      await assemble(services, { date: '2026-04-15' })
      const before = sink.taken.length
      expect(await sendEdition(services, { kind: 'daily', date: '2026-04-15' }, options)).toMatchObject({ total: 0 })
      expect(sink.taken).toHaveLength(before)
    })

    test('a queue flush between sign-up and its email loses no email', async ({ db, databaseUrl }) => {
      const { services, sink, flush } = await setStage(backend, db, databaseUrl)
      const app = buildApp(services)
      stack.push(() => app.close())
      for (const name of ['ada', 'charles']) {
        await app.inject({ method: 'POST', url: '/subscribe', headers: form, payload: `email=${name}%40example.org` })
      }
      await flush()
      await work(services)
      await expect
        .poll(() => sink.taken.map((one) => one.to).sort(), { timeout: 15_000 })
        .toEqual(['ada@example.org', 'charles@example.org'])
      await expect
        .poll(async () => (await db.select().from(outbox)).map((row) => row.state))
        .toEqual(['accepted', 'accepted'])
    })

    test('queue flushes while an edition is sent lose and repeat no digest', async ({ db, databaseUrl }) => {
      const { services, sink, flush } = await setStage(backend, db, databaseUrl)
      await work(services)
      await addReaders(db, 1200)
      await addPapers(db, '2026-04-14', 12)
      const { editionId } = await assemble(services, { date: '2026-04-14' })
      let flushed = 0
      await sendEdition(
        services,
        { kind: 'daily', date: '2026-04-14' },
        {
          now: true,
          wait: true,
          stop: AbortSignal.timeout(60_000),
          onProgress: ({ open, total }) => {
            if (open > 0 && open < total) {
              flushed++
              void flush()
            }
          },
        },
      )
      expect(flushed).toBeGreaterThan(0)
      expect(sink.taken).toHaveLength(1200)
      expect(new Set(sink.taken.map((one) => one.to)).size).toBe(1200)
      expect((await progressOf(services, editionId)).states).toEqual({ accepted: 1200 })
      expect(await db.$count(deliveries)).toBe(1200)
    })
  })
}

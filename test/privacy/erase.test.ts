import type { AddressInfo } from 'node:net'
import { sql } from 'drizzle-orm'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { SMTPServer } from 'smtp-server'
import { afterEach, describe, expect } from 'vitest'
import { buildApp } from '../../src/app.ts'
import { sendEdition } from '../../src/delivery/send/send-edition.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { receiveMail } from '../../src/inbound/receive.ts'
import { parseAddress } from '../../src/mail/address.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { castVote } from '../../src/papers/votes/cast.ts'
import { subscribers, suppressions } from '../../src/runtime/db/schema.ts'
import { openQueues } from '../../src/runtime/queue.ts'
import { eraseReader } from '../../src/subscription/erase.ts'
import { importSubscribers } from '../../src/subscription/import.ts'
import { PERSONAL_TABLES } from '../../src/subscription/personal-data.ts'
import { startWorker } from '../../workers/worker.ts'
import { BOUNCES, bounceMail } from '../inbound/support.ts'
import { withFile } from '../papers/support.ts'
import { test } from '../support/database.ts'
import { startRedis, withoutRedis } from '../support/redis.ts'
import { deliveryStates } from '../support/sending.ts'
import { addPapers, addSubscriber, servicesOn } from '../support/services.ts'
import { placesOf } from './search-everything.ts'

const stack: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close()
})

const ADDRESS = 'Erased.Reader+tag@gone.example'

/** A relay that repeats the address in its replies, as many do, plain and encoded. */
async function chattyRelay() {
  const raws: string[] = []
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        raws.push(Buffer.concat(chunks).toString())
        const { address } = session.envelope.rcptTo[0]!
        done(null, `OK queued for <${address}> as ${encodeURIComponent(address)} id=4711`)
      })
    },
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  stack.push(() => new Promise<void>((closed) => server.close(closed)))
  return { url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, raws }
}

for (const backend of ['postgres', 'redis']) {
  describe.skipIf(backend === 'redis' && withoutRedis)(`with the queue on ${backend}`, () => {
    test('after erasure the address is in no table, queue, log or stored email', async ({ db, databaseUrl }) => {
      const redis = backend === 'redis' ? await startRedis() : undefined
      if (redis) stack.push(() => redis.stop())
      const relay = await chattyRelay()
      const logged: string[] = []
      const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) })
      const queues = await openQueues({ databaseUrl, redisUrl: redis?.url, installation: 'test', onError: () => {} })
      stack.push(() => queues.close())
      const settings = { DATABASE_URL: databaseUrl, SMTP_URL: relay.url, SMTP_CONNECTIONS: '2', ...BOUNCES }
      const services = { ...servicesOn(db, settings), queues, log, now: () => new Date() }
      const app = buildApp(services)
      stack.push(() => app.close())
      const worker = await startWorker(services, [])
      stack.push(() => worker.stop())

      // The reader signs up, confirms, gets an edition, votes, requests a link and a change of address, and bounces.
      const ask = () =>
        app.inject({
          method: 'POST',
          url: '/subscribe',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          payload: `email=${encodeURIComponent(ADDRESS)}`,
        })
      // A process that has just started may answer 503; the request then did nothing.
      await expect.poll(async () => (await ask()).statusCode, { timeout: 10_000 }).toBe(303)
      await expect.poll(() => relay.raws.length, { timeout: 15_000 }).toBe(1)
      const confirm = /https:\/\/[^/]+(\/confirm\/[\w.-]+)/.exec(relay.raws[0]!.replace(/=\r\n/g, ''))![1]!
      expect((await app.inject({ method: 'POST', url: confirm })).statusCode).toBe(303)
      const [reader] = await db.select().from(subscribers)
      const id = reader!.id
      await addPapers(db, '2026-04-14', 6)
      await assemble(services, { date: '2026-04-14' })
      await sendEdition(
        services,
        { kind: 'daily', date: '2026-04-14' },
        {
          now: true,
          wait: true,
          stop: AbortSignal.timeout(20_000),
          onProgress: () => {},
        },
      )
      await castVote(services, { subscriberId: id, paperId: 1 }, '203.0.113.7')
      await app.inject({
        method: 'POST',
        url: '/manage',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: `email=${encodeURIComponent(ADDRESS)}`,
      })
      const own = mintToken(services.keys, 'unsubscribe', id, services.now())
      const bounce = bounceMail({
        to: `unsubscribe@paperboy.example`,
        recipient: ADDRESS,
        status: '4.2.2',
        returned: own,
      })
      await receiveMail(services, bounce, { source: 'command' })
      const { email, key } = parseAddress(`next.${ADDRESS}`)
      await db.execute(sql`
        INSERT INTO address_changes (subscriber_id, email, email_key, address_hash, nonce, requested_at)
        VALUES (${id}, ${email}, ${key}, '\\x00', '\\x00', now())`)
      // Far in the future: on a slow machine the worker would plan a digest that is due.
      await addSubscriber(db, 'stays@example.org', { nextDigestAt: new Date('2100-01-01T08:00:00Z') })
      await db.execute(
        sql`INSERT INTO buckets (name, rate, slowed_at) VALUES ('domain gone.example', 1, now()), ('domain example.org', 1, now())`,
      )
      await db.execute(sql`INSERT INTO sign_up_counts VALUES ('domain', 'example.org', now(), 1)`)
      const everywhere = async () => ({
        'the log': logged.join(''),
        ...(redis ? { redis: await dumpOf(redis.url) } : {}),
      })

      // Before: it is only where it must be, and nowhere in queue, log or replies.
      const before = await placesOf(db, ADDRESS, await everywhere())
      expect(before.map((place) => place.split(':')[0])).toEqual(
        expect.arrayContaining(['public.subscribers.email', 'public.address_changes.email']),
      )
      expect(before.filter((place) => /log|redis|bullmq|reply|outbox/.test(place))).toEqual([])

      await eraseReader(services, id)
      expect(await placesOf(db, ADDRESS, await everywhere())).toEqual([])
      expect(await placesOf(db, 'gone.example'), 'nor the domain, which no other reader has').toEqual([])
      // The same search finds the reader who stays, so the search works.
      expect(await placesOf(db, 'stays@example.org')).not.toEqual([])
      expect(await deliveryStates(db)).toEqual({ accepted: 1 })
      expect(await db.select().from(suppressions)).toMatchObject([{ reason: 'erasure' }])
      expect(await placesOf(db, 'example.org'), 'what others share stays').toEqual(
        expect.arrayContaining([expect.stringContaining('sign_up_counts'), expect.stringContaining('buckets')]),
      )

      // No old list brings them back; erasing twice is safe.
      await eraseReader(services, id)
      const options = { active: true, attestedBy: 'x', dryRun: false }
      expect(await withFile(`email\n${ADDRESS}\n`, (file) => importSubscribers(services, file, options))).toMatchObject(
        {
          refused: 1,
          added: 0,
        },
      )
    })
  })
}

/** Every key and value that Redis holds. */
async function dumpOf(url: string): Promise<string> {
  const redis = new Redis(url)
  try {
    const keys = await redis.keys('*')
    const parts = [keys.join('\n')]
    for (const key of keys) {
      const read: Record<string, () => Promise<unknown>> = {
        string: () => redis.get(key),
        hash: () => redis.hgetall(key),
        list: () => redis.lrange(key, '0', '-1'),
        set: () => redis.smembers(key),
        zset: () => redis.zrange(key, '0', '-1'),
        stream: () => redis.xrange(key, '-', '+'),
      }
      parts.push(JSON.stringify((await read[await redis.type(key)]?.()) ?? 'already gone'))
    }
    return parts.join('\n')
  } finally {
    redis.disconnect()
  }
}

test('the counts and rate of a domain go with its last reader; a configured rate stays', async ({ db }) => {
  const services = servicesOn(db)
  const [first, last, other] = [
    await addSubscriber(db, 'ada@lab.example'),
    await addSubscriber(db, 'grace@lab.example'),
    await addSubscriber(db, 'eve@set.example'),
  ]
  await db.execute(sql`INSERT INTO sign_up_counts VALUES ('domain', 'lab.example', now(), 1)`)
  await db.execute(sql`
    INSERT INTO buckets (name, rate, ceiling, slowed_at)
    VALUES ('domain lab.example', 1, NULL, now()), ('domain set.example', 1, 2, now()), ('domain new.example', 1, NULL, now())`)
  await db.execute(sql`
    INSERT INTO address_changes (subscriber_id, email, email_key, address_hash, nonce, requested_at)
    VALUES (${first}, 'ada@new.example', 'ada@new.example', '\\x00', '\\x00', now())`)
  const left = async () => {
    const { rows } = await db.execute<{ name: string }>(sql`
      SELECT name FROM buckets UNION ALL SELECT key FROM sign_up_counts ORDER BY name`)
    return rows.map(({ name }) => name)
  }
  await eraseReader(services, first)
  await eraseReader(services, other)
  expect(await left()).toEqual(['domain lab.example', 'domain set.example', 'lab.example'])
  await eraseReader(services, last)
  expect(await left()).toEqual(['domain set.example'])
})

test('every table with a subscriber is exported and erased', async ({ db }) => {
  const { rows } = await db.execute<{ name: string }>(sql`
    SELECT DISTINCT c.relname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE a.attname = 'subscriber_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition`)
  const missing = rows.map(({ name }) => name).filter((name) => !(name in PERSONAL_TABLES))
  expect(missing).toEqual([])
})

test('erasing a reader empties every column but the number, the status and two times', async ({ db }) => {
  const services = servicesOn(db)
  const [filled, other] = [await addSubscriber(db, 'ada@gone.example'), await addSubscriber(db, 'bob@gone.example')]
  const values: Record<string, string> = {
    ...{ zone: "'Europe/Berlin'", share: "'only'", size: '20', cadence: "'weekly'", format: "'text'", locale: "'de'" },
    ...{ text: "'x'", bytea: "'\\x01'", jsonb: "'{}'", boolean: 'true', smallint: '3', integer: '3' },
    ...{ ARRAY: "'{x}'", 'timestamp with time zone': "'2026-01-01Z'" },
  }
  const { rows: columns } = await db.execute<{ name: string; type: string }>(sql`
    SELECT column_name AS name, data_type AS type FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = 'subscribers' AND column_name NOT IN ('id', 'status')`)
  const set = columns.map(({ name, type }) => `${name} = ${values[name] ?? values[type]}`).join(', ')
  await db.execute(sql.raw(`UPDATE subscribers SET ${set} WHERE id = ${filled}`))
  for (const id of [filled, other]) await eraseReader(services, id)
  const { rows } = await db.execute<{ left: object }>(
    sql`SELECT to_jsonb(s) - '{id,created_at,updated_at}'::text[] AS left FROM subscribers s ORDER BY id`,
  )
  expect(rows[0]!.left).toEqual(rows[1]!.left)
})

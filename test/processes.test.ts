import { afterEach, describe, expect } from 'vitest'
import { assemble } from '../src/edition/draft/assemble.ts'
import { choosePort } from '../src/embedded/port.ts'
import type { Db } from '../src/runtime/db/database.ts'
import { editions } from '../src/runtime/db/schema.ts'
import { test } from './support/database.ts'
import { productionEnv, type Started, start, until } from './support/processes.ts'
import { startRedis, withoutRedis } from './support/redis.ts'
import { deliveryStates } from './support/sending.ts'
import { addPapers, addReaders, servicesOn } from './support/services.ts'
import { openSink, type Sink } from './support/sink.ts'

/** The same topology as docker-compose.yml, as processes: api, two workers, Redis, PostgreSQL, an SMTP server. */
const CONNECTIONS = 4
const READERS = 1500

const stack: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close()
})

interface Topology {
  env: Record<string, string>
  sink: Sink
  workers: Started[]
  addWorker(): Promise<Started>
}

async function startTopology(db: Db, databaseUrl: string, settings: Record<string, string> = {}): Promise<Topology> {
  const redis = await startRedis()
  stack.push(() => redis.stop())
  // Replies are slow, as over a network, so that emails are in flight when the test kills a worker.
  const sink = await openSink({ data: async () => void (await new Promise((done) => setTimeout(done, 5))) })
  stack.push(() => sink.close())
  const port = String(await choosePort(undefined))
  const env = productionEnv(databaseUrl, sink.url, {
    REDIS_URL: redis.url,
    SMTP_CONNECTIONS: String(CONNECTIONS),
    PORT: port,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    ...settings,
  })
  const workers: Started[] = []
  const addWorker = async () => {
    const worker = start('workers/main.ts', [], env)
    stack.push(() => worker.end('SIGKILL'))
    await until(worker, 'worker ready')
    workers.push(worker)
    return worker
  }
  await addWorker()
  await addWorker()
  await addReaders(db, READERS)
  await addPapers(db, '2026-04-14', 12)
  await assemble(servicesOn(db), { date: '2026-04-14' })
  return { env, sink, workers, addWorker }
}

const sendNow = (env: Record<string, string>) => {
  const command = start(
    'src/cli/main.ts',
    ['--json', 'edition', 'send', '--date', '2026-04-14', '--now', '--wait'],
    env,
  )
  stack.push(() => command.end('SIGKILL'))
  return command
}

const inMidSend = (sink: Sink) =>
  expect.poll(() => sink.taken.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(150)

const settled = (db: Db) =>
  expect.poll(async () => (await db.select().from(editions))[0]!.state, { timeout: 90_000, interval: 200 }).toBe('sent')

/** Emails per recipient, and whether repeats have the first one's Message-ID. */
function repeatsIn({ taken }: Sink): number {
  const ids = new Map<string, Set<string>>()
  for (const { to, messageId } of taken) ids.set(to, (ids.get(to) ?? new Set()).add(messageId))
  expect([...ids.values()].every((each) => each.size === 1)).toBe(true)
  return taken.length - ids.size
}

describe.skipIf(withoutRedis)(
  'api, two workers, Redis, PostgreSQL and SMTP as processes of their own',
  { timeout: 150_000 },
  () => {
    test('the page answers, sign-up to digest works, and a stop while sending leaves nothing unknown', async ({
      db,
      databaseUrl,
    }) => {
      const { env, sink, workers } = await startTopology(db, databaseUrl)
      const api = start('src/api.ts', [], env)
      stack.push(() => api.end('SIGKILL'))
      await expect
        .poll(
          () =>
            fetch(`${env.PUBLIC_URL}/readyz`).then(
              (r) => r.status,
              () => 0,
            ),
          { timeout: 15_000 },
        )
        .toBe(200)
      const signUp = {
        method: 'POST',
        body: new URLSearchParams({ email: 'ada@example.org' }),
        redirect: 'manual',
      } as const
      expect((await fetch(`${env.PUBLIC_URL}/subscribe`, signUp)).status).toBe(303)
      await expect.poll(() => sink.taken.map((one) => one.to), { timeout: 15_000 }).toContain('ada@example.org')
      const mail = await sink.read('ada@example.org')
      const link = /https?:\/\/\S+\/confirm\/\S+/.exec(mail.text!)![0]
      expect((await fetch(link, { method: 'POST', redirect: 'manual' })).status).toBe(303)

      sendNow(env)
      await inMidSend(sink)
      expect(await workers[0]!.end('SIGTERM')).toBe(0)
      expect((await deliveryStates(db)).unknown).toBeUndefined()
      await settled(db)
      expect(await deliveryStates(db)).toEqual({ accepted: READERS + 1 })
      expect(repeatsIn({ ...sink, taken: sink.taken.filter((one) => one.raw.includes('Trending papers')) })).toBe(0)
      expect(await api.end('SIGTERM')).toBe(0)
      // Rule 8: logs contain no address and no token.
      for (const { output } of [api, ...workers]) {
        expect(output()).not.toMatch(/@example\.org/)
        expect(output()).not.toContain(new URL(link).pathname.split('/').at(-1))
      }
    })

    test('a worker killed while sending: every reader gets it, and only emails in flight repeat', async ({
      db,
      databaseUrl,
    }) => {
      const { env, sink, workers, addWorker } = await startTopology(db, databaseUrl)
      const command = sendNow(env)
      await inMidSend(sink)
      await workers[0]!.end('SIGKILL')
      await addWorker()
      await settled(db)
      expect(await deliveryStates(db)).toEqual({ accepted: READERS })
      expect(new Set(sink.taken.map((one) => one.to)).size).toBe(READERS)
      expect(repeatsIn(sink)).toBeLessThanOrEqual(2 * CONNECTIONS)
      await expect.poll(() => command.child.exitCode, { timeout: 10_000 }).toBe(0)
      expect(
        JSON.parse(
          command
            .output()
            .split('\n')
            .findLast((line) => line.startsWith('{'))!,
        ),
      ).toMatchObject({
        state: 'sent',
        total: READERS,
      })
    })

    test('the same with policy hold: no reader gets it twice, and unknown outcomes are listed', async ({
      db,
      databaseUrl,
    }) => {
      const { env, sink, workers, addWorker } = await startTopology(db, databaseUrl, { UNKNOWN_POLICY: 'hold' })
      sendNow(env)
      await inMidSend(sink)
      await workers[0]!.end('SIGKILL')
      await addWorker()
      await settled(db)
      const { accepted = 0, unknown = 0, ...others } = await deliveryStates(db)
      expect(others).toEqual({})
      expect(accepted + unknown).toBe(READERS)
      expect(unknown).toBeLessThanOrEqual(2 * CONNECTIONS)
      expect(repeatsIn(sink)).toBe(0)
      const missing = READERS - new Set(sink.taken.map((one) => one.to)).size
      expect(missing).toBeLessThanOrEqual(unknown)
    })
  },
)

test.for(['src/start.ts', 'src/api.ts'])('%s refuses arguments: settings come from the environment', async (file) => {
  const service = start(file, ['--port', '8080'], {})
  stack.push(() => service.end('SIGKILL'))
  await expect.poll(() => service.child.exitCode, { timeout: 30_000 }).toBe(2)
  expect(service.output()).toContain('Unknown argument: --port')
  const help = start(file, ['--help'], {})
  stack.push(() => help.end('SIGKILL'))
  await expect.poll(() => help.child.exitCode, { timeout: 30_000 }).toBe(0)
  expect(help.output()).toContain('docs/configuration.md')
})

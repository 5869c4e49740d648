import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { eq, sql } from 'drizzle-orm'
import { progressOf } from '../../src/delivery/ledger/progress.ts'
import { settleEditions } from '../../src/delivery/ledger/settle-editions.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { readEnvironment, requireComplete } from '../../src/runtime/config/config.ts'
import { batches } from '../../src/runtime/db/schema.ts'
import { openServices } from '../../src/runtime/open-services.ts'
import type { Services } from '../../src/runtime/services.ts'
import { sweepBatchesJob } from '../../workers/sweep-batches.ts'
import { productionEnv, type Started, start, until } from '../support/processes.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { releasedEdition } from '../support/services.ts'
import { judge, type Policy, type Verdict } from './judge.ts'
import { openRecordingRelay, type RecordingRelay } from './recording-relay.ts'

const CONNECTIONS = 4

/** Two workers, Redis, PostgreSQL and a relay as processes, while an edition is sent. */
export interface Ground {
  services: Services
  relay: RecordingRelay
  redis: RedisServer
  workers: Started[]
  readers: number
  /** kills workers by SIGKILL, one by default, and starts as many others */
  kill(count?: number): Promise<void>
  kills: number
  restartPostgres(): Promise<void>
  /** waits until the relay has accepted this share of the emails */
  taken(share: number): Promise<void>
}

export interface Fault {
  name: string
  /** before the first email */
  before?: (ground: Ground) => void | Promise<void>
  /** while emails are sent */
  during?: (ground: Ground) => Promise<void>
  /** extra checks at the end; returns the failed ones as text */
  after?: (ground: Ground) => Promise<string[]>
}

export interface Options {
  /** a migrated, empty database */
  databaseUrl: string
  restartPostgres: () => Promise<void>
  readers: number
  policy: Policy
}

/** Sends an edition to `readers` under a fault, until no delivery is open. */
export async function undergo(fault: Fault, options: Options): Promise<Verdict> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'paperboy-faults-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const redis = stack.adopt(await startRedis(), (each) => each.stop())
  const relay = stack.adopt(await openRecordingRelay(join(folder, 'accepts.jsonl')), (each) => each.close())
  const env = productionEnv(options.databaseUrl, `smtp://paperboy:secret@127.0.0.1:${relay.port}`, {
    REDIS_URL: redis.url,
    SMTP_CONNECTIONS: String(CONNECTIONS),
    UNKNOWN_POLICY: options.policy,
    LOG_LEVEL: 'silent',
  })
  const services = stack.use(await openServices(requireComplete(readEnvironment(env))))
  for (let done = 0; done < options.readers; done += 5000) await addMore(services, done, options.readers)
  const editionId = await releasedEdition({ ...services, now: () => new Date() })
  const workers: Started[] = []
  stack.defer(async () => void (await Promise.all(workers.map((worker) => worker.end('SIGKILL')))))
  const addWorker = async () => {
    const worker = start('workers/main.ts', [], { ...env, LOG_LEVEL: 'info' })
    workers.push(worker)
    await until(worker, 'worker ready')
  }
  const ground: Ground = {
    services,
    relay,
    redis,
    workers,
    readers: options.readers,
    kills: 0,
    restartPostgres: options.restartPostgres,
    async kill(count = 1) {
      ground.kills += count
      const killed = workers.splice(0, count)
      await Promise.all(killed.map((worker) => worker.end('SIGKILL')))
      await Promise.all(killed.map(addWorker))
    },
    async taken(share) {
      while (relay.accepts.length < share * options.readers) await delay(5)
    },
  }
  await fault.before?.(ground)
  await Promise.all([addWorker(), addWorker()])
  await planAll(services, editionId)
  const clock = fastClock(services)
  stack.defer(clock.stop)
  await fault.during?.(ground)
  for (let open = true; open; await delay(50)) {
    open = await progressOf(services, editionId).then(
      (progress) => progress.open > 0,
      () => true, // the database may be away
    )
  }
  const verdict = await judge(services.db, relay.accepts, options.policy, 2 * CONNECTIONS * ground.kills)
  verdict.broken.push(...((await fault.after?.(ground)) ?? []))
  return verdict
}

export const addMore = ({ db }: Services, from: number, to: number) =>
  db.execute(sql`
    INSERT INTO subscribers (email, email_key, address_hash, status, next_digest_at)
    SELECT email, email, decode(md5(email), 'hex'), 'active', now() + interval '1 day'
    FROM (SELECT 'reader-' || n || '@example.org' AS email FROM generate_series(${from}::int + 1, least(${from}::int + 5000, ${to}::int)) AS n) AS made`)

/** Lets time pass: makes waiting batches due and looks for them at once. Leases are not shortened. */
function fastClock(services: Services): { stop(): Promise<void> } {
  let running = true
  const ticking = (async () => {
    for (; running; await delay(200)) {
      try {
        await services.db.update(batches).set({ dueAt: services.now() }).where(eq(batches.state, 'open'))
        await sweepBatchesJob(services)
        await settleEditions(services)
      } catch {} // the database or the queue may be down
    }
  })()
  return {
    async stop() {
      running = false
      await ticking
    },
  }
}

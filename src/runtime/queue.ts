import { setTimeout as delay } from 'node:timers/promises'
import {
  createPostgresBackend,
  type JobsOptions,
  type PgPool,
  Queue,
  type QueueOptions,
  runMigrations,
  Worker,
  type WorkerOptions,
  withBackend,
} from 'bullmq'
import pg from 'pg'
import { isDeadlock } from '../lib/connection-error.ts'
import { shareNextRun } from '../lib/share-next-run.ts'
import { ConfigError } from './config/config.ts'
import { parseRedisUrl } from './config/redis-url.ts'
import { ignoreLostClients } from './db/database.ts'
import { PreparingClient } from './db/preparing-client.ts'
import { type JobData, type JobName, jobs, type QueueName, queueOf } from './jobs.ts'
import { logAsJob } from './log.ts'
import { openRedis } from './redis.ts'
import { formatRestoreMarker, parseRestoreMarker, type RestoreMarkerStore } from './restore-marker.ts'

export type Handlers = { [N in JobName]: (data: JobData<N>) => Promise<unknown> }

/** The job queues. Only this file knows their backend: BullMQ on Redis, or on PostgreSQL without REDIS_URL. */
export interface Queues {
  /**
   * Adds a job, to wake a worker. It never rejects, and callers need not await it: a queue that is down or flushed costs time, not
   * emails, since sweepers find missed work in Postgres.
   *
   * A job without data and key serves all wakes that come while the one before it is added.
   *
   * @param key makes the job unique while it waits or runs. The queue remembers a scheduled job for another minute, so that the
   *   schedules of other workers do not repeat it. It forgets a batch at once, however it ended: it refuses a known id, and the
   *   sweeper adds the batch again under the same id.
   */
  wake<N extends JobName>(name: N, data: JobData<N>, key?: string): Promise<void>
  /** Starts processing jobs. `failed` receives the error; the queue stores only the job's name, since an error may contain an address. */
  work(
    handlers: Handlers,
    concurrency: Record<QueueName, number>,
    failed: (name: JobName, error: unknown) => void,
  ): Promise<void>
  /** Takes no further job of a queue for a while. Other processes go on. */
  pause(name: QueueName, ms: number): void
  /** Returns whether Redis answers. A queue in the database counts as reachable; the database has its own check. */
  isReachable(): Promise<boolean>
  /** Stops processing and waits for running jobs. Jobs can still be added. */
  stopWorking(): Promise<void>
  /** Restore markers in Redis; undefined if the queue is in the database itself. */
  restoreMarkers: RestoreMarkerStore | undefined
  /** Calls `stopWorking`, then closes the connections. */
  close(): Promise<void>
}

const jobOptions = (queue: QueueName): JobsOptions => ({
  attempts: 1,
  removeOnComplete: queue === 'scheduled' ? { age: 60 } : true,
  removeOnFail: true,
})

/** After this long without an answer, give up waiting. */
const WAKE_TIMEOUT_MS = 2_000
const CLOSE_TIMEOUT_MS = 2_000
const PING_TIMEOUT_MS = 1_000

/**
 * Opens the queues.
 *
 * @param options.redisUrl of Redis, Valkey or Dragonfly. Without it, BullMQ's PostgreSQL backend uses schema `bullmq`
 * @param options.installation keeps apart the queues of several databases on one Redis
 * @param options.onError receives every connection error; BullMQ reconnects by itself
 */
export async function openQueues(options: {
  databaseUrl: string
  redisUrl?: string | undefined
  installation: string
  onError: (error: Error) => void
}): Promise<Queues> {
  const { redisUrl, installation } = options
  const backend = redisUrl ? await redisBackend(redisUrl, installation) : await postgresBackend(options.databaseUrl)
  backend.onError(options.onError)
  const queues = {
    scheduled: backend.queue('scheduled'),
    emails: backend.queue('emails'),
    batches: backend.queue('batches'),
  }
  for (const queue of Object.values(queues)) queue.on('error', options.onError)
  const workers = new Map<QueueName, Worker>()
  const pauses = new Set<NodeJS.Timeout>()
  const running = new Set<Promise<unknown>>()
  /** Waits until no job runs and none has started for a while: a job may be on its way when its worker closes. */
  const idle = async () => {
    do {
      await Promise.allSettled(running)
      await delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })
    } while (running.size > 0)
  }
  // After a Redis fail-over, BullMQ may wait forever for a lost connection. So wait for jobs, but not for connections.
  const stopWorking = async () => {
    for (const timer of pauses) clearTimeout(timer)
    const closed = Promise.all([...workers.values()].map((worker) => worker.close()))
    workers.clear()
    await Promise.race([closed, idle()])
  }

  const add = async <N extends JobName>(name: N, data: JobData<N>, key?: string) => {
    const id = key === undefined ? {} : { jobId: `${name}-${key}` }
    const queue = queueOf(name)
    const addJob = () => queues[queue].add(name, data, { ...jobOptions(queue), ...id })
    const added = addJob()
      .catch((error) => (isDeadlock(error) ? addJob() : Promise.reject(error)))
      .catch(options.onError)
    await Promise.race([added, delay(WAKE_TIMEOUT_MS, undefined, { ref: false })])
  }
  /** A rush of sign-ups needs no job for each: what one job finds, the next would look for again. */
  const wakes = new Map<JobName, () => Promise<void>>()

  return {
    async wake(name, data, key) {
      if (key !== undefined || Object.keys(data).length > 0) return add(name, data, key)
      const shared = wakes.get(name) ?? shareNextRun(() => add(name, data))
      wakes.set(name, shared)
      await shared()
    },
    async work(handlers, concurrency, failed) {
      for (const name of Object.keys(queues) as QueueName[]) {
        const worker = backend.worker(name, concurrency[name], async (jobName, data, id) => {
          const job = logAsJob(jobName, id, () =>
            run(handlers, jobName as JobName, data).catch((error) => {
              failed(jobName as JobName, error)
              throw new Error(`${jobName} failed; see the worker's log`)
            }),
          )
          running.add(job)
          try {
            return await job
          } finally {
            running.delete(job)
          }
        })
        worker.on('error', options.onError)
        workers.set(name, worker)
      }
    },
    pause(name, ms) {
      const worker = workers.get(name)
      if (!worker || worker.isPaused()) return
      void worker.pause(true).catch(options.onError)
      const timer = setTimeout(() => {
        pauses.delete(timer)
        worker.resume().catch(options.onError)
      }, ms)
      pauses.add(timer)
    },
    isReachable: () => Promise.race([backend.isReachable(), delay(PING_TIMEOUT_MS, false, { ref: false })]),
    stopWorking,
    restoreMarkers: backend.restoreMarkers,
    async close() {
      await stopWorking()
      const closed = Promise.all(Object.values(queues).map((queue) => queue.close()))
      await Promise.race([closed, delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })])
      await backend.close()
    },
  }
}

/** Runs a job. During an upgrade, a worker of a later version may add one that this version lacks. Its schedule adds it again. */
const run = async <N extends JobName>(handlers: Handlers, name: N, data: unknown): Promise<unknown> =>
  name in jobs && handlers[name](jobs[name].parse(data) as JobData<N>)

type Process = (name: string, data: unknown, id: string) => Promise<unknown>

/** The differences between Redis and PostgreSQL: how to open and close a connection. */
interface Backend {
  queue(name: QueueName): Queue
  worker(name: QueueName, concurrency: number, process: Process): Worker
  onError(listener: (error: Error) => void): void
  restoreMarkers?: RestoreMarkerStore
  isReachable(): Promise<boolean>
  close(): Promise<void>
}

async function redisBackend(url: string, installation: string): Promise<Backend> {
  const connection = openRedis(url)
  connection.on('error', () => {}) // the owner listens once it has the backend
  await requireInfo(connection, url).catch((error) => {
    connection.disconnect()
    throw error
  })
  // The braces put all keys of a queue into one slot of a Redis Cluster, and spread queues over slots.
  const common = (name: QueueName) => ({ connection, prefix: `{paperboy-${installation}-${name}}` })
  return {
    queue: (name) => new Queue(name, common(name) as QueueOptions),
    worker: (name, concurrency, process) => {
      const worker = new Worker(name, (job) => process(job.name, job.data, job.id ?? ''), {
        ...common(name),
        concurrency,
        autorun: false,
      } as WorkerOptions)
      // A worker that runs although Redis refused it fails again at once, and nothing else in this process gets a turn.
      const ignore = () => {} // it emits the error
      worker
        .waitUntilReady()
        .then(() => worker.run(), ignore)
        .catch(ignore)
      return worker
    },
    onError: (listener) => connection.on('error', listener),
    restoreMarkers: {
      read: async (databaseId) => parseRestoreMarker(await connection.get(markerKey(databaseId))),
      write: async (databaseId, marker) =>
        void (await connection.set(markerKey(databaseId), formatRestoreMarker(marker))),
    },
    isReachable: async () => {
      // A command would wait for a lost connection. A hanging connection still looks "ready", so ping it.
      if (connection.status !== 'ready') return false
      return connection.ping().then(
        () => true,
        () => false,
      )
    },
    close: async () => connection.disconnect(),
  }
}

/**
 * BullMQ asks Redis for its version. A server that does not answer is waited for.
 *
 * @throws ConfigError when the user of the URL may not ask
 */
async function requireInfo(connection: ReturnType<typeof openRedis>, url: string): Promise<void> {
  const asked = connection.info('server').then(
    () => undefined,
    (error: Error) => error.message,
  )
  const refusal = await Promise.race([asked, delay(PING_TIMEOUT_MS, undefined, { ref: false })])
  if (!refusal?.startsWith('NOPERM')) return
  const user = parseRedisUrl(url)?.username || 'default'
  throw new ConfigError(
    `Redis (REDIS_URL) refuses its user the command INFO, without which the queue cannot work. Run in redis-cli: ACL SETUSER ${user} +info`,
  )
}

const markerKey = (databaseId: string): string => `{paperboy}:restore-marker:${databaseId}`

async function postgresBackend(connectionString: string): Promise<Backend> {
  const pool = ignoreLostClients(
    new pg.Pool({
      connectionString,
      max: 10,
      Client: PreparingClient,
      application_name: 'paperboy queue',
      // A statement, since `options` of DATABASE_URL would replace ours, and PgBouncer accepts none.
      onConnect: (client) => client.query('SET search_path = bullmq'),
    }),
  )
  const client = await pool.connect()
  await runMigrations(client).finally(() => client.release())
  const postgres = withBackend(createPostgresBackend)
  // BullMQ's type for pg.Pool has an index signature that pg's class lacks.
  const connection = pool as unknown as PgPool
  return {
    queue: (name) => new postgres.Queue(name, { connection }) as unknown as Queue,
    worker: (name, concurrency, process) =>
      new postgres.Worker(name, (job) => process(job.name, job.data, job.id ?? ''), {
        connection,
        concurrency,
      }) as unknown as Worker,
    onError: (listener) => pool.on('error', listener),
    isReachable: async () => true,
    close: () => pool.end(),
  }
}

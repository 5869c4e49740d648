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
import { outlivingClients } from './db/database.ts'
import { type JobData, type JobName, jobs, type QueueName, queueOf } from './jobs.ts'
import { openRedis } from './redis.ts'
import { parseMarkerState, type RestoreMarker } from './restore-marker.ts'

export type Handlers = { [N in JobName]: (data: JobData<N>) => Promise<unknown> }

/** The queue on whichever backend runs; this file alone knows which (design: BullMQ on Redis, or on PostgreSQL without REDIS_URL). */
export interface Queues {
  /**
   * Asks for a job. Never rejects and need not be awaited: a queue that is down or flushed costs time, not mail, since the
   * sweepers find in Postgres what was never asked for.
   *
   * @param key with it, asking again for the same work while it waits or runs is one job; a tick of the clock also stays known for
   *   a minute after it ended, for the clocks of other workers. A batch is forgotten at once, however it ended, since a name the
   *   queue still knows is refused, and the sweeper has only that name.
   */
  wake<N extends JobName>(name: N, data: JobData<N>, key?: string): Promise<void>
  /** Starts taking jobs. `failed` hears the real error; the queue stores only the job's name, since an error may carry an address. */
  work(
    handlers: Handlers,
    concurrency: Record<QueueName, number>,
    failed: (name: JobName, error: unknown) => void,
  ): void
  /** Whether what carries the queue answers; the database's own queue is as well as the database. */
  answers(): Promise<boolean>
  /** Takes no new job and waits for the running ones; jobs may still be asked for. */
  stopWorking(): Promise<void>
  /** A place outside the database for the restore guard's word; undefined where the queue is the database itself. */
  restoreMarker: RestoreMarker | undefined
  /** Lets go of the connections, after `stopWorking`. */
  close(): Promise<void>
}

const keeping = (queue: QueueName): JobsOptions => ({
  attempts: 1,
  removeOnComplete: queue === 'clockwork' ? { age: 60 } : true,
  removeOnFail: true,
})

/** A queue that does not answer within this is asked no longer. */
const WAKE_PATIENCE_MS = 2_000
const CLOSE_PATIENCE_MS = 2_000
const ANSWER_PATIENCE_MS = 1_000

/**
 * @param options.redisUrl Redis, Valkey or Dragonfly; without it BullMQ's PostgreSQL backend in schema `bullmq`
 * @param options.onError hears every connection error; BullMQ reconnects by itself
 */
export async function openQueues(options: {
  databaseUrl: string
  redisUrl?: string | undefined
  onError: (error: Error) => void
}): Promise<Queues> {
  const backend = options.redisUrl ? redisBackend(options.redisUrl) : await postgresBackend(options.databaseUrl)
  backend.onError(options.onError)
  const queues = {
    clockwork: backend.queue('clockwork'),
    mails: backend.queue('mails'),
    batches: backend.queue('batches'),
  }
  for (const queue of Object.values(queues)) queue.on('error', options.onError)
  const workers: Worker[] = []
  const running = new Set<Promise<unknown>>()
  /** Until no job runs and none was begun for a while after it, for a job may be on its way when a worker is told to stop. */
  const idle = async () => {
    do {
      await Promise.allSettled(running)
      await delay(CLOSE_PATIENCE_MS, undefined, { ref: false })
    } while (running.size > 0)
  }
  // After a fail-over of Redis BullMQ may wait for ever for a connection that is gone: jobs are waited for, connections are not.
  const stopWorking = async () => {
    const closed = Promise.all(workers.splice(0).map((worker) => worker.close()))
    await Promise.race([closed, idle()])
  }

  return {
    async wake(name, data, key) {
      const id = key === undefined ? {} : { jobId: `${name}-${key}` }
      const asked = queues[queueOf(name)].add(name, data, { ...keeping(queueOf(name)), ...id }).catch(options.onError)
      await Promise.race([asked, delay(WAKE_PATIENCE_MS, undefined, { ref: false })])
    },
    work(handlers, concurrency, failed) {
      for (const name of Object.keys(queues) as QueueName[]) {
        const worker = backend.worker(name, concurrency[name], async (jobName, data) => {
          const job = run(handlers, jobName as JobName, data)
          running.add(job)
          try {
            return await job
          } catch (error) {
            failed(jobName as JobName, error)
            throw new Error(`${jobName} failed; the worker's log says why`)
          } finally {
            running.delete(job)
          }
        })
        worker.on('error', options.onError)
        workers.push(worker)
      }
    },
    answers: () => Promise.race([backend.answers(), delay(ANSWER_PATIENCE_MS, false, { ref: false })]),
    stopWorking,
    restoreMarker: backend.restoreMarker,
    async close() {
      await stopWorking()
      const closed = Promise.all(Object.values(queues).map((queue) => queue.close()))
      await Promise.race([closed, delay(CLOSE_PATIENCE_MS, undefined, { ref: false })])
      await backend.close()
    },
  }
}

const run = async <N extends JobName>(handlers: Handlers, name: N, data: unknown): Promise<unknown> =>
  handlers[name](jobs[name].parse(data) as JobData<N>)

type Process = (name: string, data: unknown) => Promise<unknown>

/** What differs between the two: how a connection is made and ended. */
interface Backend {
  queue(name: QueueName): Queue
  worker(name: QueueName, concurrency: number, process: Process): Worker
  onError(listener: (error: Error) => void): void
  restoreMarker?: RestoreMarker
  answers(): Promise<boolean>
  close(): Promise<void>
}

function redisBackend(url: string): Backend {
  const connection = openRedis(url)
  // The braces keep all keys of a queue in one slot of a Redis Cluster, and each queue in another.
  const common = (name: QueueName) => ({ connection, prefix: `{paperboy-${name}}` })
  return {
    queue: (name) => new Queue(name, common(name) as QueueOptions),
    worker: (name, concurrency, process) =>
      new Worker(name, (job) => process(job.name, job.data), { ...common(name), concurrency } as WorkerOptions),
    onError: (listener) => connection.on('error', listener),
    restoreMarker: {
      read: async (id) => parseMarkerState(await connection.get(markerKey(id))),
      write: async (id, state) => void (await connection.set(markerKey(id), JSON.stringify(state))),
    },
    answers: async () => {
      // A command would wait for a connection that is gone; one that hangs is not seen by its state alone.
      if (connection.status !== 'ready') return false
      return connection.ping().then(
        () => true,
        () => false,
      )
    },
    close: async () => connection.disconnect(),
  }
}

const markerKey = (databaseId: string): string => `{paperboy}:witness:${databaseId}`

async function postgresBackend(connectionString: string): Promise<Backend> {
  const pool = outlivingClients(
    new pg.Pool({
      connectionString,
      max: 10,
      keepAlive: true,
      application_name: 'paperboy queue',
      options: '-c search_path=bullmq',
    }),
  )
  const client = await pool.connect()
  await runMigrations(client).finally(() => client.release())
  const postgres = withBackend(createPostgresBackend)
  // BullMQ describes pg.Pool by an index signature that pg's own class type does not have.
  const connection = pool as unknown as PgPool
  return {
    queue: (name) => new postgres.Queue(name, { connection }) as unknown as Queue,
    worker: (name, concurrency, process) =>
      new postgres.Worker(name, (job) => process(job.name, job.data), {
        connection,
        concurrency,
      }) as unknown as Worker,
    onError: (listener) => pool.on('error', listener),
    answers: async () => true,
    close: () => pool.end(),
  }
}

import type { JobName } from '../src/runtime/jobs.ts'
import type { Queues } from '../src/runtime/queue.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** Milliseconds between runs of each job. Every job is safe to run on many workers at once. */
const EVERY: Partial<Record<JobName, number>> = {
  'send-service-emails': 5 * SECOND,
  'sweep-batches': 10 * SECOND,
  'settle-editions': 15 * SECOND,
  'plan-deliveries': 20 * SECOND,
  'release-editions': 30 * SECOND,
  'send-webhooks': 5 * SECOND,
  'assemble-edition': 5 * MINUTE,
  'record-list-facts': 5 * MINUTE,
  'look-up-submissions': MINUTE,
  'index-papers': MINUTE,
  'fetch-thumbnails': MINUTE,
  'tidy-sign-ups': 10 * MINUTE,
  'read-mailbox': MINUTE,
  'raise-alerts': MINUTE,
  'refit-chance': 6 * 60 * MINUTE,
  'delete-expired': 60 * MINUTE,
  'collect-papers': 10 * MINUTE,
  'count-sums': 10 * MINUTE,
  'import-readers': 30 * SECOND,
}

/**
 * Starts the schedule. Every worker has one; a job's id contains the tick's number, so that the queue keeps one job per tick. The
 * schedule is not in the queue (BullMQ's job schedulers), because a flushed queue must not stop it.
 */
export function startSchedule(queues: Pick<Queues, 'wake'>): { stop(): void } {
  const tick = (name: JobName, every: number) =>
    void queues.wake(name as 'sweep-batches', {}, String(Math.floor(Date.now() / every)))
  const timers = Object.entries(EVERY).map(([name, every]) => {
    tick(name as JobName, every)
    return setInterval(tick, every, name as JobName, every)
  })
  return { stop: () => timers.forEach(clearInterval) }
}

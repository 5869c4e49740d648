import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { Relay } from '../src/relay/relay.ts'
import type { Services } from '../src/runtime/services.ts'

/** A database that does not answer within this cannot be reached. */
const DATABASE_PATIENCE_MS = 5_000
const PAUSE_MS = 5_000

/**
 * Job `send-batch`. A worker that cannot send leaves the batches to the others: while idle, it would take all their jobs. One without its
 * database would also keep a job's id, and no other could get the batch. One whose relay rests would postpone each batch.
 *
 * @param deliver sends one batch, and then wakes workers for the next
 */
export async function sendBatchJob(
  { db, queues, relay }: Pick<Services, 'db' | 'queues'> & { relay: Pick<Relay, 'downMs'> },
  deliver: () => Promise<void>,
  patienceMs = DATABASE_PATIENCE_MS,
): Promise<void> {
  if (!(await answers(db, patienceMs))) return queues.pause('batches', PAUSE_MS)
  await deliver()
  const down = relay.downMs()
  if (down > 0) queues.pause('batches', down)
}

const answers = (db: Services['db'], patienceMs: number): Promise<boolean> =>
  Promise.race([
    db.execute(sql`SELECT 1`).then(
      () => true,
      () => false,
    ),
    delay(patienceMs, false, { ref: false }),
  ])

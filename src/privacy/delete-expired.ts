import { sql } from 'drizzle-orm'
import { bigint, queryColumn } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'
import { emptyReader } from '../subscription/erase.ts'
import { UNCONFIRMED_DAYS } from '../subscription/unconfirmed.ts'

type Deps = Pick<Services, 'db' | 'now' | 'config'>

/** Rows per statement and readers per run, so that deleting never delays sending. */
const BATCH_ROWS = 1_000

export interface DeletedCounts {
  serviceMails: number
  readers: number
}

/**
 * Deletes data past its retention period: settled service emails, addresses that readers moved from, and
 * readers who unsubscribed, bounced or complained long ago. A sign-up that ended so without a confirmation is deleted as soon as one that
 * waits for it.
 * Those readers are erased as on request: their keyed hash stays suppressed, so that no old list brings them back.
 */
export async function deleteExpired({ db, now, config }: Deps): Promise<DeletedCounts> {
  const before = (days: number) => sql`${now()}::timestamptz - make_interval(days => ${days})`
  const oldEmails = sql`
    DELETE FROM outbox WHERE id IN (
      SELECT id FROM outbox WHERE settled_at < ${before(config.SERVICE_MAIL_DAYS)} LIMIT ${BATCH_ROWS})`
  const serviceMails = await inSteps(db, oldEmails)
  await db.execute(sql`
    DELETE FROM moved_addresses m USING outbox o WHERE o.id = m.outbox_id AND o.settled_at IS NOT NULL`)
  const isLongGone = sql`status IN ('unsubscribed', 'bounced', 'complained') AND email IS NOT NULL
    -- Who came back and then bounced or complained has an earlier time of leaving.
    AND coalesce(CASE WHEN left_at < confirmed_at THEN NULL ELSE left_at END, updated_at) < CASE
      WHEN confirmed_at IS NULL AND first_confirmed_at IS NULL AND imported_at IS NULL
      THEN ${before(Math.min(UNCONFIRMED_DAYS, config.LEFT_READER_DAYS))} ELSE ${before(config.LEFT_READER_DAYS)} END
    -- A reader who signs up again keeps the status until they confirm.
    AND (confirm_nonce IS NULL OR coalesce(requested_at < ${before(UNCONFIRMED_DAYS)}, true))`
  const found = await queryColumn(db, bigint)`
    SELECT id FROM subscribers WHERE ${isLongGone} ORDER BY id LIMIT ${BATCH_ROWS}`
  let readers = 0
  for (const id of found)
    await db.transaction(async (tx) => {
      // They may have confirmed since.
      const { rowCount } = await tx.execute(sql`SELECT FROM subscribers WHERE id = ${id} AND ${isLongGone} FOR UPDATE`)
      if (rowCount === 0) return
      await emptyReader({ db: tx, now }, id)
      readers++
    })
  return { serviceMails, readers }
}

async function inSteps(db: Deps['db'], step: ReturnType<typeof sql>): Promise<number> {
  for (let all = 0; ; ) {
    const { rowCount } = await db.execute(step)
    all += rowCount ?? 0
    if ((rowCount ?? 0) < BATCH_ROWS) return all
  }
}

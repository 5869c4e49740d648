import { sql } from 'drizzle-orm'
import type { Services } from '../runtime/services.ts'

/** Whoever wanted it and overlooked the mail gets one more; after that the link is too old anyway. */
const REMIND_AFTER_DAYS = 3
const REMIND_BEFORE_DAYS = 14
export const UNCONFIRMED_DAYS = 30
/** A change of address that nobody confirmed; its link is good for one day. */
const CHANGE_FORGOTTEN_AFTER_DAYS = 2
const AT_ONCE = 1_000

/**
 * Reminds, once, whoever asked some days ago and has not confirmed. Only where the first mail was taken by the relay: what was
 * refused or may not be mailed is not tried again.
 * @returns how many are mailed
 */
export async function remindUnconfirmed({ db, queues, now }: Pick<Services, 'db' | 'queues' | 'now'>): Promise<number> {
  const at = now()
  const { rows } = await db.execute(sql`
    WITH due AS (
      SELECT s.id FROM subscribers s
      WHERE s.status = 'pending' AND s.reminded_at IS NULL AND s.confirm_nonce IS NOT NULL
        AND s.requested_at BETWEEN ${at}::timestamptz - make_interval(days => ${REMIND_BEFORE_DAYS})
                               AND ${at}::timestamptz - make_interval(days => ${REMIND_AFTER_DAYS})
        AND EXISTS (SELECT FROM outbox o WHERE o.subscriber_id = s.id AND o.kind = 'confirm' AND o.state = 'accepted')
        AND NOT EXISTS (SELECT FROM suppressions x WHERE x.address_hash = s.address_hash)
      ORDER BY s.requested_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED
    ), reminded AS (
      UPDATE subscribers s SET reminded_at = ${at} FROM due WHERE s.id = due.id RETURNING s.id
    )
    INSERT INTO outbox (kind, subscriber_id, due_at, message_key, created_at)
    SELECT 'remind', id, ${at}, decode(md5(random()::text || id), 'hex'), ${at} FROM reminded RETURNING 1`)
  if (rows.length > 0) void queues.wake('send-service-mails', {})
  return rows.length
}

/**
 * Forgets addresses that were left in the form 30 days ago and never confirmed, changes of address that were not, and, after a day,
 * that an unknown address asked for an email.
 * @returns how many sign-ups were forgotten
 */
export async function deleteUnconfirmed({ db, now }: Pick<Services, 'db' | 'now'>): Promise<number> {
  const at = now()
  await db.execute(sql`
    DELETE FROM address_changes WHERE requested_at < ${at}::timestamptz - make_interval(days => ${CHANGE_FORGOTTEN_AFTER_DAYS})`)
  await db.execute(sql`
    DELETE FROM outbox WHERE subscriber_id IS NULL AND settled_at IS NOT NULL AND created_at < ${at}::timestamptz - interval '1 day'`)
  for (let forgotten = 0; ; ) {
    const { rows } = await db.execute(sql`
      WITH old AS (
        SELECT id FROM subscribers
        WHERE status = 'pending' AND confirmed_at IS NULL
          AND requested_at < ${at}::timestamptz - make_interval(days => ${UNCONFIRMED_DAYS})
        LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED
      ), mails AS (
        DELETE FROM outbox o USING old WHERE o.subscriber_id = old.id
      )
      DELETE FROM subscribers s USING old WHERE s.id = old.id RETURNING 1`)
    forgotten += rows.length
    if (rows.length < AT_ONCE) return forgotten
  }
}

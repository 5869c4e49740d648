import { sql } from 'drizzle-orm'
import type { Services } from '../runtime/services.ts'

/** A reader who overlooked the email gets one reminder. After the second limit the request is too old. */
const REMIND_AFTER_DAYS = 3
const REMIND_BEFORE_DAYS = 14
export const UNCONFIRMED_DAYS = 30
/** Unconfirmed changes of address; their link works for one day. */
const UNCONFIRMED_CHANGE_DAYS = 2
const BATCH_ROWS = 1_000

/**
 * Sends one reminder to sign-ups that are some days old and unconfirmed.
 * Only when the relay accepted the first email: refused and suppressed addresses are not tried again.
 * @returns the number of reminders
 */
export async function remindUnconfirmed({ db, queues, now }: Pick<Services, 'db' | 'queues' | 'now'>): Promise<number> {
  const at = now()
  const { rowCount } = await db.execute(sql`
    WITH due AS (
      SELECT s.id FROM subscribers s
      WHERE s.status = 'pending' AND s.reminded_at IS NULL AND s.confirm_nonce IS NOT NULL
        AND s.requested_at BETWEEN ${at}::timestamptz - make_interval(days => ${REMIND_BEFORE_DAYS})
                               AND ${at}::timestamptz - make_interval(days => ${REMIND_AFTER_DAYS})
        AND EXISTS (SELECT FROM outbox o WHERE o.subscriber_id = s.id AND o.kind = 'confirm' AND o.state = 'accepted')
        AND NOT EXISTS (SELECT FROM suppressions x WHERE x.address_hash = s.address_hash)
      ORDER BY s.requested_at LIMIT ${BATCH_ROWS} FOR UPDATE SKIP LOCKED
    ), reminded AS (
      UPDATE subscribers s SET reminded_at = ${at} FROM due WHERE s.id = due.id RETURNING s.id
    )
    INSERT INTO outbox (kind, subscriber_id, due_at, message_key, created_at)
    SELECT 'remind', id, ${at}, decode(md5(random()::text || id), 'hex'), ${at} FROM reminded`)
  const reminders = rowCount ?? 0
  if (reminders > 0) void queues.wake('send-service-emails', {})
  return reminders
}

/**
 * Deletes sign-ups that stayed unconfirmed for 30 days, and unconfirmed changes of address.
 * Deletes requests by unknown addresses after a day.
 * @returns the number of deleted sign-ups
 */
export async function deleteUnconfirmed({ db, now }: Pick<Services, 'db' | 'now'>): Promise<number> {
  const at = now()
  await db.execute(sql`
    DELETE FROM address_changes WHERE requested_at < ${at}::timestamptz - make_interval(days => ${UNCONFIRMED_CHANGE_DAYS})`)
  await db.execute(sql`
    DELETE FROM outbox WHERE subscriber_id IS NULL AND settled_at IS NOT NULL AND created_at < ${at}::timestamptz - interval '1 day'`)
  for (let deleted = 0; ; ) {
    const { rowCount } = await db.execute(sql`
      WITH old AS (
        SELECT id FROM subscribers
        WHERE status = 'pending' AND confirmed_at IS NULL
          AND requested_at < ${at}::timestamptz - make_interval(days => ${UNCONFIRMED_DAYS})
        LIMIT ${BATCH_ROWS} FOR UPDATE SKIP LOCKED
      ), mails AS (
        DELETE FROM outbox o USING old WHERE o.subscriber_id = old.id
      )
      DELETE FROM subscribers s USING old WHERE s.id = old.id`)
    deleted += rowCount ?? 0
    if ((rowCount ?? 0) < BATCH_ROWS) return deleted
  }
}

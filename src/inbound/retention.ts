import { sql } from 'drizzle-orm'
import type { Services } from '../runtime/services.ts'

/** Deletes raw messages and unproven reports after INBOUND_RAW_DAYS, and all events after INBOUND_EVENT_DAYS. */
export async function deleteOldInbound({ db, config, now }: Pick<Services, 'db' | 'config' | 'now'>): Promise<void> {
  const before = (days: number) => new Date(now().getTime() - days * 86_400_000)
  await db.execute(sql`
    DELETE FROM inbound_events WHERE received_at < ${before(config.INBOUND_EVENT_DAYS)}
      OR (authority IS NULL AND received_at < ${before(config.INBOUND_RAW_DAYS)})`)
  await db.execute(sql`
    UPDATE inbound_events SET raw = NULL, mentions = '{}'
    WHERE raw IS NOT NULL AND received_at < ${before(config.INBOUND_RAW_DAYS)}`)
}

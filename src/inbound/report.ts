import { sql } from 'drizzle-orm'
import { number, query, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'
import { PROOF_DAYS } from './proof.ts'

interface InboundReport {
  /** messages of the last day, and how many of them had no proof */
  lastDay: { class: string; count: number; unproven: number }[]
  /** whether BOUNCE_ADDRESS seems to have no reader; a pipe is known only by the messages it brought */
  unread: boolean
}

/** Returns a summary of inbound messages, for operators. */
export async function reportInbound({
  db,
  config,
  now,
}: Pick<Services, 'db' | 'config' | 'now'>): Promise<InboundReport> {
  const at = now()
  const lastDay = await query(db, { class: text, count: number, unproven: number })`
    SELECT class, count(*)::int AS count, count(*) FILTER (WHERE authority IS NULL)::int AS unproven
    FROM inbound_events WHERE received_at > ${at}::timestamptz - interval '1 day' GROUP BY class ORDER BY 2 DESC, 1`
  const hasReader = config.INBOUND_IMAP_URL !== undefined || config.INBOUND_SMTP_PORT !== undefined
  const piped = await db.execute(sql`
    SELECT FROM inbound_events
    WHERE source = 'command' AND received_at > ${at}::timestamptz - make_interval(days => ${PROOF_DAYS}) LIMIT 1`)
  return { lastDay, unread: config.BOUNCE_ADDRESS !== undefined && !hasReader && piped.rowCount === 0 }
}

/** "in 24 h: 12 hard, 3 soft, 1 complaint (2 unproven, ignored)" */
export function describeInbound({ lastDay, unread }: InboundReport): string[] {
  const unproven = lastDay.reduce((sum, each) => sum + each.unproven, 0)
  const counts = lastDay.map((each) => `${each.count.toLocaleString('en')} ${each.class}`).join(', ')
  const apart = unproven > 0 ? ` (${unproven.toLocaleString('en')} unproven, ignored)` : ''
  return [
    counts === '' ? 'nothing in 24 h' : `in 24 h: ${counts}${apart}`,
    ...(unread
      ? ['WARNING: no reader is set up for BOUNCE_ADDRESS. Set INBOUND_IMAP_URL or INBOUND_SMTP_PORT, or set up a pipe']
      : []),
  ]
}

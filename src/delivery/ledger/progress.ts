import { eq } from 'drizzle-orm'
import { messageIdOf } from '../../mail/message-id.ts'
import { bigint, bool, moment, query, queryOne, text } from '../../runtime/db/query.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { deliveryIsOpen } from './conditions.ts'

/** Counts of an edition's deliveries by state. They add up to `total`. */
export interface Progress {
  total: number
  states: Record<string, number>
  /** unfinished: queued, handed, deferred, or unknown with a resend to come */
  open: number
  /** a batch is leased or due within seconds; otherwise open deliveries wait until `nextTry` */
  working: boolean
  /** when the next unfinished batch is due */
  nextTry: Date | null
}

export async function progressOf(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  editionId: number,
): Promise<Progress> {
  const rows = await query(db, { state: text, count: bigint, open: bigint })`
    SELECT d.state, count(*) AS count, count(*) FILTER (WHERE ${deliveryIsOpen(config.UNKNOWN_POLICY)}) AS open
    FROM deliveries d WHERE d.edition_id = ${editionId} GROUP BY d.state`
  const next = await queryOne(db, { nextTry: moment.nullable(), working: bool })`
    SELECT min(due_at) AS next_try,
      coalesce(bool_or(state = 'leased' OR due_at <= ${now()}::timestamptz + interval '5 seconds'), false) AS working
    FROM batches WHERE edition_id = ${editionId} AND state <> 'done'`
  const states = Object.fromEntries(rows.map(({ state, count }) => [state, count]))
  const sum = (field: 'count' | 'open') => rows.reduce((total, row) => total + row[field], 0)
  return { total: sum('count'), states, open: sum('open'), ...next }
}

/** Formats counts, largest first: "4,998 accepted, 2 unknown". */
export const describeProgress = ({ states }: Progress): string =>
  Object.entries(states)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([state, count]) => `${count.toLocaleString('en')} ${state}`)
    .join(', ') || 'no deliveries'

/** Lists deliveries with an unknown outcome, for the operator to look up at the relay by Message-ID. */
export async function listUnknown({ db, config }: Pick<Services, 'db' | 'config'>, editionId: number) {
  const columns = { subscriberId: bigint, address: text, reply: text, handedAt: moment }
  const rows = await query(db, columns)`
    SELECT d.subscriber_id, coalesce(s.email, 'erased') AS address, d.reply, d.handed_at
    FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber_id
    WHERE d.edition_id = ${editionId} AND d.state = 'unknown' ORDER BY d.handed_at, d.subscriber_id`
  const [edition] = await db
    .select({ messageKey: editions.messageKey })
    .from(editions)
    .where(eq(editions.id, editionId))
  return rows.map(({ subscriberId, handedAt, ...row }) => ({
    ...row,
    handedAt: handedAt.toISOString(),
    messageId: messageIdOf(config, edition!.messageKey, subscriberId),
  }))
}

import { z } from 'zod'
import { messageIdOf } from '../../mail/message-id.ts'
import { bigint, moment, number, query, text } from '../../runtime/db/query.ts'
import { deliveryState, type editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'

/** States whose deliveries a person looks at one by one. */
export const LISTED_STATES = ['refused', 'deferred', 'unknown', 'expired', 'skipped'] as const
export type ListedState = (typeof LISTED_STATES)[number]

const DeliveryRow = z.object({
  subscriberId: bigint,
  state: z.enum(deliveryState.enumValues),
  address: text.nullable(),
  attempts: number,
  relay: text.nullable(),
  reply: text.nullable(),
  handedAt: moment.nullable(),
  settledAt: moment.nullable(),
})

/** One delivery in a list. */
type ListedDelivery = z.output<typeof DeliveryRow> & {
  /** enhanced status code in the relay's reply: "5.1.1" (RFC 3463) */
  enhanced: string | null
  messageId: string
}

export const DELIVERIES_A_PAGE = 50

/**
 * Lists an edition's deliveries in one state, by reader.
 * @param page.after the last reader of the page before
 * @returns a page, and the reader to continue after if there are more
 */
export async function listDeliveries(
  { db, config }: Pick<Services, 'db' | 'config'>,
  { id, messageKey }: Pick<typeof editions.$inferSelect, 'id' | 'messageKey'>,
  state: ListedDelivery['state'],
  { after = 0, limit = DELIVERIES_A_PAGE }: { after?: number | undefined; limit?: number } = {},
): Promise<{ deliveries: ListedDelivery[]; next: number | undefined }> {
  const rows = await query(db, DeliveryRow)`
    SELECT d.subscriber_id, d.state, s.email AS address, d.hand_overs AS attempts, d.relay, d.reply, d.handed_at, d.settled_at
    FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber_id
    WHERE d.edition_id = ${id} AND d.state = ${state} AND d.subscriber_id > ${after}
    ORDER BY d.subscriber_id LIMIT ${limit + 1}`
  const deliveries = rows.slice(0, limit).map((row) => ({
    ...row,
    enhanced: row.reply?.match(ENHANCED)?.[0] ?? null,
    messageId: messageIdOf(config, messageKey, row.subscriberId),
  }))
  return { deliveries, next: rows.length > limit ? deliveries.at(-1)!.subscriberId : undefined }
}

/** Not a part of an IP address, which has four numbers. */
const ENHANCED = /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)/

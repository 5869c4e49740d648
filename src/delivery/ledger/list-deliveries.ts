import { z } from 'zod'
import { bigint, moment, number, query, text } from '../../runtime/db/query.ts'
import { deliveryState } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'

/** A delivery in the lists of refused, deferred and unknown ones. */
const Listed = z.object({
  subscriberId: bigint,
  state: z.enum(deliveryState.enumValues),
  attempts: number,
  relay: text.nullable(),
  /** the relay's last reply, redacted */
  reply: text.nullable(),
  handedAt: moment.nullable(),
  settledAt: moment.nullable(),
})
export type ListedDelivery = z.output<typeof Listed>

/** Lists an edition's deliveries in one state, by reader. @param page.after the last reader of the page before */
export const listDeliveries = (
  { db }: Pick<Services, 'db'>,
  editionId: number,
  state: ListedDelivery['state'],
  page: { after?: number | undefined; limit: number },
): Promise<ListedDelivery[]> => query(db, Listed)`
  SELECT subscriber_id, state, hand_overs AS attempts, relay, reply, handed_at, settled_at FROM deliveries
  WHERE edition_id = ${editionId} AND state = ${state} AND subscriber_id > ${page.after ?? 0}
  ORDER BY subscriber_id LIMIT ${page.limit}`

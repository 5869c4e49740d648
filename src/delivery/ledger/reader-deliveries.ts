import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { parseAddress } from '../../mail/address.ts'
import { messageIdOf } from '../../mail/message-id.ts'
import { bigint, bytes, moment, query, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'

const Row = z.object({
  subscriberId: bigint,
  date: text,
  kind: text,
  state: text,
  handedAt: moment.nullable(),
  relay: text.nullable(),
  /** the relay's last reply, usually with its own id of the email */
  reply: text.nullable(),
  messageKey: bytes,
})

/** One digest of a reader, with its last known state. */
export type ReaderDelivery = Omit<z.output<typeof Row>, 'subscriberId' | 'messageKey' | 'handedAt'> & {
  handedAt: string | null
  messageId: string
}

const MOST = 40

type Deps = Pick<Services, 'db' | 'config'>

/** Returns an address's newest deliveries, to answer "did she get it?". @throws PaperboyError BAD_ADDRESS */
export const readerDeliveries = (deps: Deps, address: string): Promise<ReaderDelivery[]> =>
  newestDeliveries(deps, sql`s.email_key = ${parseAddress(address, { utf8: true }).key}`)

/** Returns a reader's newest deliveries, by their number. */
export const deliveriesOf = (deps: Deps, subscriberId: number): Promise<ReaderDelivery[]> =>
  newestDeliveries(deps, sql`s.id = ${subscriberId}`)

async function newestDeliveries({ db, config }: Deps, who: SQL): Promise<ReaderDelivery[]> {
  const rows = await query(db, Row)`
    SELECT d.subscriber_id, e.date::text, e.kind, d.state, d.handed_at, d.relay, d.reply, e.message_key
    FROM subscribers s JOIN deliveries d ON d.subscriber_id = s.id JOIN editions e ON e.id = d.edition_id
    WHERE ${who} ORDER BY d.edition_id DESC LIMIT ${MOST}`
  return rows.map(({ subscriberId, messageKey, handedAt, ...row }) => ({
    ...row,
    handedAt: handedAt?.toISOString() ?? null,
    messageId: messageIdOf(config, messageKey, subscriberId),
  }))
}

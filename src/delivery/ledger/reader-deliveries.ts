import { z } from 'zod'
import { parseAddress } from '../../mail/address.ts'
import { createMessageId } from '../../mail/headers.ts'
import { domainOf } from '../../mail/mailbox.ts'
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

/** Returns an address's newest deliveries, to answer "did she get it?". @throws PaperboyError BAD_ADDRESS */
export async function readerDeliveries(
  { db, config }: Pick<Services, 'db' | 'config'>,
  address: string,
): Promise<ReaderDelivery[]> {
  const rows = await query(db, Row)`
    SELECT d.subscriber_id, e.date::text, e.kind, d.state, d.handed_at, d.relay, d.reply, e.message_key
    FROM subscribers s JOIN deliveries d ON d.subscriber_id = s.id JOIN editions e ON e.id = d.edition_id
    WHERE s.email_key = ${parseAddress(address).key} ORDER BY d.edition_id DESC LIMIT ${MOST}`
  return rows.map(({ subscriberId, messageKey, handedAt, ...row }) => ({
    ...row,
    handedAt: handedAt?.toISOString() ?? null,
    messageId: `<${createMessageId(messageKey, subscriberId)}@${domainOf(config.MAIL_FROM)}>`,
  }))
}

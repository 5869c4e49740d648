import { sql } from 'drizzle-orm'
import { parseAddress } from '../../mail/address.ts'
import { createMessageId } from '../../mail/headers.ts'
import { domainOf } from '../../mail/mailbox.ts'
import type { Services } from '../../runtime/services.ts'

/** One digest of a reader, with its last known state. */
export interface ReaderDelivery {
  date: string
  kind: string
  state: string
  handedAt: string | null
  relay: string | null
  /** the relay's last reply, usually with its own id of the email */
  reply: string | null
  messageId: string
}

const MOST = 40

/** Returns an address's newest deliveries, to answer "did she get it?". @throws PaperboyError BAD_ADDRESS */
export async function readerDeliveries(
  { db, config }: Pick<Services, 'db' | 'config'>,
  address: string,
): Promise<ReaderDelivery[]> {
  const { rows } = await db.execute<{
    subscriber_id: string
    date: string
    kind: string
    state: string
    handed_at: string | null
    relay: string | null
    reply: string | null
    message_key: Buffer
  }>(sql`
    SELECT d.subscriber_id, e.date::text, e.kind, d.state, d.handed_at, d.relay, d.reply, e.message_key
    FROM subscribers s JOIN deliveries d ON d.subscriber_id = s.id JOIN editions e ON e.id = d.edition_id
    WHERE s.email_key = ${parseAddress(address).key} ORDER BY d.edition_id DESC LIMIT ${MOST}`)
  return rows.map(({ date, kind, state, relay, reply, ...row }) => ({
    date,
    kind,
    state,
    handedAt: row.handed_at === null ? null : new Date(row.handed_at).toISOString(),
    relay,
    reply,
    messageId: `<${createMessageId(row.message_key, Number(row.subscriber_id))}@${domainOf(config.MAIL_FROM)}>`,
  }))
}

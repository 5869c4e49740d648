import { messageIdOf } from '../mail/message-id.ts'
import { bigint, bytes, moment, query, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'

/** Lists emails with a final unknown outcome, newest first. Operators look them up at the relay by Message-ID. */
export async function listUnknownServiceEmails({ db, config }: Pick<Services, 'db' | 'config'>) {
  const columns = { id: bigint, kind: text, reply: text, settledAt: moment, messageKey: bytes }
  const rows = await query(db, columns)`
    SELECT id, kind, reply, settled_at, message_key FROM outbox
    WHERE state = 'unknown' AND settled_at IS NOT NULL ORDER BY settled_at DESC, id`
  return rows.map(({ id, settledAt, messageKey, ...row }) => ({
    ...row,
    at: settledAt.toISOString(),
    messageId: messageIdOf(config, messageKey, id),
  }))
}

import { sql } from 'drizzle-orm'
import { createMessageId } from '../mail/headers.ts'
import { domainOf } from '../mail/mailbox.ts'
import type { Services } from '../runtime/services.ts'

/** Lists emails with a final unknown outcome, newest first. Operators look them up at the relay by Message-ID. */
export async function listUnknownServiceEmails({ db, config }: Pick<Services, 'db' | 'config'>) {
  const { rows } = await db.execute<{
    id: string
    kind: string
    reply: string
    settled_at: string
    message_key: Buffer
  }>(sql`
    SELECT id, kind, reply, settled_at, message_key FROM outbox
    WHERE state = 'unknown' AND settled_at IS NOT NULL ORDER BY settled_at DESC, id`)
  return rows.map(({ id, kind, reply, settled_at, message_key }) => ({
    kind,
    reply,
    at: new Date(settled_at).toISOString(),
    messageId: `<${createMessageId(message_key, Number(id))}@${domainOf(config.MAIL_FROM)}>`,
  }))
}

import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { bigint, moment, number, query, queryColumn, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'

/** Days that messages are kept, to look at and to send again. */
export const MESSAGE_DAYS = 30
const SHOWN = 50

const Listed = z.object({
  id: bigint,
  event: text,
  occurredAt: moment,
  state: z.enum(['waiting', 'sent', 'failed']),
  attempts: number,
  attemptedAt: moment.nullable(),
  dueAt: moment,
  /** HTTP status of the last attempt */
  status: number.nullable(),
  failure: text.nullable(),
})
export type ListedMessage = z.output<typeof Listed>

type Deps = Pick<Services, 'db' | 'now'>

/** Lists an endpoint's messages, newest first. @param page.before id of the last message of the page before */
export const listMessages = (
  { db }: Pick<Deps, 'db'>,
  endpointId: number,
  { before, limit = SHOWN }: { before?: number | undefined; limit?: number } = {},
): Promise<ListedMessage[]> => query(db, Listed)`
  SELECT id, event, occurred_at, state, attempts, attempted_at, due_at, status, failure FROM webhook_messages
  WHERE endpoint_id = ${endpointId} AND id < ${before ?? Number.MAX_SAFE_INTEGER}::bigint ORDER BY id DESC LIMIT ${limit}`

/** Sends a message again, with the same id and content. @throws PaperboyError NOT_FOUND */
export async function replayMessage({ db, now }: Deps, endpointId: number, id: number): Promise<void> {
  const [replayed] = await queryColumn(db, bigint)`
    UPDATE webhook_messages SET state = 'waiting', attempts = 0, due_at = ${now()}
    WHERE id = ${id} AND endpoint_id = ${endpointId} RETURNING id`
  if (replayed === undefined) throw new PaperboyError('NOT_FOUND', `This endpoint has no message ${id}.`)
}

/** Deletes messages past their retention period. Only those to a disabled endpoint, or while sending is halted, wait so long. */
export async function deleteOldMessages({ db, now }: Deps): Promise<void> {
  await db.execute(sql`
    DELETE FROM webhook_messages
    WHERE CASE state WHEN 'waiting' THEN greatest(occurred_at, due_at) ELSE attempted_at END
      < ${now()}::timestamptz - make_interval(days => ${MESSAGE_DAYS})`)
}

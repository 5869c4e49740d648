import { sql } from 'drizzle-orm'
import { moment, query, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'

/** Something that happened to one reader, besides digests. */
export interface ReaderEvent {
  at: Date
  /** "confirm email", "hard bounce", "operator" */
  what: string
  /** what came of it */
  result: string
}

/** Each kind of event lists so many, the newest ones. */
const MOST = 40

/**
 * Returns one reader's service emails, bounces and complaints, and what operators did, newest first.
 * Their votes and saved papers are their own, and not part of it.
 */
export function readerHistory({ db }: Pick<Services, 'db'>, subscriberId: number): Promise<ReaderEvent[]> {
  return query(db, { at: moment, what: text, result: text })`
    SELECT * FROM (
      (SELECT created_at AS at, kind || ' email' AS what, concat_ws(': ', state, reply) AS result
       FROM outbox WHERE subscriber_id = ${subscriberId} ORDER BY created_at DESC LIMIT ${MOST})
      UNION ALL
      (SELECT received_at, concat_ws(' ', class, CASE class WHEN 'hard' THEN 'bounce' WHEN 'soft' THEN 'bounce' END),
         concat_ws(': ', did, nullif(concat_ws(' ', status, evidence), ''))
       FROM inbound_events WHERE subscriber_id = ${subscriberId} ORDER BY received_at DESC LIMIT ${MOST})
      UNION ALL
      (SELECT at, 'operator', concat_ws(' ', what, 'by', who)
       FROM audit_log WHERE about = ${sql`'reader ' || ${subscriberId}::text`} ORDER BY id DESC LIMIT ${MOST})
    ) AS events ORDER BY at DESC, what`
}

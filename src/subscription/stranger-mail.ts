import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../runtime/db/database.ts'

/** Mails that whoever types an address into a form makes us send there. */
type StrangerMail = 'confirm' | 'already' | 'manage' | 'change'

/** How many of them one address gets in a day, all kinds together. */
const A_DAY = 5
/** How long the next of a kind waits after the last, by how many there were that day. */
const BACK_OFF_MINUTES = [0, 1, 10, 60, 360]

/**
 * SQL that says whether another mail of a kind may go to a subscriber. Without it, what was asked for changes nothing, so that the
 * link in the last mail stays good.
 * @param kind SQL of the type service_mail
 */
export const mayMail = (subscriberId: SQL, kind: SQL, at: Date): SQL<boolean> => sql`(
  SELECT count(*) < ${A_DAY} AND coalesce(max(o.created_at) FILTER (WHERE o.kind = ${kind})
      <= ${at}::timestamptz - make_interval(mins => (${sql.param(BACK_OFF_MINUTES)}::int[])[1 + count(*) FILTER (WHERE o.kind = ${kind})]), true)
  FROM outbox o
  WHERE o.subscriber_id = ${subscriberId} AND o.created_at > ${at}::timestamptz - interval '1 day'
    AND o.kind IN ('confirm', 'already', 'manage', 'change'))`

/** One at a time for an address: a crowd of requests at once would all find the day's mails uncounted. */
export const oneAtATime = (emailKey: string): SQL => sql`SELECT pg_advisory_xact_lock(hashtextextended(${emailKey}, 0))`

/** SQL: whether the address must not be mailed whoever asks. */
export const barred = (addressHash: SQL): SQL<boolean> => sql`EXISTS (
  SELECT FROM suppressions x WHERE x.address_hash = ${addressHash} AND x.reason IN ('complaint', 'manual'))`

/** The same of one address. */
export async function isBarred(db: Db, addressHash: Buffer): Promise<boolean> {
  const { rows } = await db.execute<{ barred: boolean }>(sql`SELECT ${barred(sql`${addressHash}`)} AS barred`)
  return rows[0]!.barred
}

/** The kind as SQL. */
export const kindOf = (kind: StrangerMail): SQL => sql`${kind}::service_mail`

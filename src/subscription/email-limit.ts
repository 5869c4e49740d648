import { createHmac } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm'
import type { Config } from '../runtime/config/config.ts'
import type { Db } from '../runtime/db/database.ts'

/** The forms that make us send an email to the address typed into them, and the emails that each may send. */
const EMAILS = { 'sign-up': ['confirm', 'already'], manage: ['manage'], change: ['change'] } as const

/** How many such emails one person gets in a day, of all forms together. */
const A_DAY = 5
/** How long the next email of a form waits after the last, by how many there were that day. */
const BACK_OFF_MINUTES = [0, 1, 10, 60, 360]

/**
 * Returns the mark of the person behind an address: a keyed hash of the address without its +tag, since ada+1@ and ada+2@ are one
 * mailbox. Only for counting; the address itself is kept as typed.
 *
 * @param emailKey as `parseAddress` gives it
 */
export const personKey = ({ SECRET_KEY }: Pick<Config, 'SECRET_KEY'>, emailKey: string): Buffer =>
  createHmac('sha256', SECRET_KEY)
    .update(`person\0${emailKey.replace(/^([^"+]+)\+.*@/s, '$1@')}`)
    .digest()
    .subarray(0, 16)

/**
 * SQL that says whether a person may get another email through a form. It looks at what was asked before and never at whether the
 * address is known, so that the answer says nothing about that either.
 */
export const withinEmailLimit = (person: Buffer, form: keyof typeof EMAILS, at: Date): SQL<boolean> =>
  mayHaveAnother(sql`o.person = ${person}`, form, at)

/** The same for a reader's own requests, to whichever address they go. */
export const readerWithinEmailLimit = (subscriberId: SQL, form: keyof typeof EMAILS, at: Date): SQL<boolean> =>
  mayHaveAnother(sql`o.subscriber_id = ${subscriberId}`, form, at)

const mayHaveAnother = (whose: SQL, form: keyof typeof EMAILS, at: Date): SQL<boolean> => {
  const ofForm = sql`FILTER (WHERE o.kind = ANY(${sql.param(EMAILS[form])}::service_mail[]))`
  return sql`(
  SELECT count(*) < ${A_DAY} AND coalesce(max(o.created_at) ${ofForm}
      <= ${at}::timestamptz - make_interval(mins => (${sql.param(BACK_OFF_MINUTES)}::int[])[1 + count(*) ${ofForm}]), true)
  FROM outbox o
  WHERE ${whose} AND o.created_at > ${at}::timestamptz - interval '1 day' AND o.kind = ANY(${sql.param(Object.values(EMAILS).flat())}::service_mail[]))`
}

/** Takes turns for a person: a crowd of requests at once would all find the day's emails uncounted. */
export const lockPerson = (person: Buffer): SQL =>
  sql`SELECT pg_advisory_xact_lock(hashtextextended(${person.toString('hex')}, 0))`

/** Whether the address must not be mailed, however often it asks. */
export async function isBlocked(db: Db, addressHash: Buffer): Promise<boolean> {
  const { rows } = await db.execute<{ barred: boolean }>(sql`
    SELECT EXISTS (
      SELECT FROM suppressions x WHERE x.address_hash = ${addressHash} AND x.reason IN ('complaint', 'manual')) AS barred`)
  return rows[0]!.barred
}

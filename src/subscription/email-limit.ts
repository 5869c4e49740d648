import { createHmac } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm'
import type { Config } from '../runtime/config/config.ts'
import type { Db } from '../runtime/db/database.ts'
import { bool, queryOne } from '../runtime/db/query.ts'

/** Forms that send an email to the address typed into them, and the emails each may send. */
const EMAILS = { 'sign-up': ['confirm', 'already'], manage: ['manage'], change: ['change'] } as const

/** Most such emails to one person in a day, across all forms. */
const MAX_PER_DAY = 5
/** Minutes between two emails of a form, by how many were sent that day. */
const BACK_OFF_MINUTES = [0, 1, 10, 60, 360]

/**
 * Returns a keyed hash of the address without its +tag: ada+1@ and ada+2@ are one mailbox.
 * Only for counting; the address itself is stored as typed.
 *
 * @param emailKey as `parseAddress` returns it
 */
export const personKey = ({ SECRET_KEY }: Pick<Config, 'SECRET_KEY'>, emailKey: string): Buffer =>
  createHmac('sha256', SECRET_KEY)
    .update(`person\0${emailKey.replace(/^([^"+]+)\+.*@/s, '$1@')}`)
    .digest()
    .subarray(0, 16)

/**
 * SQL: whether a form may send this person another email.
 * It counts earlier requests and ignores whether the address is known, so the answer does not reveal that.
 */
export const withinEmailLimit = (person: Buffer, form: keyof typeof EMAILS, at: Date): SQL<boolean> =>
  withinLimit(sql`o.person = ${person}`, form, at)

/** The same limit for requests by a reader, whichever address they go to. */
export const readerWithinEmailLimit = (subscriberId: SQL, form: keyof typeof EMAILS, at: Date): SQL<boolean> =>
  withinLimit(sql`o.subscriber_id = ${subscriberId}`, form, at)

const withinLimit = (rows: SQL, form: keyof typeof EMAILS, at: Date): SQL<boolean> => {
  const ofForm = sql`FILTER (WHERE o.kind = ANY(${sql.param(EMAILS[form])}::service_mail[]))`
  return sql`(
  SELECT count(*) < ${MAX_PER_DAY} AND coalesce(max(o.created_at) ${ofForm}
      <= ${at}::timestamptz - make_interval(mins => (${sql.param(BACK_OFF_MINUTES)}::int[])[1 + count(*) ${ofForm}]), true)
  FROM outbox o
  WHERE ${rows} AND o.created_at > ${at}::timestamptz - interval '1 day' AND o.kind = ANY(${sql.param(Object.values(EMAILS).flat())}::service_mail[]))`
}

/** SQL: locks a person until the transaction ends. Concurrent requests would otherwise miss each other's emails. */
export const lockPerson = (person: Buffer): SQL =>
  sql`SELECT pg_advisory_xact_lock(hashtextextended(${person.toString('hex')}, 0))`

/** Returns whether the address is suppressed for good, however often it asks. */
export async function isBlocked(db: Db, addressHash: Buffer): Promise<boolean> {
  const { blocked } = await queryOne(db, { blocked: bool })`
    SELECT EXISTS (
      SELECT FROM suppressions x WHERE x.address_hash = ${addressHash} AND x.reason IN ('complaint', 'manual')) AS blocked`
  return blocked
}

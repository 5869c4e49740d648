import { createHmac } from 'node:crypto'
import { type SQL, sql } from 'drizzle-orm'
import type { Config } from '../runtime/config/config.ts'

/** Forms that send an email to the address typed into them, and the emails each may send. */
const EMAILS = { 'sign-up': ['confirm', 'already'], manage: ['manage'], change: ['change'] } as const

const ALL_EMAILS = Object.values(EMAILS).flat()

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
 * SQL: locks a person until the transaction ends, then whether a form may send them another email. Concurrent requests would otherwise
 * miss each other's emails.
 * It counts earlier requests and ignores whether the address is known, so the answer does not reveal that.
 */
export const withinEmailLimit = (person: Buffer | SQL, form: keyof typeof EMAILS, at: Date | SQL): SQL<boolean> =>
  withinLimit({ person }, form, at)

/** SQL: the same limit for requests by a reader, whichever address they go to. */
export const readerWithinEmailLimit = (subscriberId: SQL, form: keyof typeof EMAILS, at: Date): SQL<boolean> =>
  withinLimit({ subscriberId }, form, at)

const withinLimit = (
  { person, subscriberId }: { person?: Buffer | SQL; subscriberId?: SQL },
  form: keyof typeof EMAILS,
  at: Date | SQL,
): SQL<boolean> => sql`
  within_email_limit(${person ?? null}::bytea, ${subscriberId ?? sql`NULL`}::bigint, ${arrayOf(EMAILS[form])}::service_mail[],
    ${arrayOf(ALL_EMAILS)}::service_mail[], ${at}::timestamptz, ${MAX_PER_DAY}::int, ${arrayOf(BACK_OFF_MINUTES)}::int[])`

const arrayOf = (values: readonly (string | number)[]): string => `{${values.join()}}`

/** SQL: locks a person until the transaction ends, for statements that lock something else before `withinEmailLimit` would. */
export const lockPerson = (person: Buffer): SQL =>
  sql`SELECT pg_advisory_xact_lock(hashtextextended(${person.toString('hex')}, 0))`

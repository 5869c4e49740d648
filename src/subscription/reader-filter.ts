import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayField } from '../calendar/day-field.ts'
import { daysLater, startOfDay } from '../calendar/days.ts'
import { toAsciiDomain } from '../runtime/config/fields.ts'
import { CADENCES } from './preference-rules.ts'

export const LISTED_STATUSES = ['pending', 'active', 'unsubscribed', 'bounced', 'complained'] as const

/** @param most characters */
const atMost = (most: number) => z.string().max(most, `must have at most ${most} characters`)

/** Which readers a list or an export has. Page, command and API read it with this schema. */
export const ReaderFilter = z.object({
  status: z.enum(LISTED_STATUSES).optional(),
  cadence: z.enum(CADENCES).optional(),
  /** a slug of a topic that they follow */
  topic: atMost(60).optional(),
  /** of their address; stored as an A-label */
  domain: atMost(253).overwrite(toAsciiDomain).optional(),
  /** the first and the last day (UTC) of their first sign-up or import */
  joinedFrom: dayField.optional(),
  joinedTo: dayField.optional(),
})
export type ReaderFilter = z.output<typeof ReaderFilter>

/** @param text a part of the address. Not in ReaderFilter, so that no URL has it */
export type ReaderSearch = ReaderFilter & { text?: string | undefined }

/** Describes the readers for the audit log. It outlives an erasure, and a domain may name a person, as a part of an address does. */
export function describeSearch({ text, domain, ...filter }: ReaderSearch): string {
  const parts = Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
  if (domain !== undefined) parts.push('a domain')
  if (text !== undefined) parts.push('a part of the address')
  return parts.length > 0 ? `readers with ${parts.join(' and ')}` : 'all readers'
}

/** The one of both that an index finds. Most readers are active, so no index has them. */
const indexOf = ({ status, domain }: ReaderFilter): 'domain' | 'status' | undefined =>
  domain !== undefined ? 'domain' : status !== undefined && status !== 'active' ? 'status' : undefined

/** Whether an index finds the readers. They are scattered over the table, so looking at each costs more. */
export const usesIndex = (filter: ReaderFilter): boolean => indexOf(filter) !== undefined

/** The part of a filter that an index answers. Only one condition, so that the number of rows looked at stays bounded. */
export const indexed = (filter: ReaderFilter): SQL => {
  const { status, domain, joinedFrom, joinedTo } = filter
  return and([
    indexOf(filter) === 'status' ? sql`s.status = ${status} AND s.status <> 'active'` : undefined,
    domain === undefined ? undefined : sql`split_part(s.email_key, '@', -1) = ${domain}`,
    joinedFrom === undefined ? undefined : sql`s.id >= ${firstIdSince(daysLater(joinedFrom, -1))}`,
    joinedTo === undefined ? undefined : sql`s.id < ${firstIdSince(daysLater(joinedTo, 2))}`,
  ])
}

/** The part that is checked row by row. */
export const checked = ({ status, cadence, topic, joinedFrom, joinedTo, text }: ReaderSearch): SQL =>
  and([
    sql`s.email IS NOT NULL`,
    status === undefined ? undefined : sql`s.status = ${status}`,
    cadence === undefined ? undefined : sql`s.cadence = ${cadence}`,
    topic === undefined ? undefined : sql`${topic} = ANY (s.topics)`,
    joinedFrom === undefined ? undefined : sql`s.created_at >= ${startOfDay(joinedFrom)}`,
    joinedTo === undefined ? undefined : sql`s.created_at < ${startOfDay(daysLater(joinedTo, 1))}`,
    text === undefined ? undefined : sql`position(${asStored(text)} in s.email_key) > 0`,
  ])

/** A part of an address as email_key has it: composed, and with the A-label of a domain. */
const asStored = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFC')
    .replace(/(?<=@).*$/, toAsciiDomain)

const and = (conditions: (SQL | undefined)[]): SQL =>
  sql.join([sql`true`, ...conditions.filter((each) => each !== undefined)], sql` AND `)

/**
 * SQL: the least id of a reader created on or after a day, by halving: some twenty look-ups of the primary key instead of an index on
 * created_at, which each digest would have to write. Ids and times have the same order, except within a transaction's duration;
 * the caller adds a day for it.
 */
const firstIdSince = (day: string): SQL => sql`(
  WITH RECURSIVE halving AS (
    SELECT coalesce(min(id), 1) AS low, coalesce(max(id), 0) + 1 AS high FROM subscribers
    UNION ALL
    SELECT CASE WHEN found.created_at < ${startOfDay(day)} THEN found.id + 1 ELSE h.low END,
      CASE WHEN found.created_at < ${startOfDay(day)} THEN h.high ELSE (h.low + h.high) / 2 END
    FROM halving h LEFT JOIN LATERAL (
      SELECT id, created_at FROM subscribers WHERE id >= (h.low + h.high) / 2 AND id < h.high ORDER BY id LIMIT 1
    ) found ON true
    WHERE h.low < h.high
  )
  SELECT max(low) FROM halving)`

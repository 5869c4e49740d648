import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { createMessageId } from '../../mail/headers.ts'
import { domainOf } from '../../mail/mailbox.ts'
import { bigint, moment, number, query, text } from '../../runtime/db/query.ts'
import type { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'

/** Counts of deliveries that add up to `total`. */
export interface OutcomeCounts {
  total: number
  accepted: number
  deferred: number
  refused: number
  unknown: number
  /** queued, or handed over without an outcome yet */
  underWay: number
  /** skipped, expired or erased */
  notSent: number
}

/** Receiving domains listed by name; the rest is one line, so that the counts add up to the edition's. */
const DOMAINS = 15

const COUNTS = {
  total: bigint,
  accepted: bigint,
  deferred: bigint,
  refused: bigint,
  unknown: bigint,
  underWay: bigint,
  notSent: bigint,
}
const NamedCounts = z.object({ name: text, ...COUNTS })

/** One group of deliveries: a relay or a receiving domain. */
export type NamedCounts = OutcomeCounts & { name: string }

/**
 * Counts an edition's deliveries by relay and by receiving domain, most first. Both add up to its deliveries.
 * Deliveries that no relay has answered for have the relay "none yet"; those of erased readers have the domain "erased".
 */
export async function reportDeliveries(
  { db }: Pick<Services, 'db'>,
  editionId: number,
): Promise<{ relays: NamedCounts[]; domains: NamedCounts[] }> {
  const relays = await query(db, NamedCounts)`
    SELECT coalesce(d.relay, 'none yet') AS name, ${counts(sql`d.state`)} FROM deliveries d WHERE d.edition_id = ${editionId}
    GROUP BY 1 ORDER BY total DESC, name`
  const domains = await query(db, NamedCounts)`
    WITH each AS (
      SELECT coalesce(${domainOfReader}, 'erased') AS domain, d.state, count(*) AS n
      FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber_id WHERE d.edition_id = ${editionId} GROUP BY 1, 2
    ), ranked AS (
      SELECT domain, row_number() OVER (ORDER BY sum(n) DESC, domain) AS nth FROM each GROUP BY domain
    )
    SELECT CASE WHEN nth <= ${DOMAINS} THEN domain ELSE 'all others' END AS name, ${counts(sql`state`, sql`n`)}
    FROM each JOIN ranked USING (domain) GROUP BY 1 ORDER BY min(nth)`
  return { relays, domains }
}

const domainOfReader = sql`lower(substring(s.email from '@([^@]*)$'))`

/** Selects the counts of a group. @param n rows that each row stands for */
function counts(state: SQL, n: SQL = sql`1`): SQL {
  const of = (condition: SQL, name: string) =>
    sql`coalesce(sum(${n}) FILTER (WHERE ${condition}), 0) AS ${sql.raw(name)}`
  return sql.join(
    [
      sql`sum(${n}) AS total`,
      ...['accepted', 'deferred', 'refused', 'unknown'].map((name) => of(sql`${state} = ${name}`, name)),
      of(sql`${state} IN ('queued', 'handed')`, 'under_way'),
      of(sql`${state} IN ('skipped', 'expired', 'erased')`, 'not_sent'),
    ],
    sql`, `,
  )
}

/** States whose deliveries a person looks at one by one. */
export const LISTED_STATES = ['refused', 'deferred', 'unknown', 'expired', 'skipped'] as const
export type ListedState = (typeof LISTED_STATES)[number]

const DeliveryRow = z.object({
  subscriberId: bigint,
  address: text.nullable(),
  attempts: number,
  relay: text.nullable(),
  reply: text.nullable(),
  handedAt: moment.nullable(),
  settledAt: moment.nullable(),
})

/** One delivery, as the desk lists it. */
export type ListedDelivery = z.output<typeof DeliveryRow> & {
  /** enhanced status code in the relay's reply: "5.1.1" (RFC 3463) */
  enhanced: string | null
  messageId: string
}

export const DELIVERIES_A_PAGE = 50

/**
 * Lists an edition's deliveries in one state, by reader.
 * @param after the last reader of the page before
 * @returns a page, and the reader to continue after if there are more
 */
export async function listDeliveries(
  { db, config }: Pick<Services, 'db' | 'config'>,
  { id, messageKey }: Pick<typeof editions.$inferSelect, 'id' | 'messageKey'>,
  state: ListedState,
  after = 0,
): Promise<{ deliveries: ListedDelivery[]; next: number | undefined }> {
  const rows = await query(db, DeliveryRow)`
    SELECT d.subscriber_id, s.email AS address, d.hand_overs AS attempts, d.relay, d.reply, d.handed_at, d.settled_at
    FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber_id
    WHERE d.edition_id = ${id} AND d.state = ${state} AND d.subscriber_id > ${after}
    ORDER BY d.subscriber_id LIMIT ${DELIVERIES_A_PAGE + 1}`
  const deliveries = rows.slice(0, DELIVERIES_A_PAGE).map((row) => ({
    ...row,
    enhanced: row.reply?.match(ENHANCED)?.[0] ?? null,
    messageId: `<${createMessageId(messageKey, row.subscriberId)}@${domainOf(config.MAIL_FROM)}>`,
  }))
  return { deliveries, next: rows.length > DELIVERIES_A_PAGE ? deliveries.at(-1)!.subscriberId : undefined }
}

/** Not a part of an IP address, which has four numbers. */
const ENHANCED = /(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)/

const Watched = z.object({ editionId: bigint, edition: text, state: text.nullable(), count: bigint, open: bigint })

/** Counts of an edition that is being watched. */
export interface LiveCounts {
  /** the edition's state */
  edition: string
  total: number
  open: number
  states: Record<string, number>
}

/** Counts the deliveries of some editions by state, in one statement. */
export async function countLive(
  { db }: Pick<Services, 'db'>,
  editionIds: readonly number[],
  needsAttempt: SQL,
): Promise<Map<number, LiveCounts>> {
  const rows = await query(db, Watched)`
    SELECT e.id AS edition_id, e.state AS edition, d.state, count(d.edition_id) AS count,
      count(*) FILTER (WHERE d.state = 'handed' OR ${needsAttempt}) AS open
    FROM editions e LEFT JOIN deliveries d ON d.edition_id = e.id AND d.edition_id = ANY(${sql.param(editionIds)}::bigint[])
    WHERE e.id = ANY(${sql.param(editionIds)}::bigint[]) GROUP BY 1, 2, 3`
  const found = new Map<number, LiveCounts>()
  for (const { editionId, edition, state, count, open } of rows) {
    const own = found.get(editionId) ?? { edition, total: 0, open: 0, states: {} }
    if (state !== null) own.states[state] = count
    found.set(editionId, { ...own, total: own.total + count, open: own.open + open })
  }
  return found
}

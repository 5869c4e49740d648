import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { bigint, query, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'
import { deliveryIsOpen } from './conditions.ts'

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

const domainOfReader = sql`split_part(s.email_key, '@', -1)`

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
  policy: 'resend' | 'hold',
): Promise<Map<number, LiveCounts>> {
  const rows = await query(db, Watched)`
    SELECT e.id AS edition_id, e.state AS edition, d.state, count(d.edition_id) AS count,
      count(*) FILTER (WHERE ${deliveryIsOpen(policy)}) AS open
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

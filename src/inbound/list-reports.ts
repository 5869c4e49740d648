import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { bigint, moment, number, query, queryColumn, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'

export const INBOUND_CLASSES = [
  'hard',
  'soft',
  'delayed',
  'complaint',
  'unsubscribe',
  'autoreply',
  'challenge',
  'moved',
  'success',
  'info',
] as const
export const INBOUND_ACTIONS = ['suppressed', 'unsubscribed', 'counted', 'nothing'] as const

/** Which inbound reports a list has. */
export const InboundFilter = z.object({
  class: z.enum(INBOUND_CLASSES).optional(),
  did: z.enum(INBOUND_ACTIONS).optional(),
  /** no: without a proof that the report concerns an email of ours */
  matched: z.enum(['yes', 'no']).optional(),
})
export type InboundFilter = z.output<typeof InboundFilter>

const Row = z.object({
  id: bigint,
  receivedAt: moment,
  /** how it arrived */
  source: text,
  class: text,
  reason: text,
  did: text,
  /** the kind of proof; null for an unmatched report */
  authority: text.nullable(),
  subscriberId: bigint.nullable(),
  edition: text.nullable(),
  editionKind: text.nullable(),
  editionDate: text.nullable(),
  status: text.nullable(),
  reply: number.nullable(),
  evidence: text,
})
export type ListedReport = z.output<typeof Row>

const PAGE = 50
/** Reports looked at for one page. */
const WINDOW = 50_000

/**
 * Lists inbound reports, newest first. Pages neither repeat nor miss a report while others arrive. A page can have fewer rows than its
 * limit and still have a next one: it looks at WINDOW reports at most.
 * @param page.before id of the last report of the page before
 */
export async function listInbound(
  { db }: Pick<Services, 'db'>,
  filter: InboundFilter = {},
  page: { before?: number | undefined; limit?: number | undefined } = {},
): Promise<{ reports: ListedReport[]; next: number | undefined }> {
  const { before = Number.MAX_SAFE_INTEGER, limit = PAGE } = page
  const looked = sql`FROM inbound_events WHERE id < ${before}::bigint ORDER BY id DESC`
  const rows = await query(db, Row)`
    SELECT i.id, i.received_at, i.source, i.class, i.reason, i.did, i.authority, i.subscriber_id, i.status, i.reply, i.evidence,
      e.kind || ' ' || e.date AS edition, e.kind::text AS edition_kind, e.date::text AS edition_date
    FROM (SELECT * ${looked} LIMIT ${WINDOW}) i LEFT JOIN editions e ON e.id = i.edition_id
    WHERE ${matches(filter)} ORDER BY i.id DESC LIMIT ${limit + 1}`
  const reports = rows.slice(0, limit)
  if (rows.length > limit) return { reports, next: reports.at(-1)!.id }
  const [last] = await queryColumn(db, bigint)`SELECT id ${looked} OFFSET ${WINDOW - 1} LIMIT 1`
  return { reports, next: last }
}

const matches = (filter: InboundFilter): SQL => sql`
  ${filter.class === undefined ? sql`true` : sql`i.class = ${filter.class}`}
  AND ${filter.did === undefined ? sql`true` : sql`i.did = ${filter.did}`}
  AND ${filter.matched === undefined ? sql`true` : filter.matched === 'no' ? sql`i.authority IS NULL` : sql`i.authority IS NOT NULL`}`

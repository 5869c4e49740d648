import { sql } from 'drizzle-orm'
import { AVAILABLE_BATCH, SENDABLE_EDITION } from '../delivery/ledger/conditions.ts'
import { whyHalted } from '../delivery/ledger/restore-guard.ts'
import { reportInbound } from '../inbound/report.ts'
import { WAITING } from '../outbox/waiting.ts'
import { reportSources, type SourceState } from '../papers/ingest/source-health.ts'
import { configuredSources } from '../papers/ingest/sources/configured.ts'
import type { Services } from '../runtime/services.ts'
import { countWorkers } from '../runtime/worker-presence.ts'
import { ATTENTION_NAMES, type AttentionName } from './attention/attention.ts'
import { findAttention } from './attention/find.ts'

/** The service's state in numbers for a monitoring system, without personal data. */
export interface ServiceMetrics {
  halted: boolean
  workers: number
  subscribers: Record<string, number>
  /** of editions in progress or finished within a day */
  deliveries: { kind: string; date: string; state: string; count: number }[]
  batches: { open: number; leased: number }
  /** seconds since the oldest batch and service email without a lease became due; 0 for none */
  batchOverdueSeconds: number
  serviceMailOverdueSeconds: number
  serviceMails: Record<string, number>
  /** of the last day, by class */
  inbound: Record<string, number>
  sources: Record<string, SourceState>
  /** problems that need a person, by name */
  attention: Record<AttentionName, number>
}

/** @throws the database's error */
export async function readMetrics(services: Pick<Services, 'db' | 'config' | 'now'>): Promise<ServiceMetrics> {
  const { db, now } = services
  const at = now()
  const { rows } = await db.execute<{
    subscribers: Record<string, number> | null
    service_mails: Record<string, number> | null
    open: number
    leased: number
    batch_due: string | null
    mail_due: string | null
  }>(sql`
    SELECT (SELECT json_object_agg(status, n) FROM (SELECT status, count(*) AS n FROM subscribers GROUP BY status) AS s) AS subscribers,
      (SELECT json_object_agg(state, n) FROM (
        SELECT state, count(*) AS n FROM outbox WHERE settled_at IS NULL OR state = 'unknown' GROUP BY state
      ) AS o) AS service_mails,
      (SELECT min(due_at) FROM outbox WHERE ${WAITING}) AS mail_due, b.*
    FROM (
      SELECT count(*) FILTER (WHERE b.state = 'open')::int AS open, count(*) FILTER (WHERE b.state = 'leased')::int AS leased,
        min(b.due_at) FILTER (WHERE ${AVAILABLE_BATCH}) AS batch_due
      FROM batches b JOIN editions e ON e.id = b.edition_id
      WHERE b.state <> 'done' AND ${SENDABLE_EDITION}
    ) AS b`)
  const deliveries = await db.execute<{ kind: string; date: string; state: string; count: number }>(sql`
    SELECT e.kind, e.date::text, d.state, count(*)::int AS count FROM editions e JOIN deliveries d ON d.edition_id = e.id
    WHERE e.state IN ('sending', 'paused') OR e.sent_at > ${at}::timestamptz - interval '1 day'
    GROUP BY e.kind, e.date, d.state`)
  const { lastDay } = await reportInbound(services)
  const sources = await reportSources(services, configuredSources(services))
  const needed = await findAttention(services)
  const row = rows[0]!
  const overdue = (due: string | null) => (due === null ? 0 : Math.max(0, (at.getTime() - Date.parse(due)) / 1000))
  return {
    halted: (await whyHalted(db)) !== undefined,
    workers: await countWorkers(db),
    subscribers: row.subscribers ?? {},
    deliveries: deliveries.rows,
    batches: { open: row.open, leased: row.leased },
    batchOverdueSeconds: overdue(row.batch_due),
    serviceMailOverdueSeconds: overdue(row.mail_due),
    serviceMails: row.service_mails ?? {},
    inbound: Object.fromEntries(lastDay.map((each) => [each.class, each.count])),
    attention: Object.fromEntries(
      ATTENTION_NAMES.map((name) => [name, needed.filter(({ what }) => what === name).length]),
    ) as Record<AttentionName, number>,
    sources: Object.fromEntries(sources.map(({ source, state }) => [source, state])),
  }
}

import { z } from 'zod'
import { AVAILABLE_BATCH, SENDABLE_EDITION } from '../delivery/ledger/conditions.ts'
import { whyHalted } from '../delivery/ledger/restore-guard.ts'
import { reportInbound } from '../inbound/report.ts'
import { WAITING } from '../outbox/waiting.ts'
import { reportSources, type SourceState } from '../papers/ingest/source-health.ts'
import { moment, number, query, queryOne, text } from '../runtime/db/query.ts'
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

const Counts = z.record(text, number).nullable()
const Totals = z.object({
  subscribers: Counts,
  serviceMails: Counts,
  open: number,
  leased: number,
  batchDue: moment.nullable(),
  mailDue: moment.nullable(),
})

/** @throws the database's error */
export async function readMetrics(services: Pick<Services, 'db' | 'config' | 'now'>): Promise<ServiceMetrics> {
  const { db, now } = services
  const at = now()
  const { subscribers, serviceMails, batchDue, mailDue, ...batches } = await queryOne(db, Totals)`
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
    ) AS b`
  const deliveries = await query(db, { kind: text, date: text, state: text, count: number })`
    SELECT e.kind, e.date::text, d.state, count(*)::int AS count FROM editions e JOIN deliveries d ON d.edition_id = e.id
    WHERE e.state IN ('sending', 'paused') OR e.sent_at > ${at}::timestamptz - interval '1 day'
    GROUP BY e.kind, e.date, d.state`
  const { lastDay } = await reportInbound(services)
  const sources = await reportSources(services)
  const needed = await findAttention(services)
  const overdue = (due: Date | null) => (due === null ? 0 : Math.max(0, (at.getTime() - due.getTime()) / 1000))
  return {
    halted: (await whyHalted(db)) !== undefined,
    workers: await countWorkers(db),
    subscribers: subscribers ?? {},
    deliveries,
    batches,
    batchOverdueSeconds: overdue(batchDue),
    serviceMailOverdueSeconds: overdue(mailDue),
    serviceMails: serviceMails ?? {},
    inbound: Object.fromEntries(lastDay.map((each) => [each.class, each.count])),
    attention: Object.fromEntries(
      ATTENTION_NAMES.map((name) => [name, needed.filter((each) => each.name === name).length]),
    ) as Record<AttentionName, number>,
    sources: Object.fromEntries(sources.map(({ source, state }) => [source, state])),
  }
}

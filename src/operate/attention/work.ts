import { AVAILABLE_BATCH, SENDABLE_EDITION } from '../../delivery/ledger/conditions.ts'
import { whyHalted } from '../../delivery/ledger/restore-guard.ts'
import { counted } from '../../lib/counted.ts'
import { WAITING } from '../../outbox/waiting.ts'
import { describeSource, reportSources } from '../../papers/ingest/source-health.ts'
import { moment, number, queryOne } from '../../runtime/db/query.ts'
import { hasWorker } from '../../runtime/worker-presence.ts'
import type { Attention, AttentionDeps } from './attention.ts'

/** Workers start due work within seconds. Rate limits and relay outages move the due time. */
const OVERDUE = '5 minutes'

export async function haltedMailing({ db }: AttentionDeps): Promise<Attention[]> {
  const halted = await whyHalted(db)
  if (!halted) return []
  return [
    {
      name: 'mailing_halted',
      about: '',
      part: 'Mailing',
      state: 'error',
      since: halted.since,
      message: `no email and no webhook is sent: ${halted.why}`,
      remedy: 'npm run paperboy -- resume --help',
      href: '/admin',
    },
  ]
}

/** Overdue work, or no running worker. */
export async function overdueWork({ db, now }: AttentionDeps): Promise<Attention[]> {
  const columns = { batches: number, emails: number, since: moment.nullable() }
  const { batches, emails, since } = await queryOne(db, columns)`
    SELECT b.count AS batches, o.count AS emails, least(b.since, o.since) AS since FROM
      (SELECT count(*)::int AS count, min(b.due_at) AS since FROM batches b JOIN editions e ON e.id = b.edition_id
        WHERE ${SENDABLE_EDITION} AND ${AVAILABLE_BATCH} AND b.due_at < ${now()}::timestamptz - ${OVERDUE}::interval) AS b,
      (SELECT count(*)::int AS count, min(due_at) AS since FROM outbox
        WHERE ${WAITING} AND due_at < ${now()}::timestamptz - ${OVERDUE}::interval) AS o`
  const runs = await hasWorker(db)
  const common = { about: '', part: 'Worker', href: '/admin' }
  const waiting = [
    ...(batches > 0 ? [counted(batches, 'batch', 'batches')] : []),
    ...(emails > 0 ? [counted(emails, 'service email')] : []),
  ]
  if (waiting.length > 0)
    return [
      {
        ...common,
        name: 'work_overdue',
        state: 'error',
        since,
        message: `due for more than ${OVERDUE}: ${waiting.join(' and ')}`,
        remedy: runs ? 'a worker runs: read its log' : 'no worker runs: npm run worker',
      },
    ]
  if (runs) return []
  return [
    {
      ...common,
      name: 'worker_missing',
      state: 'warning',
      since: null,
      message: 'not running',
      remedy: 'npm run worker, or npm start',
    },
  ]
}

/** Paper sources that fail, or whose list does not change. */
export async function staleSources(services: AttentionDeps): Promise<Attention[]> {
  const sources = await reportSources(services)
  return sources
    .filter(({ state }) => state !== 'fresh' && state !== 'quiet')
    .map((source) => ({
      name: 'source_stale',
      about: source.source,
      part: 'Papers',
      state: 'warning',
      since: source.failingSince ?? (source.state === 'stale' ? source.changedAt : source.readAt),
      message: `source ${describeSource({ ...source, failingSince: null })}`,
      remedy: 'npm run paperboy -- papers collect shows the error',
      href: '/admin',
    }))
}

import { desc, sql } from 'drizzle-orm'
import { workerRuns } from '../workers/presence.ts'
import { editions, subscribers } from './db/schema.ts'
import { type Progress, progressInWords, progressOf } from './delivery/progress.ts'
import { whyHalted } from './delivery/restore-guard.ts'
import { planInWords, type SendPlan, sendPlan } from './delivery/send-plan.ts'
import { detailsInWords, type SendingDetails, sendingDetails } from './delivery/sending-details.ts'
import { inboundInWords, reportInbound } from './inbound/report.ts'
import { reportSources, sourceInWords } from './papers/source-health.ts'
import { configuredSources } from './papers/sources/configured.ts'
import type { Services } from './services.ts'
import { reportSignUps, signUpsInWords } from './subscription/armour/report.ts'

const EDITIONS_SHOWN = 5

/** How everything stands, as a value and in words. */
export async function readStatus(
  services: Pick<Services, 'db' | 'config' | 'now'>,
): Promise<{ value: object; words: string }> {
  const { db } = services
  const worker = await workerRuns(db)
  const readers = await db
    .select({ status: subscribers.status, count: sql<number>`count(*)::int` })
    .from(subscribers)
    .groupBy(subscribers.status)
  const { rows } = await db.execute<{ papers: number; days: number; newest: string | null }>(
    sql`SELECT count(*)::int AS papers, count(DISTINCT list_day)::int AS days, max(list_day)::text AS newest FROM papers`,
  )
  const outbox = await db.execute<{ state: string; count: number }>(
    sql`SELECT state, count(*)::int AS count FROM outbox WHERE settled_at IS NULL OR state = 'unknown' GROUP BY state`,
  )
  const latest = await db.select().from(editions).orderBy(desc(editions.date)).limit(EDITIONS_SHOWN)
  const progress = await Promise.all(
    latest.map(async ({ id, kind, date, state, held, pausedWhy }) => ({
      kind,
      date,
      state,
      held,
      pausedWhy,
      ...(await progressOf(services, id)),
      ...(state === 'sending' || state === 'paused'
        ? { sending: { ...(await sendingDetails(services, id)), plan: await sendPlan(services, id) } }
        : {}),
    })),
  )
  const halted = await whyHalted(db)
  const papers = rows[0]!
  const signUps = await reportSignUps(services)
  const inbound = await reportInbound(services)
  const sources = await reportSources(services, configuredSources(services))
  return {
    value: {
      halted: halted ?? null,
      worker,
      readers: Object.fromEntries(readers.map((r) => [r.status, r.count])),
      papers,
      sources,
      signUps,
      outbox: outbox.rows,
      inbound,
      editions: progress,
    },
    words: [
      ...(halted ? [`HALTED    nothing is mailed: ${halted.why}. See: paperboy resume --after-restore --help`] : []),
      `Worker    ${worker ? 'running' : 'none is running'}`,
      `Readers   ${listed(readers.map((r) => `${r.count.toLocaleString('en')} ${r.status}`))}`,
      `Sign-ups  ${signUpsInWords(signUps)}`,
      `Papers    ${papers.papers.toLocaleString('en')} on ${papers.days} list days${papers.newest ? `, the newest ${papers.newest}` : ''}`,
      ...sources.map((source) => `Source    ${sourceInWords(source)}`),
      `Mails     ${listed(
        outbox.rows.map((r) => `${r.count} service mails ${r.state}`),
        'no service mail waiting',
      )}`,
      ...inboundInWords(inbound).map((line) => `Inbound   ${line}`),
      ...progress.flatMap((e) => [
        `Edition   ${e.date} ${e.kind} ${e.held ? 'held ' : ''}${e.state}: ${progressInWords(e)}`,
        ...(e.pausedWhy ? [`${INDENT}paused itself: ${e.pausedWhy}`] : []),
        ...(e.sending ? sendingInWords(e, e.sending, services.now()) : []),
      ]),
    ].join('\n'),
  }
}

const INDENT = ' '.repeat(10)

function sendingInWords(
  progress: Progress,
  { plan, ...details }: SendingDetails & { plan: SendPlan },
  at: Date,
): string[] {
  const share = progress.total === 0 ? 1 : (progress.total - progress.open) / progress.total
  const bar = `${'█'.repeat(Math.round(share * 30)).padEnd(30, '░')} ${Math.floor(share * 100)} %`
  return [bar, planInWords(plan, at), ...detailsInWords(details)].map((line) => INDENT + line)
}

const listed = (parts: string[], none = 'none'): string => (parts.length > 0 ? parts.join(', ') : none)

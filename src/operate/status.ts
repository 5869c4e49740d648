import { desc, sql } from 'drizzle-orm'
import { describeProgress, type Progress, progressOf } from '../delivery/ledger/progress.ts'
import { whyHalted } from '../delivery/ledger/restore-guard.ts'
import { describeSendingDetails, type SendingDetails, sendingDetails } from '../delivery/ledger/sending-details.ts'
import { describePlan, type SendPlan, sendPlan } from '../delivery/plan/send-plan.ts'
import { describeInbound, reportInbound } from '../inbound/report.ts'
import { counted } from '../lib/counted.ts'
import { describeSource, reportSources } from '../papers/ingest/source-health.ts'
import { describeRelays, type RelayReport, reportRelays } from '../relay/report.ts'
import { number, query, queryOne, text } from '../runtime/db/query.ts'
import { editions, subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { countWorkers } from '../runtime/worker-presence.ts'
import { describeSignUps, reportSignUps } from '../subscription/signup-protection/report.ts'
import { readUnsubscribeReasons } from '../subscription/unsubscribe-reasons.ts'
import { type Attention, describeProblem } from './attention/attention.ts'
import { findAttention } from './attention/find.ts'

/** Few, since each one counts its ledger rows. */
const EDITIONS_SHOWN = 5

interface EditionStatus extends Progress {
  kind: 'daily' | 'weekly'
  date: string
  state: string
  held: boolean
  pausedWhy: string | null
  /** set while sending or paused */
  sending?: SendingDetails & { plan: SendPlan }
}

const LEAVING_DAYS = 30

/** Status of the service, without editions. */
export interface ServiceStatus {
  halted: Awaited<ReturnType<typeof whyHalted>> | null
  workers: number
  readers: Record<string, number>
  papers: { papers: number; days: number; newest: string | null }
  sources: Awaited<ReturnType<typeof reportSources>>
  signUps: Awaited<ReturnType<typeof reportSignUps>>
  outbox: { state: string; count: number }[]
  inbound: Awaited<ReturnType<typeof reportInbound>>
  /** why readers unsubscribed in the last 30 days, as counts */
  leaving: Awaited<ReturnType<typeof readUnsubscribeReasons>>
  relays: RelayReport
}

/** Status of the service and its latest editions. */
export interface Status extends ServiceStatus {
  /** what needs a person */
  attention: Attention[]
  /** the newest ones */
  editions: EditionStatus[]
}

export async function readServiceStatus(services: Pick<Services, 'db' | 'config' | 'now'>): Promise<ServiceStatus> {
  const { db } = services
  const readers = await db
    .select({ status: subscribers.status, count: sql<number>`count(*)::int` })
    .from(subscribers)
    .groupBy(subscribers.status)
  const papers = await queryOne(db, { papers: number, days: number, newest: text.nullable() })`
    SELECT count(*)::int AS papers, count(DISTINCT list_day)::int AS days, max(list_day)::text AS newest FROM papers`
  const outbox = await query(db, { state: text, count: number })`
    SELECT state, count(*)::int AS count FROM outbox WHERE settled_at IS NULL OR state = 'unknown' GROUP BY state`
  return {
    halted: (await whyHalted(db)) ?? null,
    workers: await countWorkers(db),
    readers: Object.fromEntries(readers.map((r) => [r.status, r.count])),
    papers,
    sources: await reportSources(services),
    signUps: await reportSignUps(services),
    outbox,
    inbound: await reportInbound(services),
    leaving: await readUnsubscribeReasons(db, services.now(), LEAVING_DAYS),
    relays: await reportRelays(services),
  }
}

export async function readStatus(services: Pick<Services, 'db' | 'config' | 'now'>): Promise<Status> {
  const latest = await services.db
    .select()
    .from(editions)
    .orderBy(desc(editions.date), editions.kind)
    .limit(EDITIONS_SHOWN)
  return {
    ...(await readServiceStatus(services)),
    attention: await findAttention(services),
    editions: await Promise.all(latest.map((edition) => editionStatus(services, edition))),
  }
}

async function editionStatus(
  services: Pick<Services, 'db' | 'config' | 'now'>,
  { id, kind, date, state, held, pausedWhy }: typeof editions.$inferSelect,
): Promise<EditionStatus> {
  const underWay = state === 'sending' || state === 'paused'
  return {
    ...{ kind, date, state, held, pausedWhy },
    ...(await progressOf(services, id)),
    ...(underWay
      ? { sending: { ...(await sendingDetails(services, id)), plan: await sendPlan(services, id) } }
      : undefined),
  }
}

/** Status as lines for a terminal. */
export const describeStatus = (status: Status, at: Date): string =>
  [
    ...status.attention.map(
      ({ state, part, remedy, ...problem }) =>
        `${state === 'error' ? 'ERROR  ' : 'Warning'}   ${part}: ${describeProblem(problem)}\n${INDENT}→ ${remedy}`,
    ),
    `Workers   ${status.workers === 0 ? 'not running' : `${status.workers} running`}`,
    `Readers   ${listed(Object.entries(status.readers).map(([name, count]) => `${count.toLocaleString('en')} ${name}`))}`,
    `Sign-ups  ${describeSignUps(status.signUps)}`,
    `Papers    ${describePapers(status.papers)}`,
    ...status.sources.map((source) => `Source    ${describeSource(source)}`),
    `Emails    ${listed(
      status.outbox.map((r) => `${counted(r.count, 'service email')} ${r.state}`),
      'no service email waiting',
    )}`,
    ...describeInbound(status.inbound).map((line) => `Inbound   ${line}`),
    ...(status.leaving.length > 0
      ? [
          `Leaving   ${listed(status.leaving.map(({ reason, count }) => `${count} ${reason}`))}, in ${LEAVING_DAYS} days`,
        ]
      : []),
    ...describeRelays(status.relays, at).map((line) => `Relays    ${line}`),
    ...status.editions.flatMap((e) => [
      `Edition   ${e.date} ${e.kind} ${e.held ? 'held ' : ''}${e.state}: ${describeProgress(e)}`,
      ...(e.pausedWhy ? [`${INDENT}paused automatically: ${e.pausedWhy}`] : []),
      ...(e.sending ? describeSending(e, e.sending, at) : []),
    ]),
  ].join('\n')

const describePapers = ({ papers, days, newest }: Status['papers']): string =>
  `${papers.toLocaleString('en')} on ${counted(days, 'list day')}${newest ? `, newest ${newest}` : ''}`

const INDENT = ' '.repeat(10)

function describeSending(
  progress: Progress,
  { plan, ...details }: SendingDetails & { plan: SendPlan },
  at: Date,
): string[] {
  const share = progress.total === 0 ? 1 : (progress.total - progress.open) / progress.total
  const bar = `${'█'.repeat(Math.round(share * 30)).padEnd(30, '░')} ${Math.floor(share * 100)} %`
  return [bar, describePlan(plan, at), ...describeSendingDetails(details)].map((line) => INDENT + line)
}

const listed = (parts: string[], none = 'none'): string => (parts.length > 0 ? parts.join(', ') : none)

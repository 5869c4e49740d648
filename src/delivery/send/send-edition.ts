import { setTimeout as delay } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { type EditionKey, findEdition } from '../../edition/draft/control.ts'
import { release } from '../../edition/draft/release.ts'
import { isConnectionError } from '../../lib/connection-error.ts'
import { counted } from '../../lib/counted.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { DRAIN_PATIENCE_MS } from '../../relay/relay.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { hasWorker } from '../../runtime/worker-presence.ts'
import { dueBatches } from '../ledger/batches.ts'
import { type Progress, progressOf } from '../ledger/progress.ts'
import { whyHalted } from '../ledger/restore-guard.ts'
import { settleEditions } from '../ledger/settle-editions.ts'
import { countAudience } from '../plan/audience.ts'
import { planAll } from '../plan/plan-all.ts'
import { planDue } from '../plan/plan-due.ts'
import { describePlan, sendPlan } from '../plan/send-plan.ts'
import { deliverBatch } from './deliver-batch.ts'
import { BATCHES_AT_ONCE, type DeliveryContext, openDeliveryContext } from './delivery-context.ts'

export interface SendOptions {
  /** send at once to all active readers who asked for its kind, instead of at their hour */
  now: boolean
  /** with `now`: also to readers who asked for another kind. Stays so for later orders of this edition */
  everyone?: boolean
  /** wait until no delivery is deferred, also through database restarts */
  wait: boolean
  stop: AbortSignal
  /** receives the send plan before sending starts */
  onPlan?: (words: string) => void
  onProgress: (progress: Progress) => void
}

/** How often progress is reported. Less often for large editions: counting takes at most a twentieth of the time. */
const REPORT_EVERY_MS = 250
const COUNTING_FACTOR = 20
const MOST_WOKEN = 200
/** How often to check again whether a worker runs: it may die. */
const ASK_EVERY_MS = 5_000
/** With `wait`: how often, and for how long, an unreachable database is retried. */
const TRY_AGAIN_MS = 1_000
const AWAY_FOR_MS = 15 * 60_000

/**
 * Sends an edition: releases a draft, plans its readers, and follows it until no work is left. A running worker sends it; without one,
 * this process does.
 *
 * @returns progress at the end; deliveries still open are deferred, or wait because no relay can be used
 * @throws PaperboyError EDITION_NOT_FOUND | EDITION_STATE | MAILING_HALTED
 */
export async function sendEdition(services: Services, key: EditionKey, options: SendOptions): Promise<Progress> {
  const { queues } = services
  const retrying = options.wait ? retryWhileDatabaseAway(services, options.stop) : <T>(work: () => Promise<T>) => work()
  const edition = await retrying(() => releasedEdition(services, key))
  let watched = await retrying(() => hasWorker(services.db))
  let woken = 0
  const wake = (batchIds: readonly number[]) => {
    // Enough to start many workers: each continues with the next due batch.
    for (const batchId of watched && woken < MOST_WOKEN ? batchIds : []) {
      woken++
      void queues.wake('send-batch', { batchId }, `${batchId}-0`)
    }
  }
  if (options.now) {
    await retrying(() => storeOrder(services, edition, options))
    await retrying(() => planAll(services, edition.id, { onPlanned: wake }))
  } else wake((await retrying(() => planDue(services))).batchIds)
  options.onPlan?.(describePlan(await retrying(() => sendPlan(services, edition.id)), services.now()))
  await using local = openLocalContext(services, options.stop)
  /** Returns the progress at the end, or undefined while there is more to do. */
  const step = async (): Promise<Progress | undefined> => {
    if (!watched) await workDueBatches(services, await local.get(), edition.id, options)
    // A batch sent here may just have raised the guard; waiting for due batches would then never end.
    await refuseIfHalted(services)
    const began = performance.now()
    const progress = await progressOf(services, edition.id)
    options.onProgress(progress)
    const pause = Math.max(REPORT_EVERY_MS, (performance.now() - began) * COUNTING_FACTOR)
    const stopped = options.stop.aborted || (await isStopped(services, key))
    if (stopped || !(progress.working || (options.wait && progress.open > 0))) {
      await settleEditions(services)
      return progress
    }
    await delay(pause, undefined, { signal: options.stop }).catch(() => {})
    return undefined
  }
  for (let asked = Date.now(); ; ) {
    const end = await retrying(step)
    if (end) return end
    if (Date.now() - asked > ASK_EVERY_MS) {
      asked = Date.now()
      watched = await retrying(() => hasWorker(services.db))
    }
  }
}

/** @throws PaperboyError EDITION_NOT_FOUND | EDITION_STATE | MAILING_HALTED */
async function releasedEdition(services: Services, key: EditionKey) {
  await refuseIfHalted(services)
  await release(services, key)
  const edition = await findEdition(services, key)
  if (edition.state === 'cancelled' || edition.state === 'paused') {
    throw new PaperboyError('EDITION_STATE', `The ${key.kind} edition of ${key.date} is ${edition.state}.`)
  }
  return edition
}

/** Retries work while the database is unreachable. All such work is safe to repeat. */
const retryWhileDatabaseAway =
  ({ log }: Pick<Services, 'log'>, stop: AbortSignal) =>
  async <T>(work: () => Promise<T>): Promise<T> => {
    for (let awaySince: number | undefined; ; ) {
      try {
        return await work()
      } catch (error) {
        awaySince ??= performance.now()
        const away = isConnectionError(error) && performance.now() - awaySince < AWAY_FOR_MS
        if (!away || stop.aborted) throw error
        log.warn({ err: error }, 'the database does not answer; trying again')
        await delay(TRY_AGAIN_MS, undefined, { signal: stop }).catch(() => {})
      }
    }
  }

/** @throws PaperboyError MAILING_HALTED */
async function refuseIfHalted({ db }: Pick<Services, 'db'>): Promise<void> {
  const halted = await whyHalted(db)
  if (!halted) return
  const words = `Sending is halted: ${halted.why}. See: paperboy resume --help`
  throw new PaperboyError('MAILING_HALTED', words)
}

/** Whether the edition was paused or cancelled since. */
const isStopped = async (services: Services, key: EditionKey): Promise<boolean> =>
  ['paused', 'cancelled'].includes((await findEdition(services, key)).state)

/** Stores the order to send to all, which a worker finishes if this process dies. Reports omitted readers. */
async function storeOrder(
  services: Services,
  edition: typeof editions.$inferSelect,
  { everyone = false, onPlan }: SendOptions,
) {
  const { others } = await countAudience(services, edition)
  const [stored] = await services.db
    .update(editions)
    // An earlier order to everyone stands. Without it, its unsent deliveries would be skipped.
    .set({ sendAllAt: services.now(), plannedAt: null, ...(everyone ? { toEveryone: true } : {}) })
    .where(eq(editions.id, edition.id))
    .returning({ toEveryone: editions.toEveryone })
  if (others > 0) onPlan?.(describeOthers(others, edition.kind, stored!.toEveryone))
}

function describeOthers(others: number, kind: EditionKey['kind'], toEveryone: boolean): string {
  const count = counted(others, 'reader')
  return toEveryone
    ? `To everyone: also to ${count} who did not ask for ${kind} emails.`
    : `${count} did not ask for ${kind} emails and ${others === 1 ? 'is' : 'are'} left out. To send to everyone: --everyone`
}

/** Sends this edition's due batches in this process and reports progress. */
async function workDueBatches(services: Services, context: DeliveryContext, editionId: number, options: SendOptions) {
  let nextReportAt = 0
  const reporting = setInterval(async () => {
    const began = performance.now()
    if (began < nextReportAt) return
    nextReportAt = Number.POSITIVE_INFINITY
    await progressOf(services, editionId).then(options.onProgress, () => {})
    nextReportAt = performance.now() + (performance.now() - began) * COUNTING_FACTOR
  }, REPORT_EVERY_MS)
  try {
    const due = (await dueBatches(services.db, services.now(), 10_000, editionId)).values()
    const work = async () => {
      for (const { batchId } of due) {
        if (options.stop.aborted) return
        await deliverBatch(context, batchId, options.stop)
      }
    }
    const ends = await Promise.allSettled(Array.from({ length: BATCHES_AT_ONCE }, work))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  } finally {
    clearInterval(reporting)
  }
}

/** Returns this process's delivery context, opened on first use. */
function openLocalContext(services: Services, stop: AbortSignal) {
  let context: DeliveryContext | undefined
  stop.addEventListener('abort', () => setTimeout(() => context?.relay.close(), DRAIN_PATIENCE_MS).unref())
  return {
    async get() {
      context ??= await openDeliveryContext(services)
      return context
    },
    [Symbol.asyncDispose]: async () => context?.relay.close(),
  }
}

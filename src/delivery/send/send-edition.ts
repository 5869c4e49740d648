import { setTimeout as delay } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { type EditionKey, findEdition } from '../../edition/draft/control.ts'
import { release } from '../../edition/draft/release.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { DRAIN_PATIENCE_MS } from '../../relay/relay.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { workerRuns } from '../../runtime/worker-presence.ts'
import { batchesToDo } from '../ledger/batches.ts'
import { type Progress, progressOf } from '../ledger/progress.ts'
import { whyHalted } from '../ledger/restore-guard.ts'
import { settleEditions } from '../ledger/settle-editions.ts'
import { planAll, planDue } from '../plan/plan-deliveries.ts'
import { planInWords, sendPlan } from '../plan/send-plan.ts'
import { deliverBatch } from './deliver-batch.ts'
import { BATCHES_AT_ONCE, type DeliverDeps, openHands } from './delivery-context.ts'

export interface SendOptions {
  /** all active readers at once, instead of at their hour */
  now: boolean
  /** stay until nothing is deferred either */
  wait: boolean
  stop: AbortSignal
  /** hears before anything is sent how long it will take */
  onPlan?: (words: string) => void
  onProgress: (progress: Progress) => void
}

/** How often progress is told; of a large edition less often, since it is counted: a twentieth of the time goes into that at most. */
const LOOK_EVERY_MS = 250
const SHARE_OF_COUNTING = 20
const MOST_WOKEN = 200
/** How often it is asked anew whether a worker runs: the one that is watched may die. */
const ASK_EVERY_MS = 5_000

/**
 * Sends an edition: releases it if it is a draft, plans its readers, and sees it through until nobody works on it any more. A
 * running worker does the work and is watched; where none runs, it is done here.
 *
 * @returns how it stands at the end; what is open then is deferred, or rests because the relay cannot be used
 * @throws PaperboyError EDITION_NOT_FOUND | EDITION_STATE | MAILING_HALTED
 */
export async function sendEdition(services: Services, key: EditionKey, options: SendOptions): Promise<Progress> {
  const { queues } = services
  await refuseIfHalted(services)
  await release(services, key)
  const edition = await findEdition(services, key)
  if (edition.state === 'cancelled' || edition.state === 'paused') {
    throw new PaperboyError('EDITION_STATE', `The ${key.kind} edition of ${key.date} is ${edition.state}.`)
  }
  let watched = await workerRuns(services.db)
  let woken = 0
  const wake = (batchIds: readonly number[]) => {
    // Enough for many workers to begin with: who is done with one goes on to the next that is due.
    for (const batchId of watched && woken < MOST_WOKEN ? batchIds : []) {
      woken++
      void queues.wake('send-batch', { batchId }, `${batchId}-0`)
    }
  }
  if (options.now) await orderAll(services, edition.id, wake)
  else wake((await planDue(services)).batchIds)
  options.onPlan?.(planInWords(await sendPlan(services, edition.id), services.now()))
  await using own = ownHands(services, options.stop)
  for (let asked = Date.now(); ; ) {
    if (!watched) await workDueBatches(services, await own.deps(), edition.id, options)
    // Also by what a batch of ours has just found: what is due then would be waited for without end.
    await refuseIfHalted(services)
    const began = performance.now()
    const progress = await progressOf(services, edition.id)
    options.onProgress(progress)
    const pause = Math.max(LOOK_EVERY_MS, (performance.now() - began) * SHARE_OF_COUNTING)
    const stopped = options.stop.aborted || (await isStopped(services, key))
    if (stopped || !(progress.working || (options.wait && progress.open > 0))) {
      await settleEditions(services)
      return progress
    }
    await delay(pause, undefined, { signal: options.stop }).catch(() => {})
    if (Date.now() - asked > ASK_EVERY_MS) {
      asked = Date.now()
      watched = await workerRuns(services.db)
    }
  }
}

/** @throws PaperboyError MAILING_HALTED */
async function refuseIfHalted({ db }: Pick<Services, 'db'>): Promise<void> {
  const halted = await whyHalted(db)
  if (!halted) return
  const words = `Nothing is mailed: ${halted.why}. See: paperboy resume --after-restore --help`
  throw new PaperboyError('MAILING_HALTED', words)
}

/** Somebody paused or cancelled it meanwhile. */
const isStopped = async (services: Services, key: EditionKey): Promise<boolean> =>
  ['paused', 'cancelled'].includes((await findEdition(services, key)).state)

async function orderAll(services: Services, editionId: number, onPlanned: (batchIds: readonly number[]) => void) {
  await services.db
    .update(editions)
    .set({ sendAllAt: services.now(), plannedAt: null })
    .where(eq(editions.id, editionId))
  await planAll(services, editionId, { onPlanned })
}

/** Hands over what is due of this edition, telling how it goes meanwhile, one look at a time. */
async function workDueBatches(services: Services, deps: DeliverDeps, editionId: number, options: SendOptions) {
  let lookAgainAt = 0
  const telling = setInterval(async () => {
    const began = performance.now()
    if (began < lookAgainAt) return
    lookAgainAt = Number.POSITIVE_INFINITY
    await progressOf(services, editionId).then(options.onProgress, () => {})
    lookAgainAt = performance.now() + (performance.now() - began) * SHARE_OF_COUNTING
  }, LOOK_EVERY_MS)
  try {
    const due = (await batchesToDo(services.db, services.now(), 10_000, editionId)).values()
    const one = async () => {
      for (const { batchId } of due) {
        if (options.stop.aborted) return
        await deliverBatch(deps, batchId, options.stop)
      }
    }
    const ends = await Promise.allSettled(Array.from({ length: BATCHES_AT_ONCE }, one))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  } finally {
    clearInterval(telling)
  }
}

/** What it takes to deliver in this process, opened when first needed. */
function ownHands(services: Services, stop: AbortSignal) {
  let deps: DeliverDeps | undefined
  stop.addEventListener('abort', () => setTimeout(() => deps?.relay.close(), DRAIN_PATIENCE_MS).unref())
  return {
    async deps() {
      deps ??= await openHands(services)
      return deps
    },
    [Symbol.asyncDispose]: async () => deps?.relay.close(),
  }
}

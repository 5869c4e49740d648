import { setTimeout as delay } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { type EditionKey, findEdition } from '../../edition/draft/control.ts'
import { release } from '../../edition/draft/release.ts'
import { isDatabaseAway } from '../../lib/database-away.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { DRAIN_PATIENCE_MS } from '../../relay/relay.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { workerRuns } from '../../runtime/worker-presence.ts'
import { dueBatches } from '../ledger/batches.ts'
import { type Progress, progressOf } from '../ledger/progress.ts'
import { whyHalted } from '../ledger/restore-guard.ts'
import { settleEditions } from '../ledger/settle-editions.ts'
import { countAudience } from '../plan/audience.ts'
import { planAll, planDue } from '../plan/plan-deliveries.ts'
import { planInWords, sendPlan } from '../plan/send-plan.ts'
import { deliverBatch } from './deliver-batch.ts'
import { BATCHES_AT_ONCE, type DeliveryContext, openDeliveryContext } from './delivery-context.ts'

export interface SendOptions {
  /** at once to all active readers who asked for its kind, instead of at their hour */
  now: boolean
  /** with `now`: to readers who asked for another kind too */
  everyone?: boolean
  /** stay until nothing is deferred either, also while the database restarts */
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
/** How often a database that cannot be reached is tried again under `wait`, and for how long in a row. */
const TRY_AGAIN_MS = 1_000
const AWAY_FOR_MS = 15 * 60_000

/**
 * Sends an edition: releases it if it is a draft, plans its readers, and sees it through until nobody works on it any more. A
 * running worker does the work and is watched; where none runs, it is done here.
 *
 * @returns how it stands at the end; what is open then is deferred, or rests because the relay cannot be used
 * @throws PaperboyError EDITION_NOT_FOUND | EDITION_STATE | MAILING_HALTED
 */
export async function sendEdition(services: Services, key: EditionKey, options: SendOptions): Promise<Progress> {
  const { queues } = services
  const retrying = options.wait ? retryWhileDatabaseAway(services, options.stop) : <T>(work: () => Promise<T>) => work()
  const edition = await retrying(() => releasedEdition(services, key))
  let watched = await retrying(() => workerRuns(services.db))
  let woken = 0
  const wake = (batchIds: readonly number[]) => {
    // Enough for many workers to begin with: who is done with one goes on to the next that is due.
    for (const batchId of watched && woken < MOST_WOKEN ? batchIds : []) {
      woken++
      void queues.wake('send-batch', { batchId }, `${batchId}-0`)
    }
  }
  if (options.now) {
    await retrying(() => order(services, edition, options))
    await retrying(() => planAll(services, edition.id, { onPlanned: wake }))
  } else wake((await retrying(() => planDue(services))).batchIds)
  options.onPlan?.(planInWords(await retrying(() => sendPlan(services, edition.id)), services.now()))
  await using own = localContext(services, options.stop)
  /** @returns how it stands at the end; undefined while it is to be looked at again */
  const look = async (): Promise<Progress | undefined> => {
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
    return undefined
  }
  for (let asked = Date.now(); ; ) {
    const end = await retrying(look)
    if (end) return end
    if (Date.now() - asked > ASK_EVERY_MS) {
      asked = Date.now()
      watched = await retrying(() => workerRuns(services.db))
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

/** Tries work again while the database cannot be reached. All of it may be repeated: what was done is found done. */
const retryWhileDatabaseAway =
  ({ log }: Pick<Services, 'log'>, stop: AbortSignal) =>
  async <T>(work: () => Promise<T>): Promise<T> => {
    for (let awaySince: number | undefined; ; ) {
      try {
        return await work()
      } catch (error) {
        awaySince ??= performance.now()
        const away = isDatabaseAway(error) && performance.now() - awaySince < AWAY_FOR_MS
        if (!away || stop.aborted) throw error
        log.warn({ err: error }, 'the database cannot be reached; trying again')
        await delay(TRY_AGAIN_MS, undefined, { signal: stop }).catch(() => {})
      }
    }
  }

/** @throws PaperboyError MAILING_HALTED */
async function refuseIfHalted({ db }: Pick<Services, 'db'>): Promise<void> {
  const halted = await whyHalted(db)
  if (!halted) return
  const words = `Nothing is mailed: ${halted.why}. See: paperboy resume --help`
  throw new PaperboyError('MAILING_HALTED', words)
}

/** Somebody paused or cancelled it meanwhile. */
const isStopped = async (services: Services, key: EditionKey): Promise<boolean> =>
  ['paused', 'cancelled'].includes((await findEdition(services, key)).state)

/** Notes the operator's order, which a worker plans to its end if this process dies, and says who is left out. */
async function order(
  services: Services,
  edition: typeof editions.$inferSelect,
  { everyone = false, onPlan }: SendOptions,
) {
  const { others } = await countAudience(services, edition)
  await services.db
    .update(editions)
    .set({ sendAllAt: services.now(), plannedAt: null, toEveryone: everyone })
    .where(eq(editions.id, edition.id))
  if (others > 0) onPlan?.(othersInWords(others, edition.kind, everyone))
}

function othersInWords(others: number, kind: EditionKey['kind'], everyone: boolean): string {
  const count = `${others.toLocaleString('en')} ${others === 1 ? 'reader' : 'readers'}`
  return everyone
    ? `To everyone: also to ${count} who did not ask for ${kind} emails.`
    : `${count} did not ask for ${kind} emails and ${others === 1 ? 'is' : 'are'} left out. To send to everyone: --everyone`
}

/** Hands over what is due of this edition, telling how it goes meanwhile, one look at a time. */
async function workDueBatches(services: Services, deps: DeliveryContext, editionId: number, options: SendOptions) {
  let lookAgainAt = 0
  const telling = setInterval(async () => {
    const began = performance.now()
    if (began < lookAgainAt) return
    lookAgainAt = Number.POSITIVE_INFINITY
    await progressOf(services, editionId).then(options.onProgress, () => {})
    lookAgainAt = performance.now() + (performance.now() - began) * SHARE_OF_COUNTING
  }, LOOK_EVERY_MS)
  try {
    const due = (await dueBatches(services.db, services.now(), 10_000, editionId)).values()
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
function localContext(services: Services, stop: AbortSignal) {
  let deps: DeliveryContext | undefined
  stop.addEventListener('abort', () => setTimeout(() => deps?.relay.close(), DRAIN_PATIENCE_MS).unref())
  return {
    async deps() {
      deps ??= await openDeliveryContext(services)
      return deps
    },
    [Symbol.asyncDispose]: async () => deps?.relay.close(),
  }
}

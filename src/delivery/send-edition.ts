import { setTimeout as delay } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { workerRuns } from '../../workers/presence.ts'
import { editions } from '../db/schema.ts'
import { type EditionKey, findEdition } from '../edition/control.ts'
import { release } from '../edition/release.ts'
import { PaperboyError } from '../errors.ts'
import type { Services } from '../services.ts'
import { batchesToDo } from './batches.ts'
import { type DeliverDeps, deliverBatch } from './deliver-batch.ts'
import { digestPress } from './digest-press.ts'
import { planAll, planDue } from './plan-deliveries.ts'
import { type Progress, progressOf, settleEditions } from './progress.ts'
import { openRelay } from './relay.ts'

export interface SendOptions {
  /** all active readers at once, instead of at their hour */
  now: boolean
  /** stay until nothing is deferred either */
  wait: boolean
  stop: AbortSignal
  onProgress: (progress: Progress) => void
}

const LOOK_EVERY_MS = 250

/**
 * Sends an edition: releases it if it is a draft, plans its readers, and sees it through until nothing is queued or handed. A
 * running worker does the work and is watched; where none runs, it is done here.
 *
 * @returns how it stands at the end
 * @throws PaperboyError EDITION_NOT_FOUND | EDITION_STATE
 */
export async function sendEdition(services: Services, key: EditionKey, options: SendOptions): Promise<Progress> {
  const { db, config, queues } = services
  await release(services, key)
  const edition = await findEdition(services, key)
  if (edition.state === 'cancelled' || edition.state === 'paused') {
    throw new PaperboyError('EDITION_STATE', `The ${key.kind} edition of ${key.date} is ${edition.state}.`)
  }
  const planned = options.now ? await orderAll(services, edition.id) : await planDue(services)
  const watched = await workerRuns(config.DATABASE_URL)
  if (watched) for (const batchId of planned.batchIds) await queues.wake('send-batch', { batchId }, `${batchId}-0`)
  await using own = watched ? undefined : openOwn(services)
  for (;;) {
    if (own) await workDueBatches(services, own.deps, edition.id, options)
    const progress = await progressOf(services, edition.id)
    options.onProgress(progress)
    const left = options.wait ? progress.open : progress.inHand
    if (left === 0 || options.stop.aborted) {
      await settleEditions(db, services.now())
      return progress
    }
    await delay(LOOK_EVERY_MS, undefined, { signal: options.stop }).catch(() => {})
  }
}

async function orderAll(services: Services, editionId: number) {
  await services.db
    .update(editions)
    .set({ sendAllAt: services.now(), plannedAt: null })
    .where(eq(editions.id, editionId))
  return planAll(services, editionId)
}

/** Hands over what is due of this edition, telling how it goes meanwhile. */
async function workDueBatches(services: Services, deps: DeliverDeps, editionId: number, options: SendOptions) {
  const telling = setInterval(() => {
    progressOf(services, editionId).then(options.onProgress, () => {})
  }, LOOK_EVERY_MS)
  try {
    for (const { batchId } of await batchesToDo(services.db, services.now(), 10_000, editionId)) {
      if (options.stop.aborted) return
      await deliverBatch(deps, batchId, options.stop)
    }
  } finally {
    clearInterval(telling)
  }
}

function openOwn(services: Services) {
  const relay = openRelay(services.config.SMTP_URL, services.config.SMTP_CONNECTIONS)
  return {
    deps: { ...services, relay, press: digestPress(services) },
    [Symbol.asyncDispose]: async () => relay.close(),
  }
}

import { batches } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { BATCH_SIZE } from '../plan/plan-deliveries.ts'
import { retryDelayMs } from './attempts.ts'
import type { RecordedOutcome } from './deliveries.ts'

/** How long a deferred delivery rests after its nth hand-over: 5, 10, 20 … minutes up to 4 hours, ± 20 % so that a crowd spreads. */
export const digestRetryDelayMs = (handOvers: number): number => retryDelayMs('digest', handOvers)

/** Where deliveries go that are to be tried again. */
export interface RetryBatches {
  /** Sets `later` on those outcomes that are to be tried again. */
  place(editionId: number, group: readonly RecordedOutcome[]): Promise<void>
}

/** Deliveries that are deferred within this time share a batch, so that slow sending does not cut an edition into batches of one. */
const SHARED_FOR_MS = 10_000

/**
 * Finds later batches, one for each edition and number of hand-overs so far, over all batches of this process. A relay that is down says
 * nothing about a delivery: that stays in its batch, which rests as a whole. One that refused this very message rests on its own.
 */
export function openRetryBatches({ db, config, now }: Pick<Services, 'db' | 'config' | 'now'>): RetryBatches {
  const made = new Map<string, { batchId: number; until: number; room: number }>()
  const make = async (editionId: number, handOvers: number) => {
    const at = now().getTime()
    for (const [key, { until }] of made) if (until < at) made.delete(key)
    const dueAt = new Date(at + digestRetryDelayMs(handOvers))
    const [row] = await db.insert(batches).values({ editionId, dueAt }).returning({ id: batches.id })
    return { batchId: row!.id, until: at + SHARED_FOR_MS, room: BATCH_SIZE }
  }
  return {
    async place(editionId, group) {
      for (const one of group) {
        const { state, relayDown, aboutUs } = one.outcome
        const again = state === 'deferred' || (state === 'unknown' && config.UNKNOWN_POLICY === 'resend')
        if (!again || (relayDown && !aboutUs)) continue
        const key = `${editionId} ${one.handOvers}`
        let batch = made.get(key)
        if (!batch || batch.room === 0 || batch.until < now().getTime()) {
          batch = await make(editionId, one.handOvers)
          made.set(key, batch)
        }
        batch.room--
        one.later = batch.batchId
      }
    },
  }
}

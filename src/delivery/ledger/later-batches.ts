import type { Db } from '../../runtime/db/database.ts'
import { batches } from '../../runtime/db/schema.ts'
import { waitAfterAttempt } from './attempts.ts'
import type { Settled } from './deliveries.ts'

/** How long a deferred delivery rests after its nth hand-over: 5, 10, 20 … minutes up to 4 hours, ± 20 % so that a crowd spreads. */
export const waitAfter = (handOvers: number): number => waitAfterAttempt('digest', handOvers)

/**
 * Finds later batches for what is to be tried again, one for each number of hand-overs so far. What a relay that is down did to
 * a delivery says nothing about it: that stays in its batch, which rests as a whole.
 */
export function laterBatches(db: Db, editionId: number, now: () => Date, policy: 'resend' | 'hold') {
  const made = new Map<number, number>()
  return {
    /** Sets `later` on those outcomes that are to be tried again. */
    async place(group: readonly Settled[]): Promise<void> {
      for (const one of group) {
        const { state } = one.outcome
        const again = state === 'deferred' || (state === 'unknown' && policy === 'resend')
        if (!again || one.outcome.relayDown) continue
        let batchId = made.get(one.handOvers)
        if (batchId === undefined) {
          const dueAt = new Date(now().getTime() + waitAfter(one.handOvers))
          const [batch] = await db.insert(batches).values({ editionId, dueAt }).returning({ id: batches.id })
          batchId = batch!.id
          made.set(one.handOvers, batchId)
        }
        one.later = batchId
      }
    },
  }
}

import { addressHash, parseAddress } from '../../mail/address.ts'
import { domainBucket } from '../../relay/rates.ts'
import type { Config } from '../../runtime/config/config.ts'
import type { Db } from '../../runtime/db/database.ts'
import { executePrepared } from '../../runtime/db/prepared.ts'
import type { Lease } from '../ledger/batches.ts'
import { type Handed, markHanded, type Pending } from '../ledger/deliveries.ts'
import { lockReaders } from '../ledger/repeats.ts'
import type { Admission } from './admit.ts'
import type { DeliverDeps } from './delivery-context.ts'
import type { OpenEdition } from './edition-renderer.ts'
import { isSpent } from './error-budget.ts'
import { openRecorder, type Tally } from './recorder.ts'

/**
 * Hands over a batch's deliveries: mark a group → compose → send → record, all at the same time and as far as the window lets. Memory
 * does not grow with the batch.
 *
 * @param ended once aborted, what is in flight is finished and recorded, and nothing more is begun
 * @returns how many got which outcome, and whether no relay can be used, or none may for a moment
 */
export async function streamBatch(
  deps: DeliverDeps,
  lease: Lease,
  admitted: Pending[],
  admission: Admission,
  ended: AbortSignal,
): Promise<{ tally: Tally; exhausted: boolean }> {
  const { relay, renderer, config, now, rates, log, window } = deps
  const edition = await renderer.open(lease.editionId)
  let held = 0
  const give = (count: number) => {
    held -= count
    window.give(count)
  }
  const { tally, record } = openRecorder(deps, lease, relay.connections, give)
  let exhausted = false
  let failure: unknown

  const handOver = async (handed: Handed) => {
    const message = edition.render(handed, now())
    const outcome = await relay.send(edition.envelopeFor(handed), message, ended)
    // Nobody holds on to what was accepted; of a cut connection one cannot be sure.
    if (outcome.state === 'accepted') edition.recycle(message)
    exhausted ||= outcome.relayDown === true
    await rates
      .answered(domainBucket(domainOfAddress(handed.email)), outcome)
      .catch((error) => log.warn({ err: error }, 'the rate of a domain was not recorded'))
    await record({
      subscriberId: handed.subscriberId,
      handOvers: handed.handOvers,
      outcome,
      ...(outcome.hardBounce ? { addressHash: hashOf(config, handed.email) } : {}),
    })
  }

  const inFlight = new Set<Promise<void>>()
  ended.addEventListener('abort', window.notify)
  try {
    let pending = admitted
    let slowed = rates.version()
    const spent = () =>
      isSpent(
        lease.answered + tally.accepted + tally.refused,
        lease.refused + tally.refused,
        config.ERROR_BUDGET_PERCENT,
      )
    for (let next = 0; next < pending.length && !ended.aborted && !exhausted && failure === undefined && !spent(); ) {
      const want = Math.min(relay.connections, pending.length - next)
      if (window.free() < want) {
        await window.changed()
        continue
      }
      if (slowed !== rates.version()) {
        slowed = rates.version()
        pending = await admission.admit(pending.slice(next))
        next = 0
        continue
      }
      held += want
      window.take(want)
      const room = await relay.room(want)
      if (room === 0) {
        exhausted = true
        break
      }
      const group = pending.slice(next, next + room)
      next += group.length
      const handed = await markGroup(deps, lease, edition, group)
      give(want - handed.length)
      for (const each of handed) {
        const sending = handOver(each).catch((error) => {
          failure ??= error
          window.notify()
        })
        inFlight.add(sending)
        void sending.then(() => inFlight.delete(sending))
      }
    }
  } catch (error) {
    failure ??= error
  }
  // Whatever went wrong, what was handed over is waited for and written down, while the lease is still being kept.
  await Promise.all(inFlight)
  give(held)
  ended.removeEventListener('abort', window.notify)
  // What could not be recorded stays `handed` under our lease, which dies with us and makes it unknown.
  if (failure !== undefined) throw failure
  return { tally, exhausted }
}

const domainOfAddress = (email: string): string => email.slice(email.lastIndexOf('@') + 1).toLowerCase()

const hashOf = ({ SUPPRESSION_KEY }: Pick<Config, 'SUPPRESSION_KEY'>, email: string): Buffer =>
  addressHash(SUPPRESSION_KEY, parseAddress(email).key)

/** Chooses what a group of readers is shown and marks them, in one go where they may be shown the same papers of another edition. */
async function markGroup({ db, config, now }: DeliverDeps, lease: Lease, edition: OpenEdition, group: Pending[]) {
  const mark = async (on: Db) =>
    markHanded(on, lease, await edition.select(group, on), edition.releases, config.UNKNOWN_POLICY, now())
  if (!edition.sharesPapers) return mark(db)
  return db.transaction(async (tx) => {
    await executePrepared(tx, lockReaders(group))
    return mark(tx)
  })
}

import type { Db } from '../db/database.ts'
import type { Services } from '../services.ts'
import { type Lease, leaseBatch, putOff, RENEW_EVERY_MS, renewLease, returnBatch } from './batches.ts'
import { type Handed, markHanded, type Pending, readPending, recordOutcomes, type Settled } from './deliveries.ts'
import type { DigestPress, OpenEdition } from './digest-press.ts'
import { laterBatches } from './later-batches.ts'
import { persistently } from './persistently.ts'
import type { Relay } from './relay.ts'
import { lockReaders } from './repeats.ts'

export interface DeliverDeps extends Pick<Services, 'db' | 'config' | 'log' | 'now'> {
  relay: Relay
  press: DigestPress
}

export type Tally = Record<Settled['outcome']['state'], number>

/** How long a batch rests at least, and at most, when no relay can be used: another worker's may do, so it is not kept back for long. */
const RELAY_REST_MS = { least: 1_000, most: 60_000 }

/**
 * Hands over what is left of one batch: lease → mark a group → compose → send → record, until nothing is left.
 *
 * At most twice as many deliveries as there are connections are marked and not yet recorded, so that a crash leaves no more than
 * that unknown. Marking, sending and recording go on at the same time; memory does not grow with the batch.
 *
 * @param stop when aborted, what is in flight is finished and recorded and the rest goes back: nothing becomes unknown
 * @returns how many got which outcome, or undefined when the batch was not to be had
 */
export async function deliverBatch(deps: DeliverDeps, batchId: number, stop: AbortSignal): Promise<Tally | undefined> {
  const { db, config, now, relay } = deps
  const rested = () => {
    const rest = Math.min(Math.max(relay.restMs(), RELAY_REST_MS.least), RELAY_REST_MS.most)
    return new Date(now().getTime() + rest)
  }
  if (relay.restMs() > 0) {
    await putOff(db, batchId, rested())
    return undefined
  }
  const lease = await leaseBatch(db, batchId, now())
  if (!lease) return undefined
  const halt = new AbortController()
  const ended = AbortSignal.any([stop, halt.signal])
  const renewal = keepLease(deps, lease, halt)
  try {
    const pending = await readPending(db, lease, config.UNKNOWN_POLICY)
    const { tally, relayDown } = await stream(deps, lease, pending, ended)
    await returnBatch(db, lease, config.UNKNOWN_POLICY, relayDown ? rested() : now())
    return tally
  } finally {
    clearInterval(renewal)
  }
}

async function stream(deps: DeliverDeps, lease: Lease, pending: Pending[], ended: AbortSignal) {
  const { db, relay, press, config, now } = deps
  const edition = await press.open(lease.editionId)
  const later = laterBatches(db, lease.editionId, now, config.UNKNOWN_POLICY)
  const most = 2 * relay.connections
  const tally: Tally = { accepted: 0, deferred: 0, refused: 0, unknown: 0, queued: 0 }
  let settled: Settled[] = []
  let unrecorded = 0
  let relayDown = false
  let recording = false
  let failure: unknown
  let progress = Promise.withResolvers<void>()
  const moved = () => {
    progress.resolve()
    progress = Promise.withResolvers()
  }

  /** Writes down what has come back, all at once, one write at a time: while one is under way the next group gathers. */
  const record = async () => {
    if (recording) return
    recording = true
    try {
      while (settled.length > 0) {
        const group = settled
        settled = []
        await persistently(deps, async () => {
          await later.place(group)
          await recordOutcomes(db, lease, group, now())
        })
        for (const { outcome } of group) tally[outcome.state]++
        unrecorded -= group.length
        moved()
      }
    } catch (error) {
      failure ??= error
    }
    recording = false
    moved()
  }

  const handOver = async (handed: Handed) => {
    const outcome = await relay.send(edition.envelope(handed), edition.digest(handed, now()), ended)
    relayDown ||= outcome.relayDown === true
    settled.push({ subscriberId: handed.subscriberId, handOvers: handed.handOvers, outcome })
    await record()
  }

  const inFlight = new Set<Promise<void>>()
  try {
    for (let next = 0; next < pending.length && !ended.aborted && !relayDown && failure === undefined; ) {
      const room = Math.min(relay.connections, most - unrecorded)
      if (room < Math.min(relay.connections, pending.length - next)) {
        await progress.promise
        continue
      }
      const group = pending.slice(next, next + room)
      next += group.length
      const handed = await markGroup(deps, lease, edition, group)
      unrecorded += handed.length
      for (const each of handed) {
        const sending = handOver(each).catch((error) => {
          failure ??= error
          moved()
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
  while (recording) await progress.promise
  // What could not be recorded stays `handed` under our lease, which dies with us and makes it unknown.
  if (failure !== undefined) throw failure
  return { tally, relayDown }
}

/** Chooses what a group of readers is shown and marks them, in one go where they may be shown the same papers of another edition. */
async function markGroup({ db, config, now }: DeliverDeps, lease: Lease, edition: OpenEdition, group: Pending[]) {
  const mark = async (on: Db) =>
    markHanded(on, lease, await edition.choose(group, on), edition.releases, config.UNKNOWN_POLICY, now())
  if (!edition.sharesPapers) return mark(db)
  return db.transaction(async (tx) => {
    await tx.execute(lockReaders(group))
    return mark(tx)
  })
}

function keepLease({ db, log }: DeliverDeps, lease: Lease, halt: AbortController): NodeJS.Timeout {
  return setInterval(() => {
    renewLease(db, lease).then(
      (ours) => {
        if (!ours) halt.abort()
      },
      (error) => log.warn({ code: error.code, batchId: lease.batchId }, 'a lease could not be renewed'),
    )
  }, RENEW_EVERY_MS)
}

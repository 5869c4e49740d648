import type { Config } from '../config.ts'
import type { Db } from '../db/database.ts'
import type { Services } from '../services.ts'
import { addressHash, parseAddress } from '../subscription/address.ts'
import { admit } from './admit.ts'
import { type Lease, leaseBatch, putOff, returnBatch } from './batches.ts'
import { type Handed, markHanded, type Pending, readPending, recordOutcomes, type Settled } from './deliveries.ts'
import type { DigestPress, OpenEdition } from './digest-press.ts'
import { isSpent, spend } from './error-budget.ts'
import { keepHold } from './keep-hold.ts'
import { laterBatches } from './later-batches.ts'
import { persistently } from './persistently.ts'
import { domainBucket, type Rates } from './rates.ts'
import type { Relay } from './relay.ts'
import { lockReaders } from './repeats.ts'
import { mayMail } from './restore-guard.ts'

export interface DeliverDeps extends Pick<Services, 'db' | 'config' | 'log' | 'now' | 'witness'> {
  relay: Relay
  rates: Rates
  press: DigestPress
}

export type Tally = Record<Settled['outcome']['state'], number>

/** How long a batch rests at least, and at most, when nothing can be sent: another worker's relay may do, so it is not kept back for long. */
const REST_MS = { least: 50, most: 60_000 }

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
  const { db, config, now, relay, log } = deps
  const rested = () => new Date(now().getTime() + Math.min(Math.max(relay.restMs(), REST_MS.least), REST_MS.most))
  if (relay.restMs() > 0) {
    await putOff(db, batchId, rested())
    return undefined
  }
  if (!(await mayMail(deps))) return undefined
  const lease = await leaseBatch(db, batchId, now())
  if (!lease) return undefined
  const { ended, release } = keepHold(deps, lease, stop)
  try {
    await deps.rates.refresh()
    const pending = await admit(deps, lease, await readPending(db, lease, config.UNKNOWN_POLICY))
    const { tally, exhausted } = await stream(deps, lease, pending, ended)
    const why = await spend(deps, lease, tally)
    if (why) log.error({ editionId: lease.editionId, reason: why }, 'the edition paused itself')
    await returnBatch(db, lease, config.UNKNOWN_POLICY, exhausted ? rested() : now())
    return tally
  } finally {
    release()
  }
}

async function stream(deps: DeliverDeps, lease: Lease, admitted: Pending[], ended: AbortSignal) {
  const { db, relay, press, config, now, rates, log } = deps
  const edition = await press.open(lease.editionId)
  const later = laterBatches(db, lease.editionId, now, config.UNKNOWN_POLICY)
  const most = 2 * relay.connections
  const tally: Tally = { accepted: 0, deferred: 0, refused: 0, unknown: 0, queued: 0 }
  let settled: Settled[] = []
  let unrecorded = 0
  // No relay can be used, or none may for a moment.
  let exhausted = false
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
    const message = edition.digest(handed, now())
    const outcome = await relay.send(edition.envelope(handed), message, ended)
    // Nobody holds on to what was accepted; of a cut connection one cannot be sure.
    if (outcome.state === 'accepted') edition.reuse(message)
    exhausted ||= outcome.relayDown === true
    const bucket = domainBucket(domainOfAddress(handed.email))
    rates.handed(bucket)
    if (outcome.slow === 'domain')
      await rates.slowDown(bucket).catch((error) => log.warn({ err: error }, 'a rate was not noted'))
    settled.push({
      subscriberId: handed.subscriberId,
      handOvers: handed.handOvers,
      outcome,
      ...(outcome.hardBounce ? { addressHash: hashOf(config, handed.email) } : {}),
    })
    await record()
  }

  const inFlight = new Set<Promise<void>>()
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
      const free = Math.min(relay.connections, most - unrecorded)
      if (free < Math.min(relay.connections, pending.length - next)) {
        await progress.promise
        continue
      }
      if (slowed !== rates.version()) {
        slowed = rates.version()
        pending = await admit(deps, lease, pending.slice(next))
        next = 0
        continue
      }
      const room = await relay.room(Math.min(free, pending.length - next))
      if (room === 0) {
        exhausted = true
        break
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
  return { tally, exhausted }
}

const domainOfAddress = (email: string): string => email.slice(email.lastIndexOf('@') + 1).toLowerCase()

const hashOf = ({ SUPPRESSION_KEY }: Pick<Config, 'SUPPRESSION_KEY'>, email: string): Buffer =>
  addressHash(SUPPRESSION_KEY, parseAddress(email).key)

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

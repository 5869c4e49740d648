import { addressHash, parseAddress } from '../../mail/address.ts'
import { domainBucket } from '../../relay/rates.ts'
import type { Config } from '../../runtime/config/config.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import type { Lease } from '../ledger/batches.ts'
import type { Pending } from '../ledger/deliveries.ts'
import { lockReaders } from '../ledger/repeats.ts'
import { type StartedAttempt, startAttempts } from '../ledger/start-attempts.ts'
import type { DeliveryContext } from './delivery-context.ts'
import type { DomainLimits } from './domain-limits.ts'
import type { OpenEdition } from './edition-renderer.ts'
import { isBudgetSpent } from './error-budget.ts'
import { openRecorder, type Recorder, type Tally } from './recorder.ts'

/**
 * Sends a batch's deliveries: mark a group → compose → send → record, all concurrently, within the in-flight limit. Memory use does not
 * grow with the batch.
 *
 * @param ended once aborted, deliveries in flight finish and are recorded, and no further one begins
 * @returns how many deliveries got each outcome; `exhausted` when no relay can be used, or none has rate left
 */
export async function streamBatch(
  context: DeliveryContext,
  lease: Lease,
  admitted: Pending[],
  limits: DomainLimits,
  ended: AbortSignal,
): Promise<{ tally: Tally; exhausted: boolean }> {
  const { relay, renderer, rates, inFlight } = context
  const edition = await renderer.open(lease)
  let acquired = 0
  const release = (count: number) => {
    acquired -= count
    inFlight.release(count)
  }
  const recorder = openRecorder(context, lease, relay.connections, release)
  const { tally } = recorder
  let exhausted = false
  let failure: unknown

  const onRelayDown = () => {
    exhausted = true
  }
  const sending = new Set<Promise<void>>()
  const begin = (attempt: StartedAttempt) => {
    const sent = sendOne(context, attempt, { edition, recorder, ended, onRelayDown }).catch((error) => {
      failure ??= error
      inFlight.notify()
    })
    sending.add(sent)
    void sent.then(() => sending.delete(sent))
  }

  ended.addEventListener('abort', inFlight.notify)
  try {
    let pending = admitted
    let slowed = rates.version()
    const mayContinue = () =>
      !ended.aborted && !exhausted && failure === undefined && !isSpentWith(context.config, lease, tally)
    for (let next = 0; next < pending.length && mayContinue(); ) {
      const want = Math.min(relay.connections, pending.length - next)
      if (inFlight.free() < want) {
        await inFlight.changed()
        continue
      }
      if (slowed !== rates.version()) {
        slowed = rates.version()
        pending = await limits.apply(pending.slice(next))
        next = 0
        continue
      }
      acquired += want
      inFlight.acquire(want)
      const room = await relay.room(want)
      if (room === 0) {
        exhausted = true
        break
      }
      const group = pending.slice(next, next + room)
      next += group.length
      const started = await startGroup(context, lease, edition, group)
      release(want - started.length)
      started.forEach(begin)
    }
  } catch (error) {
    failure ??= error
  }
  // After any failure, attempts in flight finish and are recorded while the lease is still renewed.
  await Promise.all(sending)
  release(acquired)
  ended.removeEventListener('abort', inFlight.notify)
  // Unrecorded attempts stay `handed` under this lease. When it expires they become unknown.
  if (failure !== undefined) throw failure
  return { tally, exhausted }
}

/** Whether the edition's error budget is spent, counting this batch. */
const isSpentWith = ({ ERROR_BUDGET_PERCENT }: Config, lease: Lease, { accepted, refused }: Tally): boolean =>
  isBudgetSpent(lease.answered + accepted + refused, lease.refused + refused, ERROR_BUDGET_PERCENT)

interface Sending {
  edition: OpenEdition
  recorder: Recorder
  ended: AbortSignal
  /** called before recording, so that no further group begins */
  onRelayDown: () => void
}

/** Composes, sends and records one attempt. */
async function sendOne(
  { relay, rates, config, now, log }: DeliveryContext,
  attempt: StartedAttempt,
  { edition, recorder, ended, onRelayDown }: Sending,
): Promise<void> {
  const { email, subscriberId } = attempt
  const message = edition.render(attempt, now())
  const outcome = await relay.send(edition.envelopeFor(attempt), message, ended)
  // Only after acceptance: a cut connection may still read the buffer.
  if (outcome.state === 'accepted') edition.recycle(message)
  if (outcome.relayDown) onRelayDown()
  await rates
    .recordReply(domainBucket(domainOfAddress(email)), outcome)
    .catch((error) => log.warn({ err: error }, 'could not record the rate of a domain'))
  await recorder.record({
    subscriberId,
    attempt: attempt.attempt,
    outcome,
    ...(outcome.hardBounce ? { addressHash: hashOf(config, email) } : {}),
  })
}

const domainOfAddress = (email: string): string => email.slice(email.lastIndexOf('@') + 1).toLowerCase()

const hashOf = ({ SUPPRESSION_KEY }: Pick<Config, 'SUPPRESSION_KEY'>, email: string): Buffer =>
  addressHash(SUPPRESSION_KEY, parseAddress(email).key)

/** Chooses papers for a group and marks it. One transaction where other editions share papers: the readers stay locked between both. */
async function startGroup({ db, config, now }: DeliveryContext, lease: Lease, edition: OpenEdition, group: Pending[]) {
  const start = async (on: Db) =>
    startAttempts(on, lease, await edition.select(group, on), {
      releases: edition.releases,
      policy: config.UNKNOWN_POLICY,
      at: now(),
    })
  if (!edition.sharesPapers) return start(db)
  return db.transaction(async (tx) => {
    await tx.execute(prepared(lockReaders(group)))
    return start(tx)
  })
}

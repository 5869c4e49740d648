import { hashOfAddress } from '../../mail/address.ts'
import { domainBucket } from '../../relay/rates.ts'
import { type Sent, sendEmails, type Tally } from '../../relay/send-emails.ts'
import type { Config } from '../../runtime/config/config.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import type { Lease } from '../ledger/batches.ts'
import type { Pending } from '../ledger/deliveries.ts'
import { type RecordedOutcome, recordOutcomes } from '../ledger/record-outcomes.ts'
import { lockReaders } from '../ledger/repeats.ts'
import { type StartedAttempt, startAttempts } from '../ledger/start-attempts.ts'
import type { DeliveryContext } from './delivery-context.ts'
import type { DomainLimits } from './domain-limits.ts'
import type { OpenEdition } from './edition-renderer.ts'
import { isBudgetSpent } from './error-budget.ts'

/**
 * Sends a batch's deliveries with the engine of all email (relay/send-emails.ts).
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
  const { db, config, relay, renderer, rates, retries, now } = context
  const edition = await renderer.open(lease)
  let pending = admitted
  let slowed = rates.version()
  const record = async (group: readonly Sent<StartedAttempt>[]) => {
    if (group.length === 0) return
    const outcomes = group.map((sent) => toRecord(config, sent))
    await retries.assign(lease, outcomes)
    await recordOutcomes(db, lease, outcomes, { at: now(), policy: config.UNKNOWN_POLICY })
  }
  return sendEmails(
    context,
    {
      groupSize: relay.connections,
      left: (tally) => (isSpentWith(config, lease, tally) ? 0 : pending.length),
      async mark(most, accepted) {
        if (slowed !== rates.version()) {
          slowed = rates.version()
          pending = await limits.apply(pending)
        }
        const want = Math.min(most, pending.length)
        const room = want === 0 ? 0 : await relay.room(want)
        if (room > 0) return startGroup(context, lease, edition, pending.splice(0, room), accepted)
        await record(accepted)
        return want === 0 ? [] : undefined
      },
      send: (attempt) => sendOne(context, edition, attempt, ended),
      record,
    },
    ended,
  )
}

/** Whether the edition's error budget is spent, counting this batch. */
const isSpentWith = ({ ERROR_BUDGET_PERCENT }: Config, lease: Lease, { accepted, refused }: Tally): boolean =>
  isBudgetSpent(lease.answered + accepted + refused, lease.refused + refused, ERROR_BUDGET_PERCENT)

const toRecord = (
  { SUPPRESSION_KEY }: Config,
  { attempt: { subscriberId, attempt, email }, outcome }: Sent<StartedAttempt>,
): RecordedOutcome => ({
  subscriberId,
  attempt,
  outcome,
  addressHash: outcome.hardBounce && hashOfAddress(SUPPRESSION_KEY, email),
})

/** Composes and sends one attempt. */
async function sendOne(
  { relay, rates, now, log }: DeliveryContext,
  edition: OpenEdition,
  attempt: StartedAttempt,
  ended: AbortSignal,
) {
  const message = edition.render(attempt, now())
  const outcome = await relay.send(edition.envelopeFor(attempt), message, ended)
  // Only after acceptance: a cut connection may still read the buffer.
  if (outcome.state === 'accepted') edition.recycle(message)
  await rates
    .recordReply(domainBucket(domainOfAddress(attempt.email)), outcome)
    .catch((error) => log.warn({ err: error }, 'could not record the rate of a domain'))
  return outcome
}

const domainOfAddress = (email: string): string => email.slice(email.lastIndexOf('@') + 1).toLowerCase()

/**
 * Chooses papers for a group, marks it, and records the accepted. One transaction where other editions share papers: the readers stay
 * locked between both.
 */
async function startGroup(
  { db, config, now }: DeliveryContext,
  lease: Lease,
  edition: OpenEdition,
  group: Pending[],
  accepted: readonly Sent<StartedAttempt>[],
) {
  const start = async (on: Db) =>
    startAttempts(on, lease, await edition.select(group, on), {
      releases: edition.releases,
      policy: config.UNKNOWN_POLICY,
      at: now(),
      accepted: accepted.map((sent) => toRecord(config, sent)),
    })
  if (!edition.sharesPapers) return start(db)
  return db.transaction(async (tx) => {
    await tx.execute(prepared(lockReaders(group)))
    return start(tx)
  })
}

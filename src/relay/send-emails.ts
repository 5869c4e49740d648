import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { InFlight } from './in-flight.ts'
import type { Outcome } from './outcome.ts'
import { retryRecording } from './retry-recording.ts'

export type Tally = Record<Outcome['state'], number>

/** A marked email with its outcome. */
export interface Sent<A> {
  attempt: A
  outcome: Outcome
}

/** Emails to send: the digests of a batch, or the service emails that are due. */
export interface Emails<A> {
  /** most emails that are marked or recorded together */
  groupSize: number
  /** Returns how many emails may still begin, given the recorded outcomes so far. */
  left(tally: Tally): number
  /** Marks up to `most` emails `handed`, in one committed statement. Returns them; undefined when no further one can begin now. */
  mark(most: number): Promise<readonly A[] | undefined>
  /** Composes an email and gives it to the relay. */
  send(attempt: A): Promise<Outcome>
  /** Writes outcomes. It is repeated until it succeeds. */
  record(group: readonly Sent<A>[]): Promise<void>
}

/**
 * Sends emails: mark a group → compose and send → record, all concurrently, within the in-flight limit (rule 2). Memory use does not
 * grow with their number.
 *
 * @param ended once aborted, emails in flight finish and are recorded, and no further one begins
 * @returns how many emails got each outcome; `exhausted` when the relay was down, or `mark` found nothing to begin
 * @throws the first error, once the emails in flight are recorded. Unrecorded ones stay `handed`, and become unknown when their lease ends
 */
export async function sendEmails<A>(
  { inFlight, log }: { inFlight: InFlight; log: Logger },
  emails: Emails<A>,
  ended: AbortSignal,
): Promise<{ tally: Tally; exhausted: boolean }> {
  const tally: Tally = { accepted: 0, deferred: 0, refused: 0, unknown: 0, queued: 0 }
  let acquired = 0
  let exhausted = false
  let failure: unknown
  const release = (count: number) => {
    acquired -= count
    inFlight.release(count)
  }
  const outcomes = inGroups<Sent<A>>(emails.groupSize, async (group) => {
    await retryRecording({ log }, () => emails.record(group))
    for (const { outcome } of group) tally[outcome.state]++
    release(group.length)
  })
  let unanswered = 0
  let begins = true
  const sendOne = async (attempt: A) => {
    try {
      unanswered++
      const outcome = await emails.send(attempt).finally(() => unanswered--)
      // Before recording, so that no further group begins.
      if (outcome.relayDown) exhausted = true
      const recorded = outcomes.add({ attempt, outcome })
      if (!begins && unanswered === 0) outcomes.writeNow()
      await recorded
    } catch (error) {
      failure ??= error
      inFlight.notify()
    }
  }

  const sending = new Set<Promise<void>>()
  ended.addEventListener('abort', inFlight.notify)
  try {
    while (!ended.aborted && !exhausted && failure === undefined) {
      const want = Math.min(emails.groupSize, emails.left(tally))
      if (want === 0) break
      if (inFlight.free() < want) {
        await inFlight.changed()
        continue
      }
      acquired += want
      inFlight.acquire(want)
      const marked = await emails.mark(want)
      release(want - (marked?.length ?? 0))
      if (!marked) exhausted = true
      for (const attempt of marked ?? []) {
        const sent = sendOne(attempt)
        sending.add(sent)
        void sent.then(() => sending.delete(sent))
      }
    }
  } catch (error) {
    failure ??= error
  }
  begins = false
  if (unanswered === 0) outcomes.writeNow()
  // After any failure, emails in flight finish and are recorded while their lease is still renewed.
  await Promise.all(sending)
  release(acquired)
  ended.removeEventListener('abort', inFlight.notify)
  if (failure !== undefined) throw failure
  return { tally, exhausted }
}

/** How long an outcome waits for others: each write is a commit, which costs more than its rows. */
const GATHER_MS = 8

/**
 * Writes items in groups, one group at a time; the next one gathers during a write.
 *
 * @param size this many items are written without waiting for more
 * @returns `add`, which resolves when its item is written, and rejects when its group could not be: the next group is written all the
 *   same; and `writeNow`, for when no further item is to come
 */
function inGroups<T>(size: number, write: (group: readonly T[]) => Promise<void>) {
  let gathered: T[] = []
  let full = Promise.withResolvers<void>()
  let last = Promise.resolve()
  let next: Promise<void> | undefined

  const writeNext = async () => {
    await Promise.race([full.promise, delay(GATHER_MS)])
    const group = gathered
    gathered = []
    full = Promise.withResolvers()
    next = undefined
    await write(group)
  }
  return {
    add(item: T): Promise<void> {
      gathered.push(item)
      if (gathered.length >= size) full.resolve()
      if (!next) {
        next = last.then(writeNext)
        last = next.catch(() => {})
      }
      return next
    },
    writeNow: () => full.resolve(),
  }
}

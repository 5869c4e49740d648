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
  /** most emails that are marked together */
  groupSize: number
  /** Returns how many emails may still begin, given the recorded outcomes so far. */
  left(tally: Tally): number
  /**
   * Marks up to `most` emails `handed`, in one committed statement. Returns them; undefined when no further one can begin now. Records
   * the `accepted` ones too, whatever it marks: one commit instead of two. When it fails, `record` gets them.
   */
  mark(most: number, accepted: readonly Sent<A>[]): Promise<readonly A[] | undefined>
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
  const settle = (group: readonly Sent<A>[]) => {
    for (const { outcome } of group) tally[outcome.state]++
  }
  const outcomes = inGroups<Sent<A>>(emails.groupSize, async (group) => {
    await retryRecording({ log }, () => emails.record(group))
    settle(group)
    release(group.length)
  })
  const working = new Set<Promise<unknown>>()
  const run = (work: Promise<void>) => {
    const settled: Promise<unknown> = work
      .catch((error) => {
        failure ??= error
        inFlight.notify()
      })
      .then(() => working.delete(settled))
    working.add(settled)
  }
  const record = (group: readonly Sent<A>[]) => {
    for (const sent of group) run(outcomes.add(sent))
  }

  const accepted = untilTaken<Sent<A>>((late) => {
    record(late)
    outcomes.writeNow()
  })
  let unanswered = 0
  let begins = true
  const sendOne = async (attempt: A) => {
    unanswered++
    const outcome = await emails.send(attempt).finally(() => unanswered--)
    // Before recording, so that no further group begins.
    if (outcome.relayDown) exhausted = true
    if (begins && outcome.state === 'accepted') {
      accepted.add({ attempt, outcome })
      inFlight.notify()
      return
    }
    record([{ attempt, outcome }])
    if (!begins && unanswered === 0) outcomes.writeNow()
  }

  ended.addEventListener('abort', inFlight.notify)
  try {
    while (!ended.aborted && !exhausted && failure === undefined) {
      const want = Math.min(emails.groupSize, emails.left(tally))
      if (want === 0) break
      if (inFlight.free() + accepted.count() < want) {
        await inFlight.changed()
        continue
      }
      const done = accepted.take()
      const further = Math.max(want - done.length, 0)
      acquired += further
      inFlight.acquire(further)
      const marked = await emails.mark(want, done).catch((error) => {
        record(done)
        throw error
      })
      settle(done)
      release(further + done.length - (marked?.length ?? 0))
      if (!marked) exhausted = true
      for (const attempt of marked ?? []) run(sendOne(attempt))
    }
  } catch (error) {
    failure ??= error
  }
  begins = false
  record(accepted.take())
  if (unanswered === 0) outcomes.writeNow()
  // After any failure, emails in flight finish and are recorded while their lease is still renewed.
  while (working.size > 0) await Promise.all(working)
  release(acquired)
  ended.removeEventListener('abort', inFlight.notify)
  if (failure !== undefined) throw failure
  return { tally, exhausted }
}

/** How long an accepted email waits for the next mark: with a slow relay, that one waits for its place. */
const MARK_PATIENCE_MS = 16

/** Holds items until they are taken together. `late` gets those that have waited for too long. */
function untilTaken<T>(late: (items: readonly T[]) => void) {
  const held: T[] = []
  let patience: NodeJS.Timeout | undefined
  const take = (): readonly T[] => {
    clearTimeout(patience)
    patience = undefined
    return held.splice(0)
  }
  return {
    add(item: T): void {
      held.push(item)
      patience ??= setTimeout(() => late(take()), MARK_PATIENCE_MS)
    },
    take,
    count: () => held.length,
  }
}

/** How long an outcome waits for others: each write is a commit, which costs more than its rows. */
const GATHER_MS = 8

/**
 * Writes items in groups, one group at a time; the next one gathers during a write.
 *
 * @param size this many items are written without waiting for more
 * @returns `add`, which resolves when its item is written, and rejects when its group could not be: the next group is written all the
 *   same; and `writeNow`, which lets no item wait for further ones
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

import type { Services } from '../../runtime/services.ts'
import type { Lease } from '../ledger/batches.ts'
import { type RecordedOutcome, recordOutcomes } from '../ledger/record-outcomes.ts'
import type { RetryBatches } from '../ledger/retry-batches.ts'
import { retryRecording } from './retry-recording.ts'

export type Tally = Record<RecordedOutcome['outcome']['state'], number>

export interface Recorder {
  /** recorded outcomes so far */
  tally: Tally
  /** Resolves when the outcome is in the database. @throws the database's error, after minutes of retrying */
  record(one: RecordedOutcome): Promise<void>
}

/** How long an outcome waits for others: each write is a commit, which costs more than its rows. */
const GATHER_MS = 8

/**
 * Opens a recorder for one batch. It writes groups one at a time; the next group gathers during a write.
 * @param fullGroup this many outcomes are written without waiting for more
 * @param onWritten receives the size of each written group
 */
export function openRecorder(
  context: Pick<Services, 'db' | 'now' | 'log'> & { retries: RetryBatches },
  lease: Lease,
  fullGroup: number,
  onWritten: (count: number) => void,
): Recorder {
  const { db, retries, now } = context
  const tally: Tally = { accepted: 0, deferred: 0, refused: 0, unknown: 0, queued: 0 }
  let gathered: RecordedOutcome[] = []
  let writing: Promise<void> | undefined
  let full = () => {}

  const gather = (): Promise<void> => {
    if (gathered.length >= fullGroup) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS)
      full = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  const writeGroup = async (group: readonly RecordedOutcome[]) => {
    await retryRecording(context, async () => {
      await retries.assign(lease.editionId, group)
      await recordOutcomes(db, lease, group, now())
    })
    for (const { outcome } of group) tally[outcome.state]++
    onWritten(group.length)
  }

  const write = async () => {
    const failures: unknown[] = []
    while (gathered.length > 0) {
      await gather()
      const group = gathered
      gathered = []
      // A failed group must not lose the next one.
      await writeGroup(group).catch((error) => failures.push(error))
    }
    writing = undefined
    if (failures.length > 0) throw failures[0]
  }

  return {
    tally,
    record(one) {
      gathered.push(one)
      if (gathered.length >= fullGroup) full()
      writing ??= write()
      return writing
    },
  }
}

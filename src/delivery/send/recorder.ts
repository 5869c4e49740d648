import type { Services } from '../../runtime/services.ts'
import type { Lease } from '../ledger/batches.ts'
import { type RecordedOutcome, recordOutcomes } from '../ledger/deliveries.ts'
import type { RetryBatches } from '../ledger/retry-batches.ts'
import { retryRecording } from './retry-recording.ts'

export type Tally = Record<RecordedOutcome['outcome']['state'], number>

export interface Recorder {
  /** what has been written down so far */
  tally: Tally
  /** Resolves when it is written down. @throws the database's error, after minutes of trying */
  record(one: RecordedOutcome): Promise<void>
}

/** Every write is a commit, which costs more than the rows in it: outcomes wait this long for others. */
const GATHER_MS = 8

/**
 * Writes down what has come back of a batch, one write at a time: while one is under way the next group gathers.
 * @param enough so many outcomes wait for no others
 */
export function openRecorder(
  deps: Pick<Services, 'db' | 'now' | 'log'> & { later: RetryBatches },
  lease: Lease,
  enough: number,
  onWritten: (count: number) => void,
): Recorder {
  const { db, later, now } = deps
  const tally: Tally = { accepted: 0, deferred: 0, refused: 0, unknown: 0, queued: 0 }
  let gathered: RecordedOutcome[] = []
  let writing: Promise<void> | undefined
  let full = () => {}

  const gather = (): Promise<void> => {
    if (gathered.length >= enough) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS)
      full = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  const writeGroup = async (group: readonly RecordedOutcome[]) => {
    await retryRecording(deps, async () => {
      await later.place(lease.editionId, group)
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
      // One group that could not be written is no reason to lose the next.
      await writeGroup(group).catch((error) => failures.push(error))
    }
    writing = undefined
    if (failures.length > 0) throw failures[0]
  }

  return {
    tally,
    record(one) {
      gathered.push(one)
      if (gathered.length >= enough) full()
      writing ??= write()
      return writing
    },
  }
}

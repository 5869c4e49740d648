import type { Services } from '../services.ts'
import type { Lease } from './batches.ts'
import { recordOutcomes, type Settled } from './deliveries.ts'
import { laterBatches } from './later-batches.ts'
import { persistently } from './persistently.ts'

export type Tally = Record<Settled['outcome']['state'], number>

export interface Recorder {
  /** what has been written down so far */
  tally: Tally
  /** Resolves when it is written down. @throws the database's error, after minutes of trying */
  record(one: Settled): Promise<void>
}

/** Writes down what has come back of a batch, all at once, one write at a time: while one is under way the next group gathers. */
export function openRecorder(
  deps: Pick<Services, 'db' | 'config' | 'now' | 'log'>,
  lease: Lease,
  onWritten: (count: number) => void,
): Recorder {
  const { db, config, now } = deps
  const later = laterBatches(db, lease.editionId, now, config.UNKNOWN_POLICY)
  const tally: Tally = { accepted: 0, deferred: 0, refused: 0, unknown: 0, queued: 0 }
  let gathered: Settled[] = []
  let writing: Promise<void> | undefined

  const write = async () => {
    try {
      while (gathered.length > 0) {
        const group = gathered
        gathered = []
        await persistently(deps, async () => {
          await later.place(group)
          await recordOutcomes(db, lease, group, now())
        })
        for (const { outcome } of group) tally[outcome.state]++
        onWritten(group.length)
      }
    } finally {
      writing = undefined
    }
  }

  return {
    tally,
    record(one) {
      gathered.push(one)
      writing ??= write()
      return writing
    },
  }
}

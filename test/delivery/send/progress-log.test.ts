import { pino } from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { openProgressLog } from '../../../src/delivery/send/progress-log.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('logs one line per edition every ten seconds, with the sums of all batches', () => {
  vi.useFakeTimers()
  const lines: Record<string, unknown>[] = []
  const progress = openProgressLog(
    pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) }),
  )
  const none = { accepted: 0, deferred: 0, refused: 0, unknown: 0, queued: 0 }
  progress.add(7, none)
  vi.advanceTimersByTime(60_000)
  expect(lines, 'nothing was handed over').toEqual([])
  for (let n = 0; n < 300; n++) progress.add(7, { ...none, accepted: 2 })
  progress.add(8, { ...none, deferred: 1 })
  expect(lines).toEqual([])
  vi.advanceTimersByTime(10_000)
  const line = { level: 30, msg: 'deliveries sent' }
  expect(lines.splice(0)).toEqual([
    { ...line, editionId: 7, accepted: 600 },
    { ...line, editionId: 8, deferred: 1 },
  ])
  progress.add(7, { ...none, accepted: 5 })
  progress.flush()
  vi.advanceTimersByTime(60_000)
  expect(lines).toEqual([{ ...line, editionId: 7, accepted: 5 }])
})

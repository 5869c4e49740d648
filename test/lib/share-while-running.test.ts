import { expect, test } from 'vitest'
import { shareWhileRunning } from '../../src/lib/share-while-running.ts'

test('calls share one run, also its failure, and the next call runs again', async () => {
  let runs = 0
  const call = shareWhileRunning(async () => {
    runs++
    await new Promise(setImmediate)
    if (runs === 2) throw new Error('unreachable')
    return runs
  })
  expect(await Promise.all([call(), call()])).toEqual([1, 1])
  expect((await Promise.allSettled([call(), call()])).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await call()).toBe(3)
})

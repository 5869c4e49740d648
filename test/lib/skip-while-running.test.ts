import { expect, test } from 'vitest'
import { skipWhileRunning } from '../../src/lib/skip-while-running.ts'

test('a call while one runs does nothing, and the next one after it runs, also after a failure', async () => {
  let runs = 0
  const call = skipWhileRunning(async () => {
    runs++
    await new Promise(setImmediate)
    if (runs === 1) throw new Error('unreachable')
  })
  const both = await Promise.allSettled([call(), call()])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  await call()
  expect(runs).toBe(2)
})

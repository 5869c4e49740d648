import { expect, test } from 'vitest'
import { atMost } from '../../src/lib/at-most.ts'

test('at most two calls run, others begin in order, and one that fails makes room too', async () => {
  const began: number[] = []
  const running: PromiseWithResolvers<string>[] = []
  const call = atMost(2, (nth: number) => {
    began.push(nth)
    running.push(Promise.withResolvers())
    return running.at(-1)!.promise
  })
  const calls = Promise.allSettled([1, 2, 3, 4, 5].map(call))
  expect(began).toEqual([1, 2])
  running[1]!.reject(new Error('unreachable'))
  await expect.poll(() => began).toEqual([1, 2, 3])
  for (const each of [0, 2]) running[each]!.resolve('done')
  await expect.poll(() => began).toEqual([1, 2, 3, 4, 5])
  for (const each of [3, 4]) running[each]!.resolve('done')
  expect((await calls).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ])
  const next = call(6)
  running[5]!.resolve('done')
  expect(await next).toBe('done')
})

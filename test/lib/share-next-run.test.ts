import { expect, test } from 'vitest'
import { shareNextRun } from '../../src/lib/share-next-run.ts'

/** A call that ends when the test says so. */
function controlled() {
  const runs: PromiseWithResolvers<string>[] = []
  const call = shareNextRun(() => {
    runs.push(Promise.withResolvers())
    return runs.at(-1)!.promise
  })
  return { runs, call }
}

test('calls while one runs share the next, which begins after them', async () => {
  const { runs, call } = controlled()
  const first = call()
  const others = [call(), call(), call()]
  expect(runs).toHaveLength(1)
  runs[0]!.resolve('first')
  expect(await first).toBe('first')
  await expect.poll(() => runs.length).toBe(2)
  const last = call()
  runs[1]!.resolve('second')
  expect(await Promise.all(others)).toEqual(['second', 'second', 'second'])
  await expect.poll(() => runs.length).toBe(3)
  runs[2]!.resolve('third')
  expect(await last).toBe('third')
})

test('a failure is that of its own callers', async () => {
  const { runs, call } = controlled()
  const first = call()
  const second = call()
  runs[0]!.reject(new Error('lost'))
  await expect(first).rejects.toThrow('lost')
  await expect.poll(() => runs.length).toBe(2)
  runs[1]!.resolve('back')
  expect(await second).toBe('back')
})

import { expect, test } from 'vitest'
import { keptFor } from '../../src/lib/kept-for.ts'

const MS = 1000

/** A value that grows with every read. */
function counting() {
  let at = 0
  let reads = 0
  let fails = false
  const read = keptFor(
    async () => {
      if (fails) throw new Error('no database')
      return ++reads
    },
    { ms: MS, now: () => at },
  )
  return { read, goTo: (moment: number) => (at = moment), fail: (does: boolean) => (fails = does) }
}

test('a value is kept for its time, and concurrent calls share one read', async () => {
  const { read, goTo } = counting()
  expect(await Promise.all([read(), read()])).toEqual([1, 1])
  goTo(MS - 1)
  expect(await read()).toBe(1)
})

test('an older value is returned while one new value is read, and one too old is waited for', async () => {
  const { read, goTo } = counting()
  await read()
  goTo(MS)
  expect(await Promise.all([read(), read()])).toEqual([1, 1])
  expect(await read()).toBe(2)
  goTo(3 * MS)
  expect(await read()).toBe(3)
})

test('a failure is not kept', async () => {
  const { read, goTo, fail } = counting()
  fail(true)
  await expect(read()).rejects.toThrow('no database')
  fail(false)
  expect(await read()).toBe(1)
  fail(true)
  goTo(MS)
  expect([await read(), await read()], 'the old value while it is young enough').toEqual([1, 1])
  goTo(2 * MS)
  await expect(read()).rejects.toThrow('no database')
})

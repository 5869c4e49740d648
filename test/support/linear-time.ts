import { expect } from 'vitest'

const LENGTH = 4_000

/**
 * Expects that a function takes linear time for a repeated piece of text, since strangers may send a long one.
 *
 * @param before,after stand around the repeated pieces
 */
export function expectLinearTime(run: (text: string) => unknown, piece: string, before = '', after = ''): void {
  const msFor = (length: number) => {
    const text = before + piece.repeat(length / piece.length) + after
    const times = [1, 2, 3].map(() => {
      const start = performance.now()
      run(text)
      return performance.now() - start
    })
    return Math.min(...times)
  }
  msFor(LENGTH) // compiles it
  // 8 times the text: quadratic time would be 64 times as much. Below a millisecond, the clock is too coarse.
  expect(msFor(8 * LENGTH), `${piece}: ms`).toBeLessThan(32 * Math.max(msFor(LENGTH), 1))
}

import { expect } from 'vitest'

const LENGTH = 4_000

/** CPU time of this thread so far, in milliseconds. Elapsed time would count other programs. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/**
 * Expects that a function takes linear time for a repeated piece of text, since strangers may send a long one.
 *
 * @param before,after stand around the repeated pieces
 */
export function expectLinearTime(run: (text: string) => unknown, piece: string, before = '', after = ''): void {
  const msFor = (length: number) => {
    const text = before + piece.repeat(length / piece.length) + after
    const times = [1, 2, 3].map(() => {
      const start = cpuMs()
      run(text)
      return cpuMs() - start
    })
    return Math.min(...times)
  }
  msFor(LENGTH) // compiles it
  // 8 times the text: quadratic time would be 64 times as much. Below a millisecond, a collection of garbage would count more.
  expect(msFor(8 * LENGTH), `${piece}: ms`).toBeLessThan(32 * Math.max(msFor(LENGTH), 1))
}

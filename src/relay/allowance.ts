import type { Warmup } from '../runtime/config/relay-settings.ts'
import type { Rates } from './rates.ts'

/** A bucket's granted, unused messages in this process. */
export interface Allowance {
  limited(): boolean
  /** whether a message may go now */
  open(): boolean
  /** Returns how many of `want` messages may go now, from an earlier grant or a new slice. */
  allow(want: number): Promise<number>
  /** Uses one. May go below zero: a message that did not ask, such as a service email, is paid for by the next slice. */
  spend(): void
  /** milliseconds in which asking again is useless; 0 or less when it is not */
  retryMs(): number
}

/** After this long, the unused part of a slice expires: it was the rate of another second. */
const SLICE_MS = 1_000

export function openAllowance(rates: Rates | undefined, bucket: string, warmup?: Warmup): Allowance {
  let unused = 0
  let expiresAt = 0
  let retryAt = 0
  const limited = () => rates?.limited(bucket) === true
  return {
    limited,
    open: () => !limited() || unused > 0,
    async allow(want) {
      if (!rates?.limited(bucket)) return want
      const at = performance.now()
      if (at > expiresAt) unused = Math.min(unused, 0)
      if (unused > 0) return Math.min(unused, want)
      if (at < retryAt) return 0
      const { granted, retryMs } = await rates.take(bucket, want - unused, warmup)
      unused += granted
      expiresAt = at + SLICE_MS
      retryAt = granted > 0 ? 0 : at + retryMs
      return Math.min(Math.max(unused, 0), want)
    },
    spend() {
      if (limited()) unused--
    },
    retryMs: () => retryAt - performance.now(),
  }
}

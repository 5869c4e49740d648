import { hash } from 'node:crypto'

/** A source of random numbers that a seed repeats. */
export interface Random {
  /** @returns a whole number from 0 up to, but not including, `below` */
  below(below: number): number
  /** @returns true in `share` of all calls */
  chance(share: number): boolean
  pick<T>(values: readonly T[]): T
}

/** The generator mulberry32 by Tommy Ettinger: 32 bits of state are enough for a simulation. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return { below, chance: (share) => next() < share, pick: (values) => values[below(values.length)]! }
}

/** Returns a function that is true for this share of all keys. The answer for a key does not depend on the order of calls. */
export const chanceByKey =
  (seed: number) =>
  (share: number, key: string): boolean =>
    seededRandom(hash('sha1', `${seed} ${key}`, 'buffer').readUInt32BE()).chance(share)

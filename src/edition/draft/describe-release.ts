import { minuteUtc } from '../../calendar/words.ts'
import type { editions } from '../../runtime/db/schema.ts'

type Draft = Pick<typeof editions.$inferSelect, 'held' | 'heldWhy' | 'releaseAt'>

/** Describes a draft's release for operators: "at 2026-04-15 03:00 UTC", or that it is held, and why. */
export function describeRelease({ held, heldWhy, releaseAt }: Draft, at: Date): string {
  if (held) return heldWhy === null ? 'by hand: it is held' : `by hand: it is held, since ${heldWhy}`
  if (releaseAt <= at) return 'within a minute'
  return `at ${minuteUtc(releaseAt)}`
}

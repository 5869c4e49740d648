import type { Random } from './random.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const ZONES = [
  'America/Los_Angeles',
  'America/New_York',
  'America/Sao_Paulo',
  'Europe/London',
  'Europe/Berlin',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Australia/Sydney',
  'Pacific/Auckland',
]
const LANGUAGES = ['en', 'en', 'de']

/** What ends a reader's subscription. */
export type LifeEvent = 'unsubscribe' | 'complain' | 'bounce' | 'mailbox gone' | 'erase'

/** What a simulated reader will do. The simulation never tells the service; it acts from outside, like a reader. */
export interface SimulatedReader {
  email: string
  zone: string
  /** local hour of the digest, never one that a change of the clocks skips or repeats; readers of the form keep the default of 8 */
  hour: number
  cadence: 'daily' | 'weekdays' | 'weekly'
  /** of a weekly digest, 1 is Monday */
  weekday: number
  /** of imported readers */
  pausedUntil: Date | undefined
  language: string
  wishes: boolean
  /** how they came: in the first import, or by the form */
  origin: 'import' | 'form' | 'import, opted out'
  joins: Date
  /** by the form: how long until they confirm; undefined: never */
  confirmsAfterMs: number | undefined
  event: { what: LifeEvent; at: Date } | undefined
}

/** Makes readers: most are imported on the first day, the others come by the form over the whole time. */
export function makeReaders(count: number, start: Date, days: number, random: Random): SimulatedReader[] {
  return Array.from({ length: count }, (_, index): SimulatedReader => {
    const origin = index % 5 === 0 ? 'form' : index % 50 === 1 ? 'import, opted out' : 'import'
    const joins = new Date(start.getTime() + (origin === 'form' ? random.below((days - 2) * 24) * HOUR_MS : 0))
    const hoursLeft = (start.getTime() + days * DAY_MS - joins.getTime()) / HOUR_MS
    const event = random.chance(0.25)
      ? {
          what: random.pick<LifeEvent>(['unsubscribe', 'complain', 'bounce', 'mailbox gone', 'erase']),
          at: new Date(joins.getTime() + 30 * HOUR_MS + random.below(hoursLeft) * HOUR_MS),
        }
      : undefined
    return {
      email: `reader${index}@${random.pick(['example.org', 'example.net', 'uni.example', 'lab.example'])}`,
      zone: random.pick(ZONES),
      hour: origin === 'form' ? 8 : 5 + random.below(18),
      cadence: origin === 'form' ? 'daily' : random.pick(['daily', 'daily', 'daily', 'weekdays', 'weekly']),
      weekday: origin === 'form' ? 1 : 1 + random.below(7),
      pausedUntil:
        origin === 'import' && random.chance(0.03)
          ? new Date(start.getTime() + random.below(days) * DAY_MS)
          : undefined,
      language: random.pick(LANGUAGES),
      wishes: random.chance(0.3),
      origin,
      joins,
      confirmsAfterMs: random.chance(0.85) ? (1 + random.below(20)) * HOUR_MS : undefined,
      event,
    }
  })
}

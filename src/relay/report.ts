import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { minuteUtc } from '../calendar/words.ts'
import { parseRelays } from '../runtime/config/relay-settings.ts'
import { float, moment, query, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'
import { RATE_MEMORY } from './rates.ts'
import { RelayRest } from './rests.ts'

const Slowed = z.object({
  kind: z.enum(['relay', 'domain']),
  name: text,
  /** its current rate in emails a second */
  perSecond: float,
  /** when it last asked */
  since: moment,
  /** its reply, without addresses */
  reply: text,
})
/** A relay or receiving domain that asked us to slow down. */
export type Slowed = z.output<typeof Slowed>

export interface RelayReport {
  resting: RelayRest[]
  slowed: Slowed[]
}

/** Returns resting relays and slowed relays and domains, with their replies, by name. */
export async function reportRelays({ db, config, now }: Pick<Services, 'db' | 'config' | 'now'>): Promise<RelayReport> {
  const relays = parseRelays(config.SMTP_URL, 1).map(({ name }) => name)
  const resting = await query(db, RelayRest)`
    SELECT relay, since, until, reply FROM relay_rests WHERE relay = ANY(${sql.param(relays)}::text[]) ORDER BY relay`
  const slowed = await query(db, Slowed)`
    SELECT split_part(name, ' ', 1) AS kind, substr(name, strpos(name, ' ') + 1) AS name, rate AS per_second, slowed_at AS since,
      coalesce(why, '') AS reply
    FROM buckets WHERE slowed_at IS NOT NULL AND raised_at > ${now()}::timestamptz - ${RATE_MEMORY}::interval ORDER BY buckets.name`
  return { resting, slowed }
}

/** Returns one line each; none when all is well. */
export const describeRelays = ({ resting, slowed }: RelayReport, at: Date): string[] => [
  ...resting.map(({ relay, since, until, reply }) => {
    const next = until > at ? `rests until ${minuteUtc(until)}` : 'is tried with the next email'
    return `relay ${relay} has refused us since ${minuteUtc(since)} and ${next}: ${reply}`
  }),
  ...slowed.map((each) => `${each.kind} ${each.name} is ${describeSlowed(each)}`),
]

/** "held at 4.5 a second since 2026-04-15 12:00 UTC: 451 4.7.0 too fast". @param since null to leave it out */
export const describeSlowed = ({
  perSecond,
  since,
  reply,
}: Omit<Slowed, 'kind' | 'name' | 'since'> & { since: Date | null }): string =>
  `held at ${perSecond.toLocaleString('en', { maximumSignificantDigits: 2 })} a second${since ? ` since ${minuteUtc(since)}` : ''}: ${reply}`

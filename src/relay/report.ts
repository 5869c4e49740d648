import { sql } from 'drizzle-orm'
import { parseRelays } from '../runtime/config/relay-settings.ts'
import type { Services } from '../runtime/services.ts'
import { RATE_MEMORY } from './rates.ts'
import type { RelayRest } from './rests.ts'

/** A relay or receiving domain that asked us to slow down. */
export interface Slowed {
  kind: 'relay' | 'domain'
  name: string
  /** its current rate in emails a second */
  perSecond: number
  /** when it last asked */
  since: Date
  /** its reply, without addresses */
  reply: string
}

export interface RelayReport {
  resting: RelayRest[]
  slowed: Slowed[]
}

/** Returns resting relays and slowed relays and domains, with their replies, by name. */
export async function reportRelays({ db, config, now }: Pick<Services, 'db' | 'config' | 'now'>): Promise<RelayReport> {
  const relays = parseRelays(config.SMTP_URL, 1).map(({ name }) => name)
  const resting = await db.execute<{ relay: string; since: string; until: string; reply: string }>(sql`
    SELECT relay, since, until, reply FROM relay_rests WHERE relay = ANY(${sql.param(relays)}::text[]) ORDER BY relay`)
  const slowed = await db.execute<{
    kind: Slowed['kind']
    name: string
    rate: number
    since: string
    reply: string
  }>(sql`
    SELECT split_part(name, ' ', 1) AS kind, substr(name, strpos(name, ' ') + 1) AS name, rate, slowed_at AS since, coalesce(why, '') AS reply
    FROM buckets WHERE slowed_at IS NOT NULL AND raised_at > ${now()}::timestamptz - ${RATE_MEMORY}::interval ORDER BY buckets.name`)
  return {
    resting: resting.rows.map(({ since, until, ...row }) => ({
      ...row,
      since: new Date(since),
      until: new Date(until),
    })),
    slowed: slowed.rows.map(({ rate, since, ...row }) => ({ ...row, perSecond: rate, since: new Date(since) })),
  }
}

/** Returns one line each; none when all is well. */
export const relaysInWords = ({ resting, slowed }: RelayReport, at: Date): string[] => [
  ...resting.map(({ relay, since, until, reply }) => {
    const next = until > at ? `rests until ${moment(until)}` : 'is tried with the next email'
    return `relay ${relay} has refused us since ${moment(since)} and ${next}: ${reply}`
  }),
  ...slowed.map((each) => `${each.kind} ${each.name} is ${slowedInWords(each)}`),
]

/** "held at 4.5 a second since 2026-04-15 12:00 UTC: 451 4.7.0 too fast" */
export const slowedInWords = ({ perSecond, since, reply }: Omit<Slowed, 'kind' | 'name'>): string =>
  `held at ${perSecond.toLocaleString('en', { maximumSignificantDigits: 2 })} a second since ${moment(since)}: ${reply}`

const moment = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

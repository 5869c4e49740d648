import { sql } from 'drizzle-orm'
import { minuteUtc } from '../../calendar/words.ts'
import { describeSlowed, reportRelays, type Slowed } from '../../relay/report.ts'
import { moment, number, query, queryOne, text } from '../../runtime/db/query.ts'
import type { Services } from '../../runtime/services.ts'

/** Details of an edition that is being sent, for the operator. */
export interface SendingDetails {
  /** emails a second accepted in the last minute */
  ratePerSecond: number
  /** when the oldest unfinished batch was made; null when there is none */
  oldestQueued: Date | null
  /** by relay: counts of the latest reply to each delivery */
  relays: { relay: string; accepted: number; deferred: number; refused: number; unknown: number }[]
  /** receiving domains with deferred deliveries, most first, each with its rate if slowed */
  domains: { domain: string; deferred: number; slowed?: Omit<Slowed, 'kind' | 'name'> }[]
}

const DOMAINS_SHOWN = 5

export async function sendingDetails(
  services: Pick<Services, 'db' | 'config' | 'now'>,
  editionId: number,
): Promise<SendingDetails> {
  const { db, now } = services
  const relayColumns = {
    relay: text,
    accepted: number,
    deferred: number,
    refused: number,
    unknown: number,
    minute: number,
  }
  const relays = await query(db, relayColumns)`
    SELECT coalesce(relay, 'none') AS relay,
      count(*) FILTER (WHERE state = 'accepted')::int AS accepted, count(*) FILTER (WHERE state = 'deferred')::int AS deferred,
      count(*) FILTER (WHERE state = 'refused')::int AS refused, count(*) FILTER (WHERE state = 'unknown')::int AS unknown,
      count(*) FILTER (WHERE state = 'accepted' AND settled_at > ${now()}::timestamptz - interval '1 minute')::int AS minute
    FROM deliveries WHERE edition_id = ${editionId} AND state IN ('accepted', 'deferred', 'refused', 'unknown') GROUP BY 1 ORDER BY 1`
  const domains = await query(db, { domain: text, deferred: number })`
    SELECT lower(split_part(s.email, '@', 2)) AS domain, count(*)::int AS deferred
    FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
    WHERE d.edition_id = ${editionId} AND d.state = 'deferred' AND s.email IS NOT NULL
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${DOMAINS_SHOWN}`
  const slowed = new Map(
    (await reportRelays(services)).slowed.flatMap(({ kind, name, ...rest }) =>
      kind === 'domain' ? [[name, rest]] : [],
    ),
  )
  const oldest = sql`
    SELECT min(created_at) AS oldest_queued FROM batches WHERE edition_id = ${editionId} AND state <> 'done'`
  return {
    ratePerSecond: relays.reduce((sum, { minute }) => sum + minute, 0) / 60,
    ...(await queryOne(db, { oldestQueued: moment.nullable() }, oldest)),
    relays: relays.map(({ minute: _, ...relay }) => relay),
    domains: domains.map((each) => {
      const rate = slowed.get(each.domain)
      return rate ? { ...each, slowed: rate } : each
    }),
  }
}

/** Formats the details, one line each, without zero counts. */
export function describeSendingDetails({ ratePerSecond, oldestQueued, relays, domains }: SendingDetails): string[] {
  const counts = ({ relay, ...states }: SendingDetails['relays'][number]) =>
    `${relay}: ${Object.entries(states)
      .filter(([, count]) => count > 0)
      .map(([state, count]) => `${count.toLocaleString('en')} ${state}`)
      .join(', ')}`
  const waiting = oldestQueued ? `, oldest batch waiting since ${minuteUtc(oldestQueued)}` : ''
  return [
    `${ratePerSecond.toLocaleString('en', { maximumSignificantDigits: 3 })} per second in the last minute${waiting}`,
    ...relays.map((relay) => `relay ${counts(relay)}`),
    ...domains.map(
      ({ domain, deferred, slowed }) =>
        `domain ${domain}: ${deferred.toLocaleString('en')} deferred${slowed ? `, ${describeSlowed(slowed)}` : ''}`,
    ),
  ]
}

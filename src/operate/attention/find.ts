import { sql } from 'drizzle-orm'
import type { Attention, AttentionDeps } from './attention.ts'
import { heldEditions, lostDeliveries, missingEditions, pausedEditions } from './editions.ts'
import { refusedSender, unreadInbound } from './inbound.ts'
import { refusingRelays, slowedDomains } from './relays.ts'
import { untrustedProxy, wrongKey } from './setup.ts'
import { haltedMailing, overdueWork, staleSources } from './work.ts'

/** The one list of conditions: the overview, `doctor`, `status`, the metric and the operators' emails all come from it. */
const CONDITIONS = [
  haltedMailing,
  wrongKey,
  pausedEditions,
  missingEditions,
  heldEditions,
  overdueWork,
  refusingRelays,
  slowedDomains,
  lostDeliveries,
  refusedSender,
  staleSources,
  unreadInbound,
  untrustedProxy,
]

/** What needs a person now; what is wrong comes first. @throws the database's error */
export async function findAttention(deps: AttentionDeps): Promise<Attention[]> {
  const found = (await Promise.all(CONDITIONS.map((condition) => condition(deps)))).flat()
  const noticed = await noticedSince(deps)
  return found
    .map((each) => ({ ...each, since: each.since ?? noticed.get(keyOf(each)) ?? null }))
    .sort((a, b) => Number(b.state === 'wrong') - Number(a.state === 'wrong'))
}

export const keyOf = ({ what, about }: Pick<Attention, 'what' | 'about'>): string => `${what} ${about}`

/** When a worker first noticed what it still sees, for what has no date of its own. */
async function noticedSince({ db }: AttentionDeps): Promise<Map<string, Date>> {
  const { rows } = await db.execute<{ what: Attention['what']; about: string; since: string }>(
    sql`SELECT what, about, since FROM attention`,
  )
  return new Map(rows.map((row) => [keyOf(row), new Date(row.since)]))
}

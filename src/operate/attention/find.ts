import { moment, query, text } from '../../runtime/db/query.ts'
import type { Attention, AttentionDeps } from './attention.ts'
import { heldEditions, lostDeliveries, missingEditions, pausedEditions } from './editions.ts'
import { failingIntake, refusedSender, unreadInbound } from './inbound.ts'
import { refusingRelays, slowedDomains } from './relays.ts'
import { notedUnwritableMarkers } from './restore-marker.ts'
import { brokenTemplates, untrustedProxy, wrongKey } from './setup.ts'
import { disabledWebhooks } from './webhooks.ts'
import { haltedMailing, overdueWork, staleSources } from './work.ts'

/** All conditions. The overview, `doctor`, `status`, the metric and alert emails come from this list. */
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
  failingIntake,
  untrustedProxy,
  brokenTemplates,
  disabledWebhooks,
  notedUnwritableMarkers,
]

/** Finds current problems that need a person, errors first. @throws the database's error */
export async function findAttention(deps: AttentionDeps): Promise<Attention[]> {
  const found = (await Promise.all(CONDITIONS.map((condition) => condition(deps)))).flat()
  const noticed = await noticedSince(deps)
  return found
    .map((each) => ({ ...each, since: each.since ?? noticed.get(keyOf(each)) ?? null }))
    .sort((a, b) => Number(b.state === 'error') - Number(a.state === 'error'))
}

export const keyOf = ({ name, about }: Record<'name' | 'about', string>): string => `${name} ${about}`

/** When a worker first noticed each problem, for problems without a date of their own. */
async function noticedSince({ db }: AttentionDeps): Promise<Map<string, Date>> {
  const rows = await query(db, {
    name: text,
    about: text,
    since: moment,
  })`SELECT what AS name, about, since FROM attention`
  return new Map(rows.map((row) => [keyOf(row), row.since]))
}

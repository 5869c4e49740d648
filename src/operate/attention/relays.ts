import { sql } from 'drizzle-orm'
import { restingRelays } from '../../relay/relay-rests.ts'
import type { Attention, AttentionDeps } from './attention.ts'

const DOMAINS_SHOWN = 5
/** A domain that has not asked for patience for so long is on its way back. */
const LATELY = '1 hour'

/** Relays that refused us as a whole or cannot be reached. */
export async function refusingRelays({ db }: AttentionDeps): Promise<Attention[]> {
  return (await restingRelays(db)).map(({ relay, since, reason, lasting }) => ({
    what: 'relay_refuses',
    about: relay,
    part: 'Relay',
    state: lasting ? 'wrong' : 'doubtful',
    since,
    words: `${relay} cannot be used: ${reason}`,
    remedy: 'npm run paperboy -- doctor tries each relay; see SMTP_URL, and ask the provider what it says',
    href: '/admin',
  }))
}

/** Receiving domains that asked us to be slower, as one: they are slowed for the same reason more often than not. */
export async function slowedDomains({ db }: AttentionDeps): Promise<Attention[]> {
  const { rows } = await db.execute<{ domain: string; rate: number; slowed_at: string }>(sql`
    SELECT substr(name, length('domain ') + 1) AS domain, rate, slowed_at FROM buckets
    WHERE name LIKE 'domain %' AND slowed_at > now() - ${LATELY}::interval ORDER BY rate, name`)
  if (rows.length === 0) return []
  const shown = rows.slice(0, DOMAINS_SHOWN).map(({ domain, rate }) => `${domain} (${rateInWords(rate)})`)
  const more = rows.length > DOMAINS_SHOWN ? ` and ${rows.length - DOMAINS_SHOWN} more` : ''
  return [
    {
      what: 'domain_slowed',
      about: '',
      part: 'Domains',
      state: 'doubtful',
      since: null,
      words: `${rows.length === 1 ? 'a domain' : `${rows.length} domains`} asked us to slow down: ${shown.join(', ')}${more}`,
      remedy: 'it passes by itself; if it comes back daily, look at what they reply and lower DOMAIN_RATES',
      href: '/admin',
    },
  ]
}

const rateInWords = (perSecond: number): string =>
  perSecond >= 1
    ? `${perSecond.toLocaleString('en', { maximumSignificantDigits: 2 })} emails a second`
    : `${(perSecond * 60).toLocaleString('en', { maximumSignificantDigits: 2 })} emails a minute`

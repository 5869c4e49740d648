import { describeSlowed, type RelayReport, reportRelays } from '../../relay/report.ts'
import type { Attention, AttentionDeps } from './attention.ts'

const DOMAINS_SHOWN = 5
/** A shorter outage may be a restart of the relay. */
const LASTING_MS = 5 * 60_000
/** Show a relay that refused our email this long: with nothing to send, no email proves that it accepts again. */
const REMEMBERED_MS = 10 * 60_000

/** Relays that refuse all our email or cannot be reached. */
export async function refusingRelays(deps: AttentionDeps): Promise<Attention[]> {
  const at = deps.now().getTime()
  const { resting } = await reportRelays(deps)
  return resting
    .filter(({ until }) => until.getTime() > at - REMEMBERED_MS)
    .map(({ relay, since, reply }) => ({
      name: 'relay_refuses',
      about: relay,
      part: 'Relay',
      state: since.getTime() < at - LASTING_MS ? 'error' : 'warning',
      since,
      message: `${relay} cannot be used: ${reply}`,
      remedy: 'npm run paperboy -- doctor tries each relay. Check SMTP_URL, or ask the provider',
      href: '/admin',
    }))
}

/** Receiving domains that asked us to slow down. One entry for all: they usually share a cause. */
export async function slowedDomains(deps: AttentionDeps): Promise<Attention[]> {
  const { slowed } = await reportRelays(deps)
  const domains = slowed.filter(({ kind }) => kind === 'domain')
  return domains.length === 0 ? [] : [slowedAsOne(domains)]
}

function slowedAsOne(domains: RelayReport['slowed']): Attention {
  const shown = domains
    .slice(0, DOMAINS_SHOWN)
    .map((each) => `${each.name} is ${describeSlowed({ ...each, since: null })}`)
  const more = domains.length > DOMAINS_SHOWN ? ` and ${domains.length - DOMAINS_SHOWN} more` : ''
  return {
    name: 'domain_slowed',
    about: '',
    part: 'Domains',
    state: 'warning',
    since: null,
    message: `${domains.length === 1 ? 'a domain' : `${domains.length} domains`} asked us to slow down: ${shown.join('; ')}${more}`,
    remedy:
      'it passes by itself; if it comes back daily, lower DOMAIN_RATES. npm run paperboy -- relays reset-domain ends it',
    href: '/admin',
  }
}

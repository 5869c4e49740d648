import { Resolver } from 'node:dns/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { disposableEmailBlocklistSet } from 'disposable-email-domains-js'
import { LRUCache } from 'lru-cache'
import type { DomainSigns, MailDomains } from '../../runtime/services.ts'

type Lookups = Pick<Resolver, 'resolveMx' | 'resolve4' | 'resolve6'>

/** Whoever signs up waits no longer than this; the answer is still there for the next one. */
const PATIENCE_MS = 250
const LOOKUPS_AT_ONCE = 50
const KEPT = 10_000
const GOOD_FOR_MS = { yes: 86_400_000, no: 600_000, unknown: 60_000 }

export function openMailDomains(
  dns: Lookups = new Resolver({ timeout: 2_000, tries: 1 }),
  clock: () => number = () => performance.now(),
): MailDomains {
  const kept = new LRUCache<string, { takesMail: DomainSigns['takesMail']; until: number }>({ max: KEPT })
  const running = new Map<string, Promise<DomainSigns['takesMail']>>()

  const look = async (domain: string) => {
    const takesMail = await takesMailAt(dns, domain)
    running.delete(domain)
    kept.set(domain, { takesMail, until: clock() + GOOD_FOR_MS[takesMail] })
    return takesMail
  }

  const takesMail = async (domain: string): Promise<DomainSigns['takesMail']> => {
    const known = kept.get(domain)
    if (known && known.until > clock()) return known.takesMail
    if (!running.has(domain)) {
      if (running.size >= LOOKUPS_AT_ONCE) return 'unknown'
      running.set(domain, look(domain))
    }
    // Nobody waits for the news of a domain that took mail, or did not say, when last asked.
    if (known && known.takesMail !== 'no') return known.takesMail
    return Promise.race([running.get(domain)!, delay(PATIENCE_MS, 'unknown' as const, { ref: false })])
  }

  return {
    signsOf: async (domain) => ({ disposable: isDisposable(domain), takesMail: await takesMail(domain) }),
  }
}

// Made once: the package's own look-up makes a set of the whole list each time.
const DISPOSABLE = disposableEmailBlocklistSet()

/** The domain itself, or one that it is under. */
function isDisposable(domain: string): boolean {
  const labels = domain.split('.')
  return labels.slice(0, -1).some((_, at) => DISPOSABLE.has(labels.slice(at).join('.')))
}

/** RFC 5321 § 5.1: mail goes to the MX hosts, without any to the name itself; RFC 7505: a lone "." takes none. */
async function takesMailAt(dns: Lookups, domain: string): Promise<DomainSigns['takesMail']> {
  try {
    const hosts = await dns.resolveMx(domain)
    if (hosts.length > 0) return hosts.some(({ exchange }) => exchange !== '' && exchange !== '.') ? 'yes' : 'no'
  } catch (error) {
    if (!isNothing(error)) return 'unknown'
    if (codeOf(error) === 'ENOTFOUND') return 'no'
  }
  const addresses = await Promise.allSettled([dns.resolve4(domain), dns.resolve6(domain)])
  if (addresses.some((each) => each.status === 'fulfilled' && each.value.length > 0)) return 'yes'
  return addresses.every((each) => each.status === 'fulfilled' || isNothing(each.reason)) ? 'no' : 'unknown'
}

const codeOf = (error: unknown) => (error as { code?: string }).code
/** The name service answered, and has nothing. */
const isNothing = (error: unknown): boolean => codeOf(error) === 'ENODATA' || codeOf(error) === 'ENOTFOUND'

import { Resolver } from 'node:dns/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { DomainSigns, MailDomains } from '../../runtime/services.ts'

type Lookups = Pick<Resolver, 'resolveMx' | 'resolve4' | 'resolve6'>

/** A sign-up waits no longer for DNS. The answer is cached for the next one. */
const DNS_TIMEOUT_MS = 250
const MAX_LOOKUPS = 50
const MAX_CACHED = 10_000
const CACHE_MS = { yes: 86_400_000, no: 600_000, unknown: 60_000 }

/** For one domain: a resolver keeps the name servers that the machine had when it was made. */
const openResolver = (): Lookups => new Resolver({ timeout: 2_000, tries: 1 })

/** Returns a DNS check, with a cache, of whether domains accept email or are disposable. */
export function openMailDomains(dns?: Lookups, clock: () => number = () => performance.now()): MailDomains {
  const cache = new LRUCache<string, { takesMail: DomainSigns['takesMail']; until: number }>({ max: MAX_CACHED })
  const running = new Map<string, Promise<DomainSigns['takesMail']>>()

  const lookUp = async (domain: string) => {
    const takesMail = await takesMailAt(dns ?? openResolver(), domain)
    running.delete(domain)
    cache.set(domain, { takesMail, until: clock() + CACHE_MS[takesMail] })
    return takesMail
  }

  const takesMail = async (domain: string): Promise<DomainSigns['takesMail']> => {
    const known = cache.get(domain)
    if (known && known.until > clock()) return known.takesMail
    if (!running.has(domain)) {
      if (running.size >= MAX_LOOKUPS) return 'unknown'
      running.set(domain, lookUp(domain))
    }
    // Only a domain that refused email is worth waiting for; otherwise the last answer is good enough.
    if (known && known.takesMail !== 'no') return known.takesMail
    return Promise.race([running.get(domain)!, delay(DNS_TIMEOUT_MS, 'unknown' as const, { ref: false })])
  }

  return {
    signsOf: async (domain) => ({ disposable: await isDisposable(domain), takesMail: await takesMail(domain) }),
  }
}

/** Built once: the package builds a set of the whole list on every lookup. Few commands look up a domain. */
let disposable: Promise<Set<string>> | undefined

/** Returns whether the domain or a parent domain is on the disposable list. */
async function isDisposable(domain: string): Promise<boolean> {
  disposable ??= import('disposable-email-domains-js').then((list) => list.disposableEmailBlocklistSet())
  const domains = await disposable.catch((error) => {
    disposable = undefined // the next sign-up tries again
    throw error
  })
  const labels = domain.split('.')
  return labels.slice(0, -1).some((_, at) => domains.has(labels.slice(at).join('.')))
}

/**
 * Email goes to the MX hosts, or to the name itself without any (RFC 5321 § 5.1). A lone "." accepts none (RFC 7505).
 */
async function takesMailAt(dns: Lookups, domain: string): Promise<DomainSigns['takesMail']> {
  try {
    const hosts = await dns.resolveMx(domain)
    if (hosts.length > 0) return hosts.some(({ exchange }) => exchange !== '' && exchange !== '.') ? 'yes' : 'no'
  } catch (error) {
    if (!isNoRecord(error)) return 'unknown'
    if (codeOf(error) === 'ENOTFOUND') return 'no'
  }
  const addresses = await Promise.allSettled([dns.resolve4(domain), dns.resolve6(domain)])
  if (addresses.some((each) => each.status === 'fulfilled' && each.value.length > 0)) return 'yes'
  return addresses.every((each) => each.status === 'fulfilled' || isNoRecord(each.reason)) ? 'no' : 'unknown'
}

const codeOf = (error: unknown) => (error as { code?: string }).code
/** DNS answered that there is no such record. */
const isNoRecord = (error: unknown): boolean => codeOf(error) === 'ENODATA' || codeOf(error) === 'ENOTFOUND'

import { createHmac } from 'node:crypto'
import { PaperboyError } from '../../lib/errors.ts'
import { networksOf } from '../../lib/network.ts'
import type { DomainSigns, Services } from '../../runtime/services.ts'
import { countSignUp, WINDOW_MINUTES } from './counts.ts'
import { verifyProofOfWork } from './proof-of-work.ts'

/** Evidence that a form or a program sends with the address. All of it is optional. */
export interface Evidence {
  /** proof of work, in base64 as ALTCHA clients encode it */
  proof?: string | undefined
  /** when the form was rendered, for requests without a proof */
  shownAt?: Date | undefined
  /** whether the honeypot field, which people do not see, was filled in */
  trapped: boolean
}

/** A person needs longer to read a form and type an address. */
const MIN_FORM_MS = 2_000

const WINDOW_SECONDS = WINDOW_MINUTES * 60

/** Longest delay of an email in a surge: the page has just said "check your inbox". */
const LONGEST_DELAY_SECONDS = 600

/** Limit of each network, in multiples of SIGN_UPS_PER_NETWORK: an IPv4 address or IPv6 /64, a /56, a /48. */
const NETWORK_SHARES = [1, 2, 4] as const

/** Rate limit error. It depends on networks, domains and time, never on whether an address is known. */
export class TooManySignUps extends PaperboyError {
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('TOO_MANY_SIGN_UPS', 'Too many sign-ups from this network or for this domain. See Retry-After.')
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/**
 * Accepts a sign-up or refuses it for now.
 *
 * A sign-up weighs 1, and 2 more for each suspicious sign: no fresh proof of work, less than two seconds on the form,
 * a disposable domain, a domain that accepts no email.
 * A network may use its limit of weight in ten minutes. In a surge, of one domain or of all, only sign-ups without
 * suspicious signs are accepted.
 * Their emails are then spread at the pace of the limit, within ten minutes. Only accepted sign-ups count.
 *
 * @returns when the email may be sent
 * @throws TooManySignUps
 */
export async function screenSignUp(
  services: Pick<Services, 'db' | 'config' | 'now'>,
  { origin, domain, signs, evidence }: { origin: string; domain: string; signs: DomainSigns; evidence: Evidence },
): Promise<{ mailAfter: Date }> {
  const { config, now } = services
  const proof = verifyProofOfWork(services, evidence.proof)
  const begun = proof?.issuedAt ?? evidence.shownAt
  const tooFast = begun === undefined || now().getTime() - begun.getTime() < MIN_FORM_MS
  const admission = await countSignUp(services, {
    networks: networksOf(origin).map((network, place) => ({
      key: networkKey(config.SECRET_KEY, network),
      limit: config.SIGN_UPS_PER_NETWORK * NETWORK_SHARES[place]!,
    })),
    domain,
    proof,
    suspicions: [tooFast, signs.disposable, signs.takesMail === 'no'].filter(Boolean).length,
    trapped: evidence.trapped,
  })
  if (!admission) {
    throw new TooManySignUps(WINDOW_SECONDS - (Math.floor(now().getTime() / 1000) % WINDOW_SECONDS))
  }
  const delays = [admission.domain, admission.all].map(({ count, limit }) => ((count - limit) / limit) * WINDOW_SECONDS)
  const delaySeconds = Math.min(Math.max(...delays, 0), LONGEST_DELAY_SECONDS)
  return { mailAfter: new Date(now().getTime() + delaySeconds * 1000) }
}

/** Returns the key a network is stored under. Without SECRET_KEY it cannot be reversed. */
const networkKey = (secretKey: string, network: string): string =>
  createHmac('sha256', secretKey).update(`sign-up network\0${network}`).digest('base64url').slice(0, 22)

import { createHmac } from 'node:crypto'
import { PaperboyError } from '../../lib/errors.ts'
import { networksOf } from '../../lib/network.ts'
import type { DomainSigns, Services } from '../../runtime/services.ts'
import { countSignUp, WINDOW_MINUTES } from './counts.ts'
import { verifyProofOfWork } from './proof-of-work.ts'

/** What a form or a program sends beside the address. None of it has to be there. */
export interface Evidence {
  /** of work that a browser has done, base64 as ALTCHA's clients encode it */
  proof?: string | undefined
  /** when the form was made, where there is no proof to say so */
  shownAt?: Date | undefined
  /** whether the field that only scripts see was filled in */
  trapped: boolean
}

/** Reading a form and typing an address takes a person longer. */
const HASTY_MS = 2_000

const WINDOW_SECONDS = WINDOW_MINUTES * 60

/** No surge delays an email for longer: the page has just said "check your inbox". */
const LONGEST_DELAY_SECONDS = 600

/** What a network may have, in multiples of SIGN_UPS_PER_NETWORK: an IPv4 address or IPv6 /64, a /56, a /48. */
const NETWORK_SHARES = [1, 2, 4] as const

/** Says when to come again. Depends on networks, domains and the hour, never on whether an address is known. */
export class TooManySignUps extends PaperboyError {
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('TOO_MANY_SIGN_UPS', 'Too many sign-ups from this network or for this domain. See Retry-After.')
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/**
 * Admits a sign-up, or not yet.
 *
 * Every sign-up weighs 1 and 2 more for each doubt: no fresh proof of work, made in less than two seconds, a disposable domain, a
 * domain that takes no mail. A network has its weight in ten minutes. In a surge, for one domain or for all, only sign-ups without
 * a doubt are admitted, and their emails leave at the pace of the limit, within ten minutes. Only what was admitted counts.
 *
 * @returns when the email may leave
 * @throws TooManySignUps
 */
export async function screenSignUp(
  services: Pick<Services, 'db' | 'config' | 'now'>,
  { origin, domain, signs, evidence }: { origin: string; domain: string; signs: DomainSigns; evidence: Evidence },
): Promise<{ mailAfter: Date }> {
  const { config, now } = services
  const proof = await verifyProofOfWork(services, evidence.proof)
  const begun = proof?.issuedAt ?? evidence.shownAt
  const hasty = begun === undefined || now().getTime() - begun.getTime() < HASTY_MS
  const admission = await countSignUp(services, {
    networks: networksOf(origin).map((network, place) => ({
      key: networkKey(config.SECRET_KEY, network),
      limit: config.SIGN_UPS_PER_NETWORK * NETWORK_SHARES[place]!,
    })),
    domain,
    proof,
    doubts: [hasty, signs.disposable, signs.takesMail === 'no'].filter(Boolean).length,
    trapped: evidence.trapped,
  })
  if (!admission) {
    throw new TooManySignUps(WINDOW_SECONDS - (Math.floor(now().getTime() / 1000) % WINDOW_SECONDS))
  }
  const delays = [admission.domain, admission.all].map(({ count, limit }) => ((count - limit) / limit) * WINDOW_SECONDS)
  const delaySeconds = Math.min(Math.max(...delays, 0), LONGEST_DELAY_SECONDS)
  return { mailAfter: new Date(now().getTime() + delaySeconds * 1000) }
}

/** A network as it is stored: it cannot be read without SECRET_KEY. */
const networkKey = (secretKey: string, network: string): string =>
  createHmac('sha256', secretKey).update(`sign-up network\0${network}`).digest('base64url').slice(0, 22)

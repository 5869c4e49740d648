import { createHmac } from 'node:crypto'
import { PaperboyError } from '../../lib/errors.ts'
import { networkPrefix } from '../../lib/network-prefix.ts'
import type { DomainSigns, Services } from '../../runtime/services.ts'
import { countSignUp, WINDOW_MINUTES } from './counts.ts'
import { checkProof } from './proof.ts'

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

/** Says when to come again. Depends on networks, domains and the hour, never on whether an address is known. */
export class TooManySignUps extends PaperboyError {
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('TOO_MANY_SIGN_UPS', 'Too many sign-ups from this network or for this domain. See Retry-After.')
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/**
 * Lets a sign-up in, or not yet.
 *
 * Every sign-up weighs 1 and 2 more for each doubt: no fresh proof of work, made in less than two seconds, a disposable domain, a
 * domain that takes no mail. A network has its weight in ten minutes. In a surge, for one domain or for all, only sign-ups without
 * a doubt are taken, and their mails leave at the pace of the limit.
 *
 * @returns when the mail may leave
 * @throws TooManySignUps
 */
export async function admit(
  services: Pick<Services, 'db' | 'config' | 'now'>,
  { origin, domain, signs, evidence }: { origin: string; domain: string; signs: DomainSigns; evidence: Evidence },
): Promise<{ mailAfter: Date }> {
  const { config, now } = services
  const proof = await checkProof(services, evidence.proof)
  const begun = proof?.issuedAt ?? evidence.shownAt
  const hasty = begun === undefined || now().getTime() - begun.getTime() < HASTY_MS
  const counted = await countSignUp(services, {
    networkKey: networkKey(config.SECRET_KEY, origin),
    domain,
    proof,
    doubts: [hasty, signs.disposable, signs.takesMail === 'no'].filter(Boolean).length,
    trapped: evidence.trapped,
  })
  const levels = [counted.domain, counted.all]
  const surge = levels.some(({ most, limit }) => most > limit)
  if (counted.network > config.SIGN_UPS_PER_NETWORK || (surge && counted.doubtful)) {
    throw new TooManySignUps(WINDOW_SECONDS - (Math.floor(now().getTime() / 1000) % WINDOW_SECONDS))
  }
  const delaySeconds = Math.max(...levels.map(({ count, limit }) => ((count - limit) / limit) * WINDOW_SECONDS), 0)
  return { mailAfter: new Date(now().getTime() + delaySeconds * 1000) }
}

/** How a network is written down: none can be read from it without SECRET_KEY. */
const networkKey = (secretKey: string, origin: string): string =>
  createHmac('sha256', secretKey)
    .update(`sign-up network\0${networkPrefix(origin)}`)
    .digest('base64url')
    .slice(0, 22)

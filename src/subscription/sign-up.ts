import { type Address, AddressError, parseAddress } from '../mail/address.ts'
import type { Locale } from '../messages/catalogue.ts'
import type { Services } from '../runtime/services.ts'
import { requestManageLink } from './manage.ts'
import { type Evidence, screenSignUp } from './signup-protection/screen-sign-up.ts'
import { type SignUpWishes, subscribe } from './subscribe.ts'

export interface Request {
  /** the address as typed */
  typed: string
  /** the network address it came from */
  origin: string
  evidence: Evidence
}

/**
 * Screens a sign-up from a form or the API, then subscribes the address.
 *
 * @returns `slip`: the address looks mistyped, since its domain does not seem to accept email
 * @throws AddressError | TooManySignUps
 */
export async function signUp(
  services: Services,
  request: Request & { zone?: string | undefined; locale?: Locale; wishes?: SignUpWishes },
): Promise<{ slip: boolean }> {
  const { mailAfter, slip, trapped } = await screenRequest(services, request)
  // A filled honeypot field means a script: it gets the same answer, and no email is sent.
  if (!trapped) await subscribe(services, { ...request, mailAfter })
  return { slip }
}

/**
 * Screens a request for the manage link in the same way, then emails it.
 * @throws AddressError | TooManySignUps
 */
export async function askForManageLink(services: Services, request: Request): Promise<void> {
  const { mailAfter, trapped } = await screenRequest(services, request)
  if (!trapped) await requestManageLink(services, { typed: request.typed, mailAfter })
}

async function screenRequest(services: Services, { typed, origin, evidence }: Request) {
  const { domain } = await readAddress(services, typed)
  const signs = await services.mailDomains.signsOf(domain)
  const { mailAfter } = await screenSignUp(services, { origin, domain, signs, evidence })
  return { mailAfter, slip: signs.takesMail === 'no', trapped: evidence.trapped }
}

/** Accepts letters beyond ASCII before the @ when the relay supports SMTPUTF8. */
export async function readAddress({ relayAbility }: Pick<Services, 'relayAbility'>, typed: string): Promise<Address> {
  try {
    return parseAddress(typed)
  } catch (error) {
    const askRelay = error instanceof AddressError && error.problem === 'localPartUtf8'
    if (askRelay && (await relayAbility.carriesUtf8())) return parseAddress(typed, { utf8: true })
    throw error
  }
}

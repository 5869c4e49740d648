import { type Address, AddressError, parseAddress } from '../mail/address.ts'
import type { Locale } from '../messages/catalogue.ts'
import type { Services } from '../runtime/services.ts'
import { requestManageLink } from './manage.ts'
import { type Evidence, screenSignUp } from './signup-protection/screen-sign-up.ts'
import { subscribe } from './subscribe.ts'

export interface Request {
  /** the address as typed */
  typed: string
  /** the network address it came from */
  origin: string
  evidence: Evidence
}

/**
 * A sign-up as it comes from outside, through the armour to `subscribe`.
 *
 * @returns whether the address looks mistyped: its domain does not seem to take mail
 * @throws AddressError | TooManySignUps
 */
export async function signUp(
  services: Services,
  request: Request & { zone?: string | undefined; locale?: Locale },
): Promise<{ slip: boolean }> {
  const { mailAfter, slip, caught } = await screenRequest(services, request)
  // Whoever fills in what people cannot see is a script: it gets the same answer, and nobody gets a mail.
  if (!caught) await subscribe(services, { ...request, mailAfter })
  return { slip }
}

/**
 * A wish for the link that may do everything, through the same armour.
 * @throws AddressError | TooManySignUps
 */
export async function askForManageLink(services: Services, request: Request): Promise<void> {
  const { mailAfter, caught } = await screenRequest(services, request)
  if (!caught) await requestManageLink(services, { typed: request.typed, mailAfter })
}

async function screenRequest(services: Services, { typed, origin, evidence }: Request) {
  const { domain } = await readAddress(services, typed)
  const signs = await services.mailDomains.signsOf(domain)
  const { mailAfter } = await screenSignUp(services, { origin, domain, signs, evidence })
  return { mailAfter, slip: signs.takesMail === 'no', caught: evidence.trapped }
}

/** Letters beyond ASCII before the @ are taken where our relay carries them. */
export async function readAddress({ relayAbility }: Pick<Services, 'relayAbility'>, typed: string): Promise<Address> {
  try {
    return parseAddress(typed)
  } catch (error) {
    const askRelay = error instanceof AddressError && error.problem === 'localPartUtf8'
    if (askRelay && (await relayAbility.carriesUtf8())) return parseAddress(typed, { utf8: true })
    throw error
  }
}

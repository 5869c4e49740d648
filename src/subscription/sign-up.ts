import { atMost } from '../lib/at-most.ts'
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
 * Sign-ups, and requests for the manage link, that a process handles at once. More would open a database connection each, and wait for
 * the row that counts them all: two cores took 1,600 a second where five at once make 1,800.
 */
const MOST_AT_ONCE = 5

/**
 * Screens a sign-up from a form or the API, then subscribes the address.
 *
 * @returns `slip`: the address looks mistyped, since its domain does not seem to accept email
 * @throws AddressError | TooManySignUps
 */
export const signUp = (
  services: Services,
  request: Request & { zone?: string | undefined; locale?: Locale; wishes?: SignUpWishes },
): Promise<{ slip: boolean }> =>
  screened(services, request, (mailAfter) => subscribe(services, { ...request, mailAfter }))

/**
 * Screens a request for the manage link in the same way, then emails it.
 * @throws AddressError | TooManySignUps
 */
export async function askForManageLink(services: Services, request: Request): Promise<void> {
  await screened(services, request, (mailAfter) => requestManageLink(services, { typed: request.typed, mailAfter }))
}

async function screened(
  services: Services,
  { typed, origin, evidence }: Request,
  act: (mailAfter: Date) => Promise<void>,
): Promise<{ slip: boolean }> {
  const { domain } = await readAddress(services, typed)
  const signs = await services.mailDomains.signsOf(domain)
  await inTurn(async () => {
    const { mailAfter } = await screenSignUp(services, { origin, domain, signs, evidence })
    // A filled honeypot field means a script: it gets the same answer, and no email is sent.
    if (!evidence.trapped) await act(mailAfter)
  })
  return { slip: signs.takesMail === 'no' }
}

/** DNS is asked before a turn begins: a slow answer would make the others wait. */
const inTurn = atMost(MOST_AT_ONCE, (act: () => Promise<void>) => act())

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

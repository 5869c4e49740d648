import { contactOf } from '../mail/contact.ts'
import { isOwnAddress } from '../mail/own-addresses.ts'
import type { Services } from '../runtime/services.ts'

/** Returns what people learn who wrote to an address that only this program reads, after the status of RFC 3463. */
export function readByProgram(deps: Pick<Services, 'config' | 'keys'>): string {
  const contact = contactOf(deps.config)
  const write = isOwnAddress(deps, contact) ? '' : `, or write to ${contact}`
  return `5.7.1 no person reads this address: use the links in our email${write}`
}

import type { Config } from '../runtime/config/config.ts'
import { addressOf } from './mailbox.ts'
import { readReturnPath } from './return-path.ts'
import type { TokenKeys } from './tokens.ts'

type Addresses = Pick<Config, 'BOUNCE_ADDRESS' | 'MAIL_FROM'>

/**
 * Returns the address for unsubscribing by email. It follows the pattern of the return paths, so that the same inbox receives it.
 * Without BOUNCE_ADDRESS it is the sender's own mailbox.
 */
export const unsubscribeAddress = ({ BOUNCE_ADDRESS, MAIL_FROM }: Addresses): string =>
  BOUNCE_ADDRESS?.replace('*', 'unsubscribe') ?? addressOf(MAIL_FROM)

/** Returns the mailto link of List-Unsubscribe, for mail programs that do not use https. */
export const unsubscribeMailto = (config: Addresses, unsubscribeToken: string): string =>
  `mailto:${unsubscribeAddress(config)}?subject=unsubscribe%20${unsubscribeToken}`

/** Returns whether Paperboy receives this address: a return path that it signed, the unsubscribe address, or the sender's own. */
export function isOurs({ config, keys }: { config: Addresses; keys: TokenKeys }, address: string): boolean {
  const given = address.toLowerCase()
  const own = [unsubscribeAddress(config), addressOf(config.MAIL_FROM)].map((each) => each.toLowerCase())
  return own.includes(given) || readReturnPath(keys, given) !== undefined
}

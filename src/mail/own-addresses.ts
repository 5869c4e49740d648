import { addressOf } from './mailbox.ts'
import { readReturnPath, type SenderSettings } from './return-path.ts'
import type { TokenKeys } from './tokens.ts'

/**
 * Returns the address for unsubscribe requests by email: a BOUNCE_ADDRESS, so that one reader handles both.
 * Without BOUNCE_ADDRESS it is the sender's own mailbox.
 */
export const unsubscribeAddress = ({ BOUNCE_ADDRESS, MAIL_FROM }: SenderSettings): string =>
  BOUNCE_ADDRESS?.replace('*', 'unsubscribe') ?? addressOf(MAIL_FROM)

/** Returns the mailto link of List-Unsubscribe, for mail programs that do not use https. */
export const unsubscribeMailto = (config: SenderSettings, unsubscribeToken: string): string =>
  `mailto:${unsubscribeAddress(config)}?subject=unsubscribe%20${unsubscribeToken}`

/** Returns whether Paperboy reads this address: a return path it signed, the unsubscribe address, or its sender. */
export function isOwnAddress({ config, keys }: { config: SenderSettings; keys: TokenKeys }, address: string): boolean {
  const candidate = address.toLowerCase()
  const own = [unsubscribeAddress(config), addressOf(config.MAIL_FROM)].map((each) => each.toLowerCase())
  return own.includes(candidate) || readReturnPath(keys, candidate) !== undefined
}

import { addressOf } from './mailbox.ts'
import { readReturnPath, type SenderSettings } from './return-path.ts'
import type { TokenKeys } from './tokens.ts'

/**
 * Where readers' mail programs send their wish to leave: beside the return paths, so that whatever reads those reads this too.
 * Without BOUNCE_ADDRESS the sender's own mailbox.
 */
export const unsubscribeAddress = ({ BOUNCE_ADDRESS, MAIL_FROM }: SenderSettings): string =>
  BOUNCE_ADDRESS?.replace('*', 'unsubscribe') ?? addressOf(MAIL_FROM)

/** Whether an address is one that Paperboy reads: a return path that it signed, the address for leaving, or its sender's own. */
export function isOwnAddress({ config, keys }: { config: SenderSettings; keys: TokenKeys }, address: string): boolean {
  const given = address.toLowerCase()
  const own = [unsubscribeAddress(config), addressOf(config.MAIL_FROM)].map((each) => each.toLowerCase())
  return own.includes(given) || readReturnPath(keys, given) !== undefined
}

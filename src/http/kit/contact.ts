import { addressOf } from '../../mail/mailbox.ts'
import type { Services } from '../../runtime/services.ts'

/** Returns the address to which readers write. */
export const contactOf = ({ newsletter, REPLY_TO, MAIL_FROM }: Services['config']): string =>
  newsletter.contact ?? addressOf(REPLY_TO ?? MAIL_FROM)

import { addressOf, type Mailbox } from './mailbox.ts'

interface Settings {
  newsletter: { contact: string | undefined }
  REPLY_TO?: Mailbox | undefined
  MAIL_FROM: Mailbox
}

/** Returns the address to which readers write. */
export const contactOf = ({ newsletter, REPLY_TO, MAIL_FROM }: Settings): string =>
  newsletter.contact ?? addressOf(REPLY_TO ?? MAIL_FROM)

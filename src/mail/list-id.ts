import { domainOf, type Mailbox } from './mailbox.ts'

/**
 * Returns List-Id (RFC 2919): "Paperboy daily <daily.paperboy.example.org>". A mail program's filters go by the part in
 * brackets, so another name makes it another list.
 */
export function listId(
  { newsletter, MAIL_FROM }: { newsletter: { name: string; slug: string }; MAIL_FROM: Mailbox },
  part: 'daily' | 'weekly' | 'service',
): string {
  const words = part === 'service' ? newsletter.name : `${newsletter.name} ${part}`
  // The description is optional. With other characters, the encoder would encode the part in brackets as well.
  const description = /^[A-Za-z0-9 -]+$/.test(words) ? `${words} ` : ''
  return `${description}<${part}.${newsletter.slug}.${domainOf(MAIL_FROM)}>`
}

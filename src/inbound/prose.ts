import { addressesIn, addressIn } from './fields.ts'
import { headerOf, type InboundMail } from './read-mail.ts'

/** One recipient that a text names, with what it says about them. */
export interface Named {
  recipient: string | undefined
  said: string
}

const OWN_HEADERS = ['to', 'delivered-to', 'x-original-to', 'envelope-to', 'from', 'reply-to', 'x-apparently-to']

/** Someone to be asked, or whoever sent the mail: not whom it could not reach. */
const NOT_A_RECIPIENT =
  /contact|support|assistance|help|visit|questions?|abuse@|postmaster@|message sent by|envelope[ -]sender|return-?path|from:|<mailto:[^>]*\?|hilfe|kontakt|ご連絡|連絡/i

/**
 * The recipients of a bounce that says so in prose alone. A line that begins with an address and a colon, or is one, opens what is
 * said about it; failing that, an address behind "to" or in the RCPT command; failing that, any that is not the sender's own.
 */
export function namedIn(mail: InboundMail): Named[] {
  const failed = addressesIn((mail.headers.get('x-failed-recipients') ?? []).join(' '))
  const lines = mail.text.split('\n').slice(0, 2000)
  if (failed.length > 0) return failed.map((recipient) => ({ recipient, said: saidOf(recipient, failed, lines) }))
  const own = new Set(OWN_HEADERS.flatMap((name) => addressesIn((mail.headers.get(name) ?? []).join(' '))))
  const opening = dropOwn(
    lines.flatMap((line) => OPENING.exec(line.slice(0, 400))?.[1]?.toLowerCase() ?? []),
    own,
  )
  if (opening.length > 0) {
    return opening.slice(0, 100).map((recipient) => ({ recipient, said: saidOf(recipient, opening, lines) }))
  }
  const useful = lines.filter((line) => !NOT_A_RECIPIENT.test(line)).join('\n')
  const [pointed] = dropOwn(
    [...useful.matchAll(POINTED)].map((match) => match[1]!.toLowerCase()),
    own,
  )
  const [any] = dropOwn(addressesIn(useful), own)
  const original = mail.original?.headers
  const returned = addressIn(headerOf(original, 'x-original-to')) ?? addressIn(headerOf(original, 'to'))
  return [{ recipient: pointed ?? any ?? returned, said: mail.text.slice(0, 4000) }]
}

const LOCAL = '[^\\s<>()\\[\\]\\\\,;:"\'@]{1,64}'
const DOMAIN = '[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?'
/** "<ada@example.org>: …", "ada@example.org:", "ada@example.org" alone, ">>> ada@example.org <ada@example.org>" */
const OPENING = new RegExp(`^[\\s>*]*<?(${LOCAL}@${DOMAIN})>?(?:\\s*(?::|\\(|<|\\.{3}|$)|\\s+\\S.*:\\s)`)
const POINTED = new RegExp(
  `(?:\\bto|recipients?|rcpt to|an|für|à|pour|para|address|mailing list)\\s*:?\\s*<?(${LOCAL}@${DOMAIN})`,
  'gi',
)

/** The reader's own words name the sender too; it counts where nobody else is named, as when somebody mails themselves. */
function dropOwn(found: readonly string[], own: ReadonlySet<string>): string[] {
  const others = found.filter((address) => !own.has(address))
  return [...new Set(others.length > 0 ? others : found)]
}

/** From the line that opens a recipient to the next recipient's, and at least the sentence around them. */
function saidOf(recipient: string, all: readonly string[], lines: readonly string[]): string {
  const names = (line: string, address: string) => line.toLowerCase().includes(address)
  const begin = lines.findIndex((line) => names(line, recipient))
  if (begin < 0) return lines.join('\n').slice(0, 4000)
  const others = all.filter((address) => address !== recipient)
  const length = lines.slice(begin + 1).findIndex((line) => others.some((address) => names(line, address)))
  const end = length < 0 ? lines.length : begin + 1 + length
  return lines.slice(begin, end).join('\n').slice(0, 4000)
}

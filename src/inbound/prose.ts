import { addressesIn } from './fields.ts'
import { headerOf, type InboundMail } from './read-mail.ts'

/** A recipient that a text names, with the text about it. */
export interface NamedRecipient {
  recipient: string | undefined
  diagnostic: string
}

const OWN_HEADERS = ['to', 'delivered-to', 'from', 'reply-to', 'x-apparently-to']

/** A contact or the sender of the original: not a failed recipient. */
const NOT_A_RECIPIENT =
  /contact|support|assistance|help|visit|questions?|abuse@|postmaster@|message sent by|envelope[ -]sender|sender (?:address|verif)|return-?path|from:|reply-?to:|message-?id|<mailto:[^>]*\?|hilfe|kontakt|ご連絡|連絡/i

/** Returns the senders of the report and of the original: never its failed recipient. */
export function sendersOf({ headers, original }: InboundMail): string[] {
  const own = OWN_HEADERS.flatMap((name) => headers.get(name) ?? [])
  const returned = ['from', 'sender', 'reply-to', 'return-path'].flatMap((name) => original?.headers.get(name) ?? [])
  return addressesIn([...own, ...returned].join(' '))
}

/**
 * Finds the recipients of a bounce in prose. The surest sign wins: a header field, lines that begin with an address,
 * the RCPT command, a list or words such as "to", the only other address, and last the recipient of the returned
 * message.
 * Senders are excluded, unless a sure sign names no other address: people do email themselves.
 */
export function findRecipients(mail: InboundMail): NamedRecipient[] {
  const lines = mail.text.split('\n').slice(0, 2000)
  const useful = lines.filter((line) => !NOT_A_RECIPIENT.test(line))
  const words = useful.join('\n')
  const sure = [
    addressesIn((mail.headers.get('x-failed-recipients') ?? []).join(' ')),
    lines.flatMap((line) => OPENING.exec(line.slice(0, 400))?.[1] ?? []),
    matches(mail.text, RCPT_TO),
  ]
  const likely = [matches(words, LISTED), matches(words, POINTED)]
  const returned = RETURNED_TO.map((name) => headerOf(mail.original?.headers, name)).join(' ')
  const senders = new Set(sendersOf(mail))
  const others = (found: readonly string[]) => distinct(found).filter((address) => !senders.has(address))

  const all = sure.map(others).find(({ length }) => length > 0)
  if (all) return all.map((recipient) => ({ recipient, diagnostic: diagnosticOf(recipient, all, lines) }))
  const [other] = [...likely, addressesIn(words), addressesIn(returned)].flatMap(others)
  const [themselves] = [...sure, ...likely].flatMap(distinct)
  return [{ recipient: other ?? themselves, diagnostic: mail.text.slice(0, 4000) }]
}

const RETURNED_TO = ['x-original-to', 'x-actual-recipient', 'envelope-to', 'delivered-to', 'to']
const distinct = (found: readonly string[]): string[] =>
  [...new Set(found.map((address) => address.toLowerCase()))].slice(0, 100)
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!)

const LOCAL = '[^\\s<>()\\[\\]\\\\,;:"\'@]{1,64}'
const DOMAIN = '[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?'
/** "<ada@example.org>: …", "ada@example.org:", "ada@example.org" alone, ">>> ada@example.org <ada@example.org>" */
const OPENING = new RegExp(`^[\\s>*]*<?(${LOCAL}@${DOMAIN})>?(?:\\s*(?::|\\(|<|\\.{3}|$)|\\s+\\S.*:\\s)`)
const RCPT_TO = new RegExp(`rcpt to:\\s*<?(${LOCAL}@${DOMAIN})`, 'gi')
/** "did not reach the following recipient(s):", with the address on a line after it */
const LISTED = new RegExp(
  `(?:recipients?|address(?:es)?|delivered to|deliver to|affected)(?:\\(e?s\\))?[^\\n:]{0,60}:[ \\t]*\\n\\s{0,40}[<"']?(${LOCAL}@${DOMAIN})`,
  'gi',
)
const POINTED = new RegExp(
  `(?:\\bto|recipients?(?:\\(s\\))?|rcpt|an|für|à|pour|para|address|user|account|mailbox|mailing list)\\s*[:=]?\\s*[<"'(]?(${LOCAL}@${DOMAIN})`,
  'gi',
)

/** Returns the text from the line that names a recipient to the next recipient's line. */
function diagnosticOf(recipient: string, all: readonly string[], lines: readonly string[]): string {
  const names = (line: string, address: string) => line.toLowerCase().includes(address)
  const begin = lines.findIndex((line) => names(line, recipient))
  if (begin < 0) return lines.join('\n').slice(0, 4000)
  const others = all.filter((address) => address !== recipient)
  const length = lines.slice(begin + 1).findIndex((line) => others.some((address) => names(line, address)))
  const end = length < 0 ? lines.length : begin + 1 + length
  return lines.slice(begin, end).join('\n').slice(0, 4000)
}

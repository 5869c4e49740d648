import { addressesIn } from './fields.ts'
import {
  ABOUT_US,
  AT_MAIL_FROM,
  GONE,
  MAILBOX_FULL,
  OUR_SENDER,
  type Phrase,
  TOO_BIG,
  UNKNOWN_HOST,
  UNKNOWN_USER,
  UNREACHABLE,
} from './phrases.ts'

/** What a refusal says about an address. */
export interface Verdict {
  class: 'hard' | 'soft'
  /** in a word or two, ours */
  reason: string
  /** enhanced status code (RFC 3463) and SMTP reply code (RFC 5321), as far as they could be found */
  status: string | undefined
  reply: number | undefined
}

/**
 * Whether a refusal means that the address is dead (hard), or that it may work another day or the refusal was about us (soft).
 * Hard is what costs a reader their digest, so whatever is unclear is soft.
 *
 * Words go before codes, since servers give 550 and 5.1.1 for anything; but a 4yz code never makes an address dead, and a code
 * that names the mailbox or the system (5.2.z, 5.3.z) is believed over "unknown user" behind it, which is how filters answer.
 *
 * @param said the remote server's words, or the report's own about this recipient
 * @param reported the report's Status field, where it has one
 * @param own addresses of ours in lower case: a refusal that names one of them is about our sender
 */
export function verdictOf(said: string, reported?: string, own: readonly string[] = []): Verdict {
  const text = said.slice(0, 4000).replace(/\s+/g, ' ')
  const status = moreSpecific(statusIn(text), statusIn(reported ?? ''))
  const reply = replyIn(text)
  const codes = { status, reply }
  const temporary = status?.startsWith('4') || (reply !== undefined && reply >= 400 && reply < 500)
  const about = firstIn(text, ABOUT_US)
  const address = firstIn(text, [GONE, UNKNOWN_HOST, UNKNOWN_USER])
  const later = [MAILBOX_FULL, TOO_BIG, ...UNREACHABLE].find(({ words }) => words.test(text))
  const soft = (reason: string): Verdict => ({ class: 'soft', reason, ...codes })
  const hard = (reason: string): Verdict => ({ class: 'hard', reason, ...codes })

  // Before the others: such a reply says "user unknown" of our address.
  if (isAboutSender(text, status, own)) return soft(OUR_SENDER.reason)
  if (AT_MAIL_FROM.test(text)) return soft(about?.reason ?? OUR_SENDER.reason)
  if (temporary) return soft((later ?? about ?? address)?.reason ?? reasonOf(status)?.reason ?? 'not now')
  if (MAILBOX_FULL.words.test(text)) return soft(MAILBOX_FULL.reason)
  // "User unknown; see our policy" is about the address, "Blocked: no such user as far as you are concerned" is not.
  if (address && (about === undefined || address.at < about.at)) {
    if (refusedLate(text) || (status !== undefined && /^5\.[23]\.(?!1$)/.test(status))) return soft('filtered')
    return hard(address.reason)
  }
  if (about) return soft(about.reason)
  const coded = reasonOf(status)
  if (coded) return { ...coded, ...codes }
  if (later) return soft(later.reason)
  if (reply === 551 || reply === 556) return hard(GONE.reason)
  return soft('refused')
}

/** Reasons that say nothing about a reader: a server refused our sender, our relay or what we send. */
export const REASONS_ABOUT_US: ReadonlySet<string> = new Set([OUR_SENDER, ...ABOUT_US].map(({ reason }) => reason))

/** Whether a verdict is about us, so that no number of them gives an address up. */
export const isAboutUs = ({ reason }: Pick<Verdict, 'reason'>): boolean => REASONS_ABOUT_US.has(reason)

/** Enhanced codes that refuse the sender's address (RFC 3463 § 3.2, RFC 7505 § 4.2). */
const SENDER_CODE = /^[45]\.(?:1\.[78]|7\.27)$/

/** @param own addresses of ours: where one is refused by name, it is not the reader's */
function isAboutSender(text: string, status: string | undefined, own: readonly string[]): boolean {
  if (OUR_SENDER.words.test(text) || (status !== undefined && SENDER_CODE.test(status))) return true
  const reply = Math.max(text.search(/\b[45]\d\d[ -]/), 0)
  const refused = addressesIn(text.slice(reply))
  return refused.length > 0 && refused.every((address) => own.includes(address)) && UNKNOWN_USER.words.test(text)
}

/** The phrase that stands first in a text. */
function firstIn(text: string, phrases: readonly Phrase[]): (Phrase & { at: number }) | undefined {
  const found = phrases.map((phrase) => ({ ...phrase, at: text.search(phrase.words) })).filter(({ at }) => at >= 0)
  return found.sort((a, b) => a.at - b.at)[0]
}

/** After the message itself a server knows the mailbox: it took the recipient before. */
const refusedLate = (text: string): boolean => /(?:in reply to|after) end of data|after data command/i.test(text)

/** The first enhanced code that says more than "something": 5.0.0 and 5.5.0 are what programs put where they know nothing. */
function statusIn(text: string): string | undefined {
  const all = [...text.matchAll(/(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)/g)].map((match) => match[1]!)
  return all.find((code) => !isVague(code)) ?? all[0]
}

const isVague = (code: string): boolean => /^\d\.(?:0\.0|5\.0)$/.test(code)

const moreSpecific = (said: string | undefined, reported: string | undefined): string | undefined =>
  said !== undefined && (!isVague(said) || reported === undefined || isVague(reported)) ? said : reported

/** "550 no", "550-5.1.1 no"; failing that, a number behind a word that announces a reply: "SMTP error 421:", "ERROR_CODE :550,". */
function replyIn(text: string): number | undefined {
  const found =
    /(?<![\d.#:-])([2-5][0-5]\d)(?= |-(?!\d)|-[245]\.\d|$)/.exec(text) ??
    /\b(?:error|code|status|reply|replied|response|responded|said|smtp)\b[^\w]{0,4}([245][0-5]\d)(?![\d.])/i.exec(text)
  return found ? Number(found[1]) : undefined
}

/** RFC 3463 § 3 and the registry of RFC 5248, permanent ones. */
const CODES: readonly [RegExp, 'hard' | 'soft', string][] = [
  [/^5\.1\.9$/, 'soft', 'blocked'],
  [/^5\.1\.(?:2|10)$|^5\.4\.4$/, 'hard', UNKNOWN_HOST.reason],
  [/^5\.1\.6$|^5\.2\.1$|^5\.7\.(?:13|17)$/, 'hard', GONE.reason],
  [/^5\.1\./, 'hard', UNKNOWN_USER.reason],
  [/^5\.2\.2$/, 'soft', MAILBOX_FULL.reason],
  [/^5\.[23]\.[34]$/, 'soft', TOO_BIG.reason],
  [/^5\.[23]\./, 'soft', 'filtered'],
  [/^5\.4\./, 'soft', 'network'],
  [/^5\.6\./, 'soft', 'content'],
  [/^5\.7\.(?:2[0-9]|5\d\d)$/, 'soft', 'authentication'],
  [/^5\.7\./, 'soft', 'policy'],
]

function reasonOf(status: string | undefined): Pick<Verdict, 'class' | 'reason'> | undefined {
  const found = CODES.find(([pattern]) => status !== undefined && pattern.test(status))
  return found && { class: found[1], reason: found[2] }
}

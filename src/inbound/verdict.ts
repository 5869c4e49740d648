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

/** What a refusal means for an address. */
export interface Verdict {
  class: 'hard' | 'soft'
  /** our own short term */
  reason: string
  /** enhanced status code (RFC 3463) and SMTP reply code (RFC 5321), if found */
  status: string | undefined
  reply: number | undefined
}

/**
 * Judges a refusal: the address is dead (hard), or it may work later or the refusal was about us (soft).
 * Hard costs a reader their digest, so unclear cases are soft.
 *
 * Text outranks codes, since servers use 550 and 5.1.1 for anything. But a 4yz code never means a dead address.
 * A code about the mailbox or system (5.2.z, 5.3.z) outranks "unknown user" after it: filters answer that way.
 *
 * @param diagnostic the text of the remote server, or of the report about this recipient
 * @param reported the Status field of the report, if any
 * @param own our addresses in lower case: a refusal that names one is about our sender
 */
export function verdictOf(diagnostic: string, reported?: string, own: readonly string[] = []): Verdict {
  const text = diagnostic.slice(0, 4000).replace(/\s+/g, ' ')
  const status = moreSpecific(statusIn(text), statusIn(reported ?? ''))
  const reply = replyIn(text)
  const codes = { status, reply }
  const temporary = status?.startsWith('4') || (reply !== undefined && reply >= 400 && reply < 500)
  const about = firstIn(text, ABOUT_US)
  const address = firstIn(text, [GONE, UNKNOWN_HOST, UNKNOWN_USER])
  const later = [MAILBOX_FULL, TOO_BIG, ...UNREACHABLE].find(({ words }) => words.test(text))
  const soft = (reason: string): Verdict => ({ class: 'soft', reason, ...codes })
  const hard = (reason: string): Verdict => ({ class: 'hard', reason, ...codes })

  // Check first: such a reply says "user unknown" about our address.
  if (isAboutSender(text, status, own)) return soft(OUR_SENDER.reason)
  if (AT_MAIL_FROM.test(text)) return soft(about?.reason ?? OUR_SENDER.reason)
  if (temporary) return soft((later ?? about ?? address)?.reason ?? reasonOf(status)?.reason ?? 'not now')
  if (MAILBOX_FULL.words.test(text)) return soft(MAILBOX_FULL.reason)
  // "User unknown; see our policy" is about the address. "Blocked: no such user as far as you are concerned" is not.
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

/** Reasons that say nothing about a reader: a server refused our sender, relay or content. */
export const REASONS_ABOUT_US: ReadonlySet<string> = new Set([OUR_SENDER, ...ABOUT_US].map(({ reason }) => reason))

/** Returns whether a verdict is about us. Such verdicts never suppress an address. */
export const isAboutUs = ({ reason }: Pick<Verdict, 'reason'>): boolean => REASONS_ABOUT_US.has(reason)

/** Enhanced codes that refuse the sender address (RFC 3463 § 3.2, RFC 7505 § 4.2). */
const SENDER_CODE = /^[45]\.(?:1\.[78]|7\.27)$/

/** @param own our addresses: if one is refused by name, it is not the reader's */
function isAboutSender(text: string, status: string | undefined, own: readonly string[]): boolean {
  if (OUR_SENDER.words.test(text) || (status !== undefined && SENDER_CODE.test(status))) return true
  const reply = Math.max(text.search(/\b[45]\d\d[ -]/), 0)
  const refused = addressesIn(text.slice(reply))
  return refused.length > 0 && refused.every((address) => own.includes(address)) && UNKNOWN_USER.words.test(text)
}

/** Returns the phrase that comes first in a text. */
function firstIn(text: string, phrases: readonly Phrase[]): (Phrase & { at: number }) | undefined {
  const found = phrases.map((phrase) => ({ ...phrase, at: text.search(phrase.words) })).filter(({ at }) => at >= 0)
  return found.sort((a, b) => a.at - b.at)[0]
}

/** A refusal after the message: the server had accepted the recipient, so it knows the mailbox. */
const refusedLate = (text: string): boolean => /(?:in reply to|after) end of data|after data command/i.test(text)

/** Returns the first specific enhanced code. Programs write 5.0.0 and 5.5.0 when they know nothing. */
function statusIn(text: string): string | undefined {
  const all = [...text.matchAll(/(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)/g)].map((match) => match[1]!)
  return all.find((code) => !isVague(code)) ?? all[0]
}

const isVague = (code: string): boolean => /^\d\.(?:0\.0|5\.0)$/.test(code)

const moreSpecific = (diagnostic: string | undefined, reported: string | undefined): string | undefined =>
  diagnostic !== undefined && (!isVague(diagnostic) || reported === undefined || isVague(reported))
    ? diagnostic
    : reported

/**
 * "550 no", "550-5.1.1 no"; otherwise a number after a word that announces a reply: "SMTP error 421:", "ERROR_CODE
 * :550,".
 */
function replyIn(text: string): number | undefined {
  const found =
    /(?<![\d.#:-])([2-5][0-5]\d)(?= |-(?!\d)|-[245]\.\d|$)/.exec(text) ??
    /\b(?:error|code|status|reply|replied|response|responded|said|smtp)\b[^\w]{0,4}([245][0-5]\d)(?![\d.])/i.exec(text)
  return found ? Number(found[1]) : undefined
}

/** RFC 3463 § 3 and the registry of RFC 5248: permanent codes. */
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

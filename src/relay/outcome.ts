import { redact } from '../lib/redact.ts'

/** What became of one hand-over to a relay. */
export interface Outcome {
  /** `queued`: it was not begun after all, since sending was halted, and goes back as it was */
  state: 'accepted' | 'deferred' | 'refused' | 'unknown' | 'queued'
  /** the relay's words or ours, one line, no address in it */
  reply: string
  /** the relay itself cannot be used as it is: says nothing about this message, and the next one would fare the same */
  relayDown?: true
  /** the connection is gone, and no message had begun on it: another connection may do */
  lost?: true
  /** the mailbox is not there: its reader is not mailed again */
  hardBounce?: true
  /** refused for what we are or send, not for whom it is to: many of them trip the relay's breaker */
  policy?: true
  /** who asks us to go slower: the relay for everything, or the receiving domain */
  slow?: 'relay' | 'domain'
  /** which relay said it */
  relay?: string
}

/** The parts of nodemailer's error that decide; it has no others that can be relied on. */
export interface SmtpFailure {
  message: string
  code?: string | undefined
  /** what was answered with the reply: "MAIL FROM", "RCPT TO", "DATA"; CONN, EHLO, AUTH … before there was a message */
  command?: string | undefined
  /** the whole reply, where there was one */
  response?: string | undefined
  responseCode?: number | undefined
}

/** "Authentication required" and its like, whatever they answer (RFC 4954 § 6). */
const ABOUT_US = new Set([454, 530, 534, 535, 538])
/** Enhanced codes that refuse the sender's address (RFC 3463 § 3.2) wherever they come: everybody would be refused. */
const ABOUT_SENDER = new Set(['1.7', '1.8'])
/**
 * No such mailbox or domain: bad mailbox, bad system, bad syntax, moved without address (RFC 3463 § 3.2), domain without mail (RFC 7505),
 * mailbox disabled (§ 3.3). Not 2.2 (full) and not 1.0 or 0.0, which say too little.
 */
const NO_MAILBOX = new Set(['1.1', '1.2', '1.3', '1.6', '1.10', '2.1'])

/**
 * What a failed hand-over means. The only place that decides it.
 *
 * A reply decides by its first digit (RFC 5321 § 4.2.1), its enhanced code (RFC 3463) says whom it is about: the reader, the sender or
 * the relay. Where the code is about the sender, or the step was not about the reader, it says nothing about this message. Without a
 * reply the connection was lost: before the relay asked for the message nothing can have been accepted; once it was being sent,
 * nobody knows (RFC 1047).
 *
 * @param messageBegun whether the relay had said 354 and the message was on its way
 */
export function outcomeOf(failure: SmtpFailure, messageBegun: boolean): Outcome {
  const reply = redact(failure.response ?? failure.message)
  const { code, command, responseCode } = failure
  if (code === 'EAUTH' || code === 'ETLS') return { state: 'deferred', reply, relayDown: true }
  if (responseCode !== undefined && responseCode >= 400) return answered(failure, responseCode, reply)
  // Larger than the relay takes, which its greeting told, or an address that cannot be said in SMTP: neither is cured by time.
  if (code === 'EMESSAGE' || (code === 'EENVELOPE' && command === 'API')) return { state: 'refused', reply }
  return messageBegun ? { state: 'unknown', reply } : { state: 'deferred', reply, lost: true }
}

function answered({ command, response }: SmtpFailure, code: number, reply: string): Outcome {
  const [, subject, detail] = /^\d{3}[ -][245]\.(\d{1,3})\.(\d{1,3})\b/.exec(response ?? '') ?? []
  const enhanced = subject === undefined ? '' : `${Number(subject)}.${Number(detail)}`
  const aboutReader = command === 'RCPT TO' || command === 'DATA'
  if (code === 421) return { state: 'deferred', reply, lost: true, slow: 'relay' }
  // A sending rate that is exceeded is said as 454 by some when the message is there (RFC 4954 has it for logins alone).
  if (code === 454 && aboutReader) return { state: 'deferred', reply, slow: 'relay' }
  if (!aboutReader || ABOUT_US.has(code) || ABOUT_SENDER.has(enhanced)) {
    if (code < 500 && command === 'MAIL FROM') return { state: 'deferred', reply, slow: 'relay' }
    return { state: 'deferred', reply, relayDown: true }
  }
  if (code < 500) {
    const slow = subject === '7' || code === 450 ? ({ slow: 'domain' } as const) : {}
    return { state: 'deferred', reply, ...(enhanced === '2.2' || enhanced === '2.0' ? {} : slow) }
  }
  // Out of step with each other, which is nobody's fault but the connection's.
  if (code === 503) return { state: 'deferred', reply, lost: true }
  if (NO_MAILBOX.has(enhanced)) return { state: 'refused', reply, hardBounce: true }
  return { state: 'refused', reply, ...(subject === '7' ? { policy: true } : {}) }
}

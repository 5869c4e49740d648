import { redact } from '../redact.ts'

/** What became of one hand-over to a relay. */
export interface Outcome {
  state: 'accepted' | 'deferred' | 'refused' | 'unknown'
  /** the relay's words or ours, one line, no address in it */
  reply: string
  /** the relay itself cannot be used as it is: says nothing about this message, and the next one would fare the same */
  relayDown?: boolean
  /** the connection is gone, and no message had begun on it: another connection may do */
  lost?: boolean
}

/** The parts of nodemailer's error that decide; it has no others that can be relied on. */
export interface SmtpFailure {
  message: string
  code?: string | undefined
  /** what was answered with the reply: "MAIL FROM", "RCPT TO", "DATA" */
  command?: string | undefined
  /** the whole reply, where there was one */
  response?: string | undefined
  responseCode?: number | undefined
}

/** "Authentication required" and its like, whatever they answer (RFC 4954 § 6). */
const ABOUT_US = [530, 534, 535, 538]

/**
 * What a failed hand-over means. The only place that decides it.
 *
 * A reply decides by its first digit (RFC 5321 § 4.2.1), but for one that refuses the sender: it says nothing about this reader, and
 * would refuse everybody. Without a reply the connection was lost: before the relay asked for the message nothing can have been
 * accepted; once it was being sent, nobody knows (RFC 1047).
 *
 * @param messageBegun whether the relay had said 354 and the message was on its way
 */
export function outcomeOf(failure: SmtpFailure, messageBegun: boolean): Outcome {
  const reply = redact(failure.response ?? failure.message)
  const code = failure.responseCode
  if (failure.code === 'EAUTH' || failure.code === 'ETLS') return { state: 'deferred', reply, relayDown: true }
  if (code !== undefined && code >= 500) {
    const ours = ABOUT_US.includes(code) || failure.command === 'MAIL FROM'
    return ours ? { state: 'deferred', reply, relayDown: true } : { state: 'refused', reply }
  }
  if (code === 421) return { state: 'deferred', reply, lost: true }
  if (code !== undefined && code >= 400) return { state: 'deferred', reply }
  // Nothing was sent, nor will it ever be: the message is larger than the relay takes.
  if (failure.code === 'EMESSAGE') return { state: 'refused', reply }
  return messageBegun ? { state: 'unknown', reply } : { state: 'deferred', reply, lost: true }
}

/** What became of one hand-over to a relay. */
export interface Outcome {
  state: 'accepted' | 'deferred' | 'refused' | 'unknown'
  /** the relay's words or ours, one line, no address in it */
  reply: string
  /** the relay itself could not be used: says nothing about this message, and the next one would fare the same */
  relayDown?: boolean
}

/** The parts of nodemailer's error that decide; it has no others that can be relied on. */
export interface SmtpFailure {
  message: string
  code?: string | undefined
  /** the whole reply, where there was one */
  response?: string | undefined
  responseCode?: number | undefined
}

/**
 * What a failed hand-over means. The only place that decides it.
 *
 * A reply decides by its first digit (RFC 5321 § 4.2.1). Without one, the connection was lost: before the relay asked for the
 * message nothing can have been accepted; once it was being sent, nobody knows (RFC 1047).
 *
 * @param messageBegun whether the relay had said 354 and the message was on its way
 */
export function outcomeOf(failure: SmtpFailure, messageBegun: boolean): Outcome {
  const reply = redact(failure.response ?? failure.message)
  if (failure.code === 'EAUTH' || failure.code === 'ETLS') return { state: 'deferred', reply, relayDown: true }
  const code = failure.responseCode
  if (code !== undefined && code >= 500) return { state: 'refused', reply }
  if (code === 421) return { state: 'deferred', reply, relayDown: true }
  if (code !== undefined && code >= 400) return { state: 'deferred', reply }
  if (messageBegun) return { state: 'unknown', reply }
  return { state: 'deferred', reply, relayDown: true }
}

const MOST_CHARACTERS = 300

/** A reply as it may be kept and logged: addresses and control characters out, one line, not endless. */
export const redact = (reply: string): string =>
  reply
    .replace(/[^\s<>@"(),;:]+@[^\s<>@"(),;:]+/g, '[address]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MOST_CHARACTERS)

import { detectAutoReply, hasNullReturnPath, isFromDaemon } from './auto-reply.ts'
import { addressesIn, addressIn, blocksOf, type Fields, valuesOf } from './fields.ts'
import type { Finding, InboundClass } from './finding.ts'
import { DELAYED, NOT_DELIVERED } from './phrases.ts'
import { findRecipients, sendersOf } from './prose.ts'
import { headerOf, type InboundMail } from './read-mail.ts'
import { isUnsubscribeRequest } from './unsubscribe-request.ts'
import { type Verdict, verdictOf } from './verdict.ts'
import { readSesNotification } from './webhooks/ses-notification.ts'

/**
 * Classifies a message, for each recipient it concerns. The most certain sign is checked first: a feedback report, a
 * provider's notification, a delivery status part, an unsubscribe request, an automatic reply, and last a bounce in
 * prose.
 * An automatic reply is never taken for a bounce by its text alone. Text counts only from a mail system, or in a
 * message with no return address.
 *
 * @param came.toUnsubscribeAddress whether it came to the address in List-Unsubscribe, which has no other use
 * @param came.toReturnPath whether it came to a return path of ours, to which only programs write
 */
export function classify(mail: InboundMail, came = { toUnsubscribeAddress: false, toReturnPath: false }): Finding[] {
  const feedback = mail.reports.find(({ type }) => type === 'message/feedback-report')
  if (feedback) return complaints(mail, feedback.text)
  const notified = readSesNotification(mail.text)
  if (notified && notified.findings.length > 0) return notified.findings
  const statuses = mail.reports
    .filter(({ type }) => /delivery-status$/.test(type))
    .flatMap(({ text }) => recipientsOf(text))
  if (statuses.length > 0) return statuses.map((fields) => statusFinding(mail, fields))
  if (mail.reports.some(({ type }) => type === 'message/disposition-notification'))
    return [simpleFinding(mail, 'info', 'read')]
  if (isUnsubscribeRequest(mail, came)) return [simpleFinding(mail, 'unsubscribe', 'asked by mail')]
  const reply = detectAutoReply(mail)
  const daemon = isFromDaemon(mail)
  if (reply && !(daemon && NOT_DELIVERED.test(`${mail.subject}\n${mail.text}`)))
    return [simpleFinding(mail, reply, reply)]
  const redirected = headerOf(mail.original?.headers, 'x-hmxmroriginalrecipient')
  if (redirected && /complaint/i.test(mail.subject))
    return [{ ...simpleFinding(mail, 'complaint', 'abuse'), recipient: addressIn(redirected) }]
  if (isBounce(mail, daemon, came.toReturnPath)) return proseBounce(mail)
  if (/not a member of this mailing list/i.test(mail.text)) return proseBounce(mail)
  return [simpleFinding(mail, 'ignore', 'no report')]
}

/**
 * People write about email that did not come, and quote what they answer. So words count only from a mail system, and a subject also
 * from one that does not look like it: at a return path, above a returned email, or where a person passes on what one wrote.
 */
function isBounce(mail: InboundMail, daemon: boolean, toReturnPath: boolean): boolean {
  if (mail.headers.has('x-failed-recipients')) return true
  const bySystem = daemon || hasNullReturnPath(mail)
  if (bySystem && (NOT_DELIVERED.test(mail.text) || DELAYED.test(mail.text))) return true
  const returns = mail.original !== undefined && !mail.headers.has('in-reply-to')
  return NOT_DELIVERED.test(mail.subject) && (bySystem || toReturnPath || returns || MAIL_SYSTEM.test(mail.text))
}

const MAIL_SYSTEM = /mailer-?daemon|mail delivery (?:sub)?system/i

const simpleFinding = (mail: InboundMail, kind: InboundClass, reason: string): Finding => ({
  recipient: addressIn(mail.from),
  class: kind,
  reason,
  delayed: false,
  status: undefined,
  reply: undefined,
  diagnostic: mail.subject,
})

function proseBounce(mail: InboundMail): Finding[] {
  const delayed = DELAYED.test(`${mail.subject}\n${mail.text}`) && !/permanent|giv(?:en|ing) up/i.test(mail.text)
  return findRecipients(mail).map(({ recipient, diagnostic }) => {
    // The text before the address counts when the text after it decides nothing.
    return { recipient, delayed, ...firstVerdict(mail, recipient, [diagnostic, mail.text], ''), diagnostic }
  })
}

/** Returns the blocks of a status part that concern a recipient. */
const recipientsOf = (text: string): Fields[] =>
  blocksOf(text).filter(
    (fields) => fields.has('final-recipient') || fields.has('original-recipient') || fields.has('action'),
  )

/** RFC 3464 § 2.3, and its variants: no Final-Recipient, a file instead of an address, a status of 5.0.0. */
function statusFinding(mail: InboundMail, fields: Fields): Finding {
  const named = findRecipients(mail)
  const recipient =
    addressIn(fields.get('final-recipient')) ?? addressIn(fields.get('original-recipient')) ?? named[0]?.recipient
  const action = (fields.get('action') ?? '').toLowerCase()
  const status = fields.get('status') ?? ''
  const code = fields.get('diagnostic-code')?.replace(/^[A-Za-z-]+\s*;\s*/, '') ?? ''
  const beside = named.find((each) => each.recipient === recipient)?.diagnostic ?? mail.text.slice(0, 4000)
  const stage = STAGE.exec(beside)?.[0] ?? ''
  const gateway = gatewayWords(fields)
  const diagnostic = code ? `${code} ${stage}` : gateway || beside
  const base = { recipient, delayed: false, diagnostic }
  if (/^(?:delivered|relayed|expanded|deliverable)/.test(action) || status.startsWith('2')) {
    return { ...base, class: 'success', reason: 'delivered', status: status || undefined, reply: undefined }
  }
  return {
    ...base,
    ...firstVerdict(mail, recipient, [diagnostic, gateway, beside, mail.text], status),
    delayed: action === 'delayed' || action === 'warning',
  }
}

/**
 * Returns text from a gateway's own fields, for a missing or empty Diagnostic-Code: X-Supplementary-Info (Cisco),
 * X-PowerMTA-BounceCategory and others.
 * Queue ids and display names contain no text that decides.
 */
const gatewayWords = (fields: Fields): string =>
  [...fields]
    .filter(([name]) => /^x-|reason|reply|remote-status/.test(name) && !/(?:recipient|name|id)$/.test(name))
    .map(([, value]) => value)
    .join(' ')

/** Returns the first conclusive verdict, or the last one when none is. */
function firstVerdict(
  mail: InboundMail,
  recipient: string | undefined,
  texts: readonly string[],
  status: string,
): Verdict {
  const own = sendersOf(mail).filter((address) => address !== recipient)
  const verdicts = texts.filter((text) => text !== '').map((text) => verdictOf(text, status, own))
  return verdicts.find((verdict) => !isInconclusive(verdict)) ?? verdicts.at(-1) ?? verdictOf('', status)
}

/** The SMTP stage of a reply, which the diagnosis omits. */
const STAGE = /\(in reply to [^)]{1,60}\)/

const isInconclusive = ({ class: kind, reason }: Verdict): boolean => kind === 'soft' && reason === 'refused'

/**
 * RFC 5965 § 3: the report names who complained, once each. If it is redacted, the returned message does.
 * A receiver may add the same address in other spellings; each counts once.
 */
function complaints(mail: InboundMail, text: string): Finding[] {
  const type = (blocksOf(text)[0]?.get('feedback-type') ?? '').toLowerCase()
  const original = mail.original?.headers
  const reported = ['original-rcpt-to', 'removal-recipient'].map((name) => valuesOf(text, name))
  const returned = ['to', 'delivered-to'].map((name) => original?.get(name) ?? [])
  const recipients = [...reported, ...returned]
    .map((values) => addressesIn(values.join(' ')))
    .find(({ length }) => length > 0)
  const kind = /opt-out/.test(type)
    ? ('unsubscribe' as const)
    : /auth-failure|not-spam|dmarc/.test(type)
      ? ('info' as const)
      : ('complaint' as const)
  const base = { class: kind, reason: type || 'abuse', delayed: false, status: undefined, reply: undefined }
  return (recipients ?? [undefined]).map((recipient) => ({ ...base, recipient, diagnostic: `Feedback-Type: ${type}` }))
}

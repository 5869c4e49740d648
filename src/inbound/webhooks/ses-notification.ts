import { z } from 'zod'
import type { Finding } from '../finding.ts'
import { verdictOf } from '../verdict.ts'

const Recipient = z.object({
  emailAddress: z.string(),
  status: z.string().optional(),
  diagnosticCode: z.string().optional(),
})

/** Amazon SES, "Amazon SNS notification contents": the fields used here. */
const Notification = z.object({
  notificationType: z.string().optional(),
  eventType: z.string().optional(),
  bounce: z
    .object({
      bounceType: z.string(),
      bounceSubType: z.string().optional(),
      bouncedRecipients: z.array(Recipient).max(100),
    })
    .optional(),
  complaint: z
    .object({ complaintFeedbackType: z.string().nullish(), complainedRecipients: z.array(Recipient).max(100) })
    .optional(),
  mail: z.object({
    source: z.string().optional(),
    destination: z.array(z.string()).optional(),
    headers: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
  }),
})

/** A notification of SES about an email, from the webhook or, by a topic subscription, as an email. */
export interface SesNotification {
  findings: Finding[]
  /** the envelope sender that SES received */
  source: string | undefined
  /** our Message-ID, if the topic includes the original headers */
  messageId: string | undefined
}

/** @returns undefined when the text is not such a notification */
export function readSesNotification(text: string): SesNotification | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  const given = jsonIn(text)
  const wrapped = z.object({ Type: z.literal('Notification'), Message: z.string() }).safeParse(given)
  const parsed = Notification.safeParse(wrapped.success ? jsonIn(wrapped.data.Message) : given)
  if (!parsed.success) return undefined
  const { notificationType, eventType, bounce, complaint, mail } = parsed.data
  const kind = notificationType ?? eventType
  const base = { delayed: false, status: undefined, reply: undefined, diagnostic: '' }
  const lower = (address: string) => address.toLowerCase()
  const messageId = mail.headers?.find(({ name }) => name.toLowerCase() === 'message-id')?.value
  const about = { source: mail.source, messageId }
  if (complaint) {
    const reason = complaint.complaintFeedbackType ?? 'abuse'
    const kindOf = reason === 'not-spam' ? ('info' as const) : ('complaint' as const)
    const findings = complaint.complainedRecipients.map(({ emailAddress }) => ({
      ...base,
      recipient: lower(emailAddress),
      class: kindOf,
      reason,
    }))
    return { ...about, findings }
  }
  if (bounce) {
    const permanent = bounce.bounceType === 'Permanent'
    const findings = bounce.bouncedRecipients.map(({ emailAddress, status, diagnosticCode }): Finding => {
      const diagnostic = diagnosticCode ?? `${bounce.bounceType} ${bounce.bounceSubType ?? ''}`
      const verdict = verdictOf(diagnostic, status)
      // SES has judged already: a permanent bounce of its own types means the mailbox, and the text only says why.
      const hard =
        permanent &&
        (verdict.class === 'hard' ||
          (/^(?:General|NoEmail|Suppressed|OnAccountSuppressionList)$/.test(bounce.bounceSubType ?? 'General') &&
            verdict.reason === 'refused'))
      return { ...base, ...verdict, class: hard ? 'hard' : 'soft', recipient: lower(emailAddress), diagnostic }
    })
    return { ...about, findings }
  }
  const destination = (mail.destination ?? []).slice(0, 100)
  const sort = kind === 'Delivery' ? ('success' as const) : ('info' as const)
  return {
    ...about,
    findings: destination.map((to) => ({ ...base, recipient: lower(to), class: sort, reason: kind ?? 'notified' })),
  }
}

/** Text after the last brace is SNS's footer. SMTP broke long lines with "!" and a space. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text.slice(0, text.lastIndexOf('}') + 1).replace(/!\r?\n ?/g, ''))
  } catch {
    return undefined
  }
}

import { z } from 'zod'
import { isSameSecret } from '../../lib/same-secret.ts'
import { isAboutUs, verdictOf } from '../verdict.ts'
import { finding, header, type Provider, parseJson } from './provider.ts'

/** Postmark, "Bounce webhook" and "Spam complaint webhook". */
const Event = z.object({
  RecordType: z.string(),
  ID: z.union([z.number(), z.string()]).optional(),
  MessageID: z.string().optional(),
  Type: z.string().optional(),
  Email: z.string().optional(),
  Recipient: z.string().optional(),
  Details: z.string().optional(),
  Description: z.string().optional(),
  SuppressSending: z.boolean().optional(),
  SuppressionReason: z.string().optional(),
  ChangedAt: z.string().optional(),
  Metadata: z.record(z.string(), z.string()).optional(),
})

/** Types that mean a dead address; the others are temporary or about us. */
const HARD = ['HardBounce', 'BadEmailAddress', 'AddressChange']
const NOT_A_BOUNCE = [
  'AutoResponder',
  'OpenRelayTest',
  'ChallengeVerification',
  'Subscribe',
  'InboundError',
  'TemplateRenderingFailed',
]

/** Postmark signs nothing. It sends the credentials of the webhook URL, only over TLS. Our token is in the metadata. */
export const postmark: Provider = ({ config }, request) => {
  if (!config.POSTMARK_WEBHOOK_LOGIN) return 'not configured'
  const given = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header(request, 'authorization'))?.[1] ?? ''
  if (!isSameSecret(Buffer.from(given, 'base64'), config.POSTMARK_WEBHOOK_LOGIN)) return 'forged'
  const parsed = Event.safeParse(parseJson(request.body.toString('utf8')))
  if (!parsed.success) return 'forged'
  const event = parsed.data
  const recipient = event.Email ?? event.Recipient
  const id = [event.RecordType, event.ID ?? '', event.MessageID ?? '', event.ChangedAt ?? ''].join(' ')
  const about = { id, tokens: Object.values(event.Metadata ?? {}), messageIds: [] }
  const diagnostic = event.Details || event.Description || ''
  if (event.RecordType === 'SpamComplaint' || event.Type === 'SpamComplaint') {
    return { events: [{ ...about, finding: finding(recipient, 'complaint', 'abuse') }] }
  }
  if (
    event.RecordType === 'SubscriptionChange' &&
    event.SuppressSending &&
    event.SuppressionReason === 'ManualSuppression'
  ) {
    return { events: [{ ...about, finding: finding(recipient, 'unsubscribe', 'asked the provider') }] }
  }
  const type = event.Type ?? ''
  if (event.RecordType !== 'Bounce' || NOT_A_BOUNCE.includes(type)) return { events: [] }
  if (type === 'Unsubscribe')
    return { events: [{ ...about, finding: finding(recipient, 'unsubscribe', 'asked the provider') }] }
  const verdict = verdictOf(diagnostic)
  const { reason, status, reply } = verdict
  const kind = HARD.includes(type) && !isAboutUs(verdict) ? 'hard' : 'soft'
  const delayed = type === 'Transient' || type === 'DnsError'
  return {
    events: [
      {
        ...about,
        finding: finding(recipient, kind, reason === 'refused' ? type : reason, { status, reply, diagnostic, delayed }),
      },
    ],
  }
}

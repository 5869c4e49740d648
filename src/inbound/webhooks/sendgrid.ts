import { createPublicKey, verify } from 'node:crypto'
import { z } from 'zod'
import { FORMER_REFERENCE, REFERENCE } from '../../mail/provider-headers.ts'
import type { InboundClass } from '../finding.ts'
import { isAboutUs, verdictOf } from '../verdict.ts'
import { finding, header, isFresh, MINUTES_OF_EVENT, type Provider, type ProviderEvent, parseJson } from './provider.ts'

/** Twilio SendGrid, "Event Webhook reference"; our `unique_args` are among the fields. */
const Event = z.looseObject({
  event: z.string(),
  email: z.string().optional(),
  sg_event_id: z.string().optional(),
  'smtp-id': z.string().optional(),
  type: z.string().optional(),
  bounce_classification: z.string().optional(),
  reason: z.string().optional(),
  response: z.string().optional(),
  status: z.string().optional(),
  [REFERENCE]: z.string().optional(),
  [FORMER_REFERENCE]: z.string().optional(),
})

/** Why SendGrid did not try. Its other reasons are about us. */
const DROPPED = new Map<string, InboundClass>([
  ['Invalid', 'hard'],
  ['Bounced Address', 'hard'],
  ['Spam Reporting Address', 'complaint'],
  ['Unsubscribed Address', 'unsubscribe'],
])

/** ECDSA over the timestamp and the body; the key is that of "Signed Event Webhook", base64 of DER. */
export const sendgrid: Provider = ({ config, now }, request) => {
  if (!config.SENDGRID_WEBHOOK_KEY) return 'not configured'
  const timestamp = header(request, 'x-twilio-email-event-webhook-timestamp')
  const signature = header(request, 'x-twilio-email-event-webhook-signature')
  const fresh = isFresh(now(), timestamp, MINUTES_OF_EVENT)
  if (!fresh || !isSigned(config.SENDGRID_WEBHOOK_KEY, timestamp, signature, request.body)) return 'forged'
  const parsed = z
    .array(z.unknown())
    .max(5000)
    .safeParse(parseJson(request.body.toString('utf8')))
  if (!parsed.success) return 'forged'
  // An event of another form must not lose the thousand others of its request.
  const events = parsed.data.flatMap((event) => Event.safeParse(event).data ?? [])
  return { events: events.flatMap((event) => read(event) ?? []) }
}

function isSigned(publicKey: string, timestamp: string, signature: string, body: Buffer): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
    return verify('sha256', Buffer.concat([Buffer.from(timestamp), body]), key, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

function read(event: z.output<typeof Event>): ProviderEvent | undefined {
  const code = event[REFERENCE] ?? event[FORMER_REFERENCE]
  const about = {
    id: event.sg_event_id ?? `${event.event} ${event['smtp-id'] ?? event.email ?? ''}`,
    tokens: code ? [code] : [],
    messageIds: event['smtp-id'] ? [event['smtp-id']] : [],
  }
  const diagnostic = event.reason ?? event.response ?? ''
  const verdict = verdictOf(diagnostic, event.status)
  const { class: judged, reason, status, reply } = verdict
  const more = { status, reply, diagnostic }
  switch (event.event) {
    case 'spamreport':
      return { ...about, finding: finding(event.email, 'complaint', 'abuse') }
    case 'unsubscribe':
    case 'group_unsubscribe':
      return { ...about, finding: finding(event.email, 'unsubscribe', 'asked the provider') }
    case 'bounce': {
      // "blocked" is about us. For real bounces SendGrid states whether the address is invalid.
      const invalid = judged === 'hard' || (event.bounce_classification === 'Invalid Address' && !isAboutUs(verdict))
      return {
        ...about,
        finding: finding(event.email, event.type !== 'blocked' && invalid ? 'hard' : 'soft', reason, more),
      }
    }
    case 'dropped': {
      const remembered = DROPPED.get(diagnostic)
      return remembered && { ...about, finding: finding(event.email, remembered, 'dropped by the provider', more) }
    }
    case 'deferred':
      return { ...about, finding: finding(event.email, 'soft', reason, { ...more, delayed: true }) }
    default:
      return undefined
  }
}

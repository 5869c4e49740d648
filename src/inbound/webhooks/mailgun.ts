import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { isSameSecret } from '../../lib/same-secret.ts'
import { FORMER_REFERENCE, REFERENCE } from '../../mail/provider-headers.ts'
import type { InboundClass } from '../finding.ts'
import { verdictOf } from '../verdict.ts'
import { finding, isFresh, MINUTES_OF_EVENT, type Provider, type ProviderEvent, parseJson } from './provider.ts'

/** Mailgun, "Webhooks" and "Event structure". */
const Payload = z.object({
  signature: z.object({
    timestamp: z.union([z.string(), z.number()]).transform(String),
    token: z.string(),
    signature: z.string(),
  }),
  'event-data': z.object({
    id: z.string().optional(),
    event: z.string(),
    severity: z.string().optional(),
    reason: z.string().optional(),
    recipient: z.string().optional(),
    'user-variables': z.record(z.string(), z.unknown()).optional(),
    envelope: z.object({ sender: z.string().optional() }).optional(),
    message: z.object({ headers: z.object({ 'message-id': z.string().optional() }).optional() }).optional(),
    'delivery-status': z
      .object({
        code: z.number().optional(),
        message: z.string().optional(),
        description: z.string().optional(),
        'enhanced-code': z.string().optional(),
      })
      .optional(),
  }),
})

/** Mailgun did not try, since it remembers the address. */
const SUPPRESSED = new Map<string, InboundClass>([
  ['suppress-bounce', 'hard'],
  ['suppress-complaint', 'complaint'],
  ['suppress-unsubscribe', 'unsubscribe'],
])

/** HMAC over a timestamp and a one-time token. The token identifies the event, so a replay is the same event. */
export const mailgun: Provider = ({ config, now }, { body }) => {
  if (!config.MAILGUN_WEBHOOK_KEY) return 'not configured'
  const parsed = Payload.safeParse(parseJson(body.toString('utf8')))
  if (!parsed.success) return 'forged'
  const { signature, 'event-data': data } = parsed.data
  const expected = createHmac('sha256', config.MAILGUN_WEBHOOK_KEY)
    .update(signature.timestamp + signature.token)
    .digest('hex')
  const fresh = isFresh(now(), signature.timestamp, MINUTES_OF_EVENT)
  if (!fresh || !isSameSecret(signature.signature, expected)) return 'forged'
  // The signature does not cover the event, so one signature must not serve two events.
  return { events: read(data, signature.token) }
}

function read(data: z.output<typeof Payload>['event-data'], token: string): ProviderEvent[] {
  const variables = data['user-variables']
  const code = variables?.[REFERENCE] ?? variables?.[FORMER_REFERENCE]
  const tokens = [code, data.envelope?.sender].filter((each) => typeof each === 'string')
  const messageId = data.message?.headers?.['message-id']
  const about = { id: token, tokens, messageIds: messageId ? [messageId] : [] }
  const status = data['delivery-status']
  const diagnostic = [status?.code, status?.message || status?.description].filter(Boolean).join(' ')
  const verdict = verdictOf(diagnostic, status?.['enhanced-code'])
  const more = { status: verdict.status, reply: verdict.reply, diagnostic }
  switch (data.event) {
    case 'complained':
      return [{ ...about, finding: finding(data.recipient, 'complaint', 'abuse') }]
    case 'unsubscribed':
      return [{ ...about, finding: finding(data.recipient, 'unsubscribe', 'asked the provider') }]
    case 'failed': {
      const permanent = data.severity === 'permanent'
      const remembered = SUPPRESSED.get(data.reason ?? '')
      if (permanent && remembered)
        return [{ ...about, finding: finding(data.recipient, remembered, 'dropped by the provider', more) }]
      const hard = permanent && verdict.class === 'hard'
      return [
        {
          ...about,
          finding: finding(data.recipient, hard ? 'hard' : 'soft', verdict.reason, { ...more, delayed: !permanent }),
        },
      ]
    }
    default:
      return []
  }
}

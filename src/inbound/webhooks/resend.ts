import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { isSameSecret } from '../../lib/same-secret.ts'
import { verdictOf } from '../verdict.ts'
import {
  finding,
  header,
  isFresh,
  MINUTES_OF_ATTEMPT,
  type Provider,
  type ProviderEvent,
  parseJson,
} from './provider.ts'

/** Resend, "email.bounced", "email.complained", "email.suppressed" and "email.delivery_delayed". */
const Event = z.object({
  type: z.string(),
  data: z.object({
    to: z.union([z.string(), z.array(z.string()).max(100)]).transform((to) => [to].flat()),
    message_id: z.string().optional(),
    headers: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
    bounce: z
      .object({ message: z.string().optional(), type: z.string().optional(), subType: z.string().optional() })
      .optional(),
    suppressed: z.object({ message: z.string().optional() }).optional(),
  }),
})

/** Svix: HMAC over id, timestamp and body; several signatures during a secret rotation. */
export const resend: Provider = ({ config, now }, request) => {
  if (!config.RESEND_WEBHOOK_SECRET) return 'not configured'
  const [id, timestamp, signatures] = ['svix-id', 'svix-timestamp', 'svix-signature'].map((name) =>
    header(request, name),
  ) as [string, string, string]
  const key = Buffer.from(config.RESEND_WEBHOOK_SECRET.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(request.body).digest('base64')
  const signed = signatures
    .split(' ')
    .slice(0, 10)
    .some((each) => isSameSecret(each, `v1,${expected}`))
  if (!id || !isFresh(now(), timestamp, MINUTES_OF_ATTEMPT) || !signed) return 'forged'
  const parsed = Event.safeParse(parseJson(request.body.toString('utf8')))
  if (!parsed.success) return { events: [] }
  return { events: read(id, parsed.data) }
}

function read(id: string, { type, data }: z.output<typeof Event>): ProviderEvent[] {
  const returned = data.headers?.find(({ name }) => name.toLowerCase() === 'message-id')?.value
  const messageIds = [data.message_id, returned].filter((each) => each !== undefined)
  return data.to.flatMap((to, index): ProviderEvent[] => {
    const about = { id: `${id} ${index}`, tokens: [], messageIds }
    if (type === 'email.complained') return [{ ...about, finding: finding(to, 'complaint', 'abuse') }]
    const diagnostic = data.bounce?.message ?? ''
    const { class: judged, reason, status, reply } = verdictOf(diagnostic)
    const more = { status, reply, diagnostic }
    if (type === 'email.delivery_delayed')
      return [{ ...about, finding: finding(to, 'soft', reason, { ...more, delayed: true }) }]
    // Resend did not try, since an email to the address bounced or was reported as spam before.
    if (type === 'email.suppressed') {
      const told = { diagnostic: data.suppressed?.message ?? '' }
      return [{ ...about, finding: finding(to, 'hard', 'dropped by the provider', told) }]
    }
    if (type !== 'email.bounced') return []
    // Without a reply to quote, the message is SES's own sentence about the mailbox.
    const permanent = data.bounce?.type === 'Permanent'
    const hard = permanent && (judged === 'hard' || reason === 'refused')
    return [{ ...about, finding: finding(to, hard ? 'hard' : 'soft', reason, more) }]
  })
}

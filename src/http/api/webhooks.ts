import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { mailgun } from '../../inbound/webhooks/mailgun.ts'
import { postmark } from '../../inbound/webhooks/postmark.ts'
import type { Provider } from '../../inbound/webhooks/provider.ts'
import { receiveEvents } from '../../inbound/webhooks/receive-events.ts'
import { resend } from '../../inbound/webhooks/resend.ts'
import { sendgrid } from '../../inbound/webhooks/sendgrid.ts'
import { ses } from '../../inbound/webhooks/ses.ts'
import type { Services } from '../../runtime/services.ts'

const PROVIDERS = { ses, postmark, sendgrid, mailgun, resend } satisfies Record<string, Provider>

/** SendGrid sends up to 1,000 events per request. */
const MOST_BYTES = 2 * 1024 * 1024
const MOST_FETCHED = 64 * 1024
const PATIENCE_MS = 5_000

/**
 * POST /webhooks/:provider receives bounces and complaints from an email provider. It answers 200 also for repeated events and
 * 403 for a bad signature. A provider that is not configured gets 404, so outsiders cannot learn which one is used.
 */
export const webhookRoutes: FastifyPluginAsyncZod<Services & { get?: (url: URL) => Promise<string> }> = async (
  app,
  { get = getText, ...services },
) => {
  app.removeAllContentTypeParsers()
  // SNS sends JSON as text/plain, and signatures cover the raw bytes.
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MOST_BYTES }, (_request, body, done) =>
    done(null, body),
  )

  const params = z.object({ provider: z.enum(['ses', 'postmark', 'sendgrid', 'mailgun', 'resend']) })
  const reply = z.object({ status: z.string() })
  const schema = { params, response: { 200: reply, 403: reply, 404: reply } }
  app.post('/webhooks/:provider', { schema }, async (request, response) => {
    const { provider } = request.params
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const verified = await PROVIDERS[provider]({ ...services, get }, { headers: request.headers, body })
    if (verified === 'not configured') return response.code(404).send({ status: 'not configured' })
    if (verified === 'forged') return response.code(403).send({ status: 'the signature does not verify' })
    const received = await receiveEvents(services, provider, verified.events)
    for (const { class: kind, reason, authority, action, repeated } of received) {
      request.log.info({ provider, class: kind, reason, authority, action, repeated }, 'webhook event')
    }
    return { status: 'received' }
  })
}

/** Fetches a short text from a checked URL. Redirects are errors: their target was not checked. */
async function getText(url: URL): Promise<string> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) })
  if (!response.ok || !response.body) throw new Error(`${url.host} answered ${response.status}`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.length
    if (bytes > MOST_FETCHED) throw new Error(`${url.host} answered with too much`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

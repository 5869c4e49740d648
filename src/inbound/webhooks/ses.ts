import { verify, X509Certificate } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { type Provider, parseJson, type WebhookDeps } from './provider.ts'
import { readSesNotification } from './ses-notification.ts'

/** Amazon SNS, "Verifying the signatures of Amazon SNS messages". */
const Envelope = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string(),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string(),
  Signature: z.string(),
  SignatureVersion: z.enum(['1', '2']),
  SigningCertURL: z.string(),
  Subject: z.string().optional(),
  SubscribeURL: z.string().optional(),
  Token: z.string().optional(),
})
type Envelope = z.output<typeof Envelope>

/** SNS retries for a long time. Each message counts once, however often it arrives. */
const MAX_AGE_MS = 24 * 3_600_000
const SNS_HOST = /^sns\.[a-z]{2}(?:-[a-z]+){1,3}-\d\.amazonaws\.com$/

/** SES through SNS. Accepts only topics of SES_TOPIC_ARNS, and fetches certificates only from SNS hosts. */
export const ses: Provider = async (deps, { body }) => {
  const { config, now } = deps
  if (config.SES_TOPIC_ARNS.length === 0) return 'not configured'
  const parsed = Envelope.safeParse(parseJson(body.toString('utf8')))
  if (!parsed.success) return 'forged'
  const message = parsed.data
  if (!config.SES_TOPIC_ARNS.includes(message.TopicArn)) return 'forged'
  if (!(Math.abs(now().getTime() - Date.parse(message.Timestamp)) <= MAX_AGE_MS)) return 'forged'
  if (!(await isSigned(deps, message))) return 'forged'
  if (message.Type === 'SubscriptionConfirmation') {
    const url = snsUrl(message.SubscribeURL)
    if (!url) return 'forged'
    await deps.get(url)
    return { events: [] }
  }
  const notification = message.Type === 'Notification' ? readSesNotification(message.Message) : undefined
  if (!notification) return { events: [] }
  const { findings, source, messageId } = notification
  const events = findings.map((finding, index) => ({
    id: `${message.MessageId} ${index}`,
    finding,
    tokens: source ? [source] : [],
    messageIds: messageId ? [messageId] : [],
  }))
  return { events }
}

/** Accepts only https, an SNS host, the default port, and no credentials. */
function snsUrl(text: string | undefined): URL | undefined {
  if (!text || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const plain = url.protocol === 'https:' && url.port === '' && url.username === '' && url.password === ''
  return plain && SNS_HOST.test(url.hostname) ? url : undefined
}

/** Certificates by URL; SNS has few, and each is valid for a year. */
const certificates = new LRUCache<string, X509Certificate>({ max: 20 })

async function isSigned({ get, now }: Pick<WebhookDeps, 'get' | 'now'>, message: Envelope): Promise<boolean> {
  const url = snsUrl(message.SigningCertURL)
  if (!url?.pathname.endsWith('.pem')) return false
  try {
    const certificate = certificates.get(url.href) ?? new X509Certificate(await get(url))
    if (now() < new Date(certificate.validFrom) || now() > new Date(certificate.validTo)) return false
    certificates.set(url.href, certificate)
    const algorithm = message.SignatureVersion === '1' ? 'sha1' : 'sha256'
    return verify(algorithm, signedText(message), certificate.publicKey, Buffer.from(message.Signature, 'base64'))
  } catch {
    return false
  }
}

/** Returns the signed text: name and value of each field on its own line, in the order that SNS defines. */
function signedText(message: Envelope): Buffer {
  const names: readonly (keyof Envelope)[] =
    message.Type === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
  const lines = names.flatMap((name) => (message[name] === undefined ? [] : [name, message[name]]))
  return Buffer.from(`${lines.join('\n')}\n`)
}

import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { fastify } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { expect, onTestFinished } from 'vitest'
import { buildApp } from '../../src/app.ts'
import { webhookRoutes } from '../../src/http/api/webhooks.ts'
import { providerHeaders } from '../../src/mail/provider-headers.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { inboundEvents } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { addSubscriber, servicesOn, statusOf } from '../support/services.ts'
import { selfSigned } from './certificate.ts'
import { BOUNCES, handedDigest, stateOf } from './support.ts'

const EMAIL = 'ada@example.org'
const NOW = new Date('2026-04-15T12:00:00Z')
const SECONDS = String(NOW.getTime() / 1000)
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:paperboy'
const ecdsa = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const SETTINGS = {
  ...BOUNCES,
  SES_TOPIC_ARNS: TOPIC,
  POSTMARK_WEBHOOK_LOGIN: 'postmark:a-long-password-of-ours',
  SENDGRID_WEBHOOK_KEY: ecdsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  MAILGUN_WEBHOOK_KEY: 'a signing key of mailgun',
  RESEND_WEBHOOK_SECRET: `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`,
}

const sns = selfSigned('2026-01-01T00:00:00', '2027-01-01T00:00:00')
const CERT_URL = 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem'

async function site(db: Db, clock = { now: NOW }) {
  const services = servicesOn(db, SETTINGS, clock)
  const fetched: string[] = []
  const get = async (url: URL) => {
    fetched.push(url.href)
    return sns.pem
  }
  const app = fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.register(webhookRoutes, { ...services, get })
  onTestFinished(() => app.close())
  const post = async (provider: string, { body, headers }: Request) =>
    (
      await app.inject({
        method: 'POST',
        url: `/webhooks/${provider}`,
        headers: { 'content-type': 'application/json', ...headers },
        payload: body,
      })
    ).statusCode
  const id = await addSubscriber(db, EMAIL, { confirmedAt: new Date('2026-03-01T00:00:00Z') })
  const digest = await handedDigest(services, id, '2026-04-15')
  const given = providerHeaders(services, { subscriberId: id, mail: 'digest', reference: digest.editionId })
  return { services, fetched, post, id, digest, code: given['X-PM-Metadata-reference']! }
}
type Site = Awaited<ReturnType<typeof site>>

interface Request {
  body: string
  headers: Record<string, string>
}

type Fields = Record<string, string | undefined>

function snsMessage(
  fields: Fields,
  { key = sns.privateKey, version = '2' }: { key?: KeyObject; version?: string } = {},
): Request {
  const message: Fields = {
    Type: 'Notification',
    MessageId: 'sns-1',
    TopicArn: TOPIC,
    Timestamp: NOW.toISOString(),
    SignatureVersion: version,
    SigningCertURL: CERT_URL,
    ...fields,
  }
  const names =
    message.Type === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
  const text = names
    .filter((name) => message[name] !== undefined)
    .map((name) => `${name}\n${message[name]}\n`)
    .join('')
  message.Signature = sign(version === '1' ? 'sha1' : 'sha256', Buffer.from(text), key).toString('base64')
  return { body: JSON.stringify(message), headers: { 'content-type': 'text/plain; charset=UTF-8' } }
}

const sesBounce = (source: string, recipient = EMAIL) =>
  JSON.stringify({
    notificationType: 'Bounce',
    bounce: {
      bounceType: 'Permanent',
      bounceSubType: 'General',
      bouncedRecipients: [{ emailAddress: recipient, status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 user unknown' }],
    },
    mail: { source, destination: [recipient] },
  })

const postmarkRequest = (event: object, login = SETTINGS.POSTMARK_WEBHOOK_LOGIN): Request => ({
  body: JSON.stringify(event),
  headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
})

function sendgridRequest(events: object[], { timestamp = SECONDS, key = ecdsa.privateKey } = {}): Request {
  const body = JSON.stringify(events)
  const signature = sign('sha256', Buffer.from(timestamp + body), key).toString('base64')
  return {
    body,
    headers: {
      'x-twilio-email-event-webhook-signature': signature,
      'x-twilio-email-event-webhook-timestamp': timestamp,
    },
  }
}

function mailgunRequest(
  data: object,
  { timestamp = SECONDS, token = 'once-1', key = SETTINGS.MAILGUN_WEBHOOK_KEY } = {},
): Request {
  const signature = createHmac('sha256', key)
    .update(timestamp + token)
    .digest('hex')
  return { body: JSON.stringify({ signature: { timestamp, token, signature }, 'event-data': data }), headers: {} }
}

function resendRequest(
  event: object,
  { timestamp = SECONDS, id = 'msg_1', secret = SETTINGS.RESEND_WEBHOOK_SECRET } = {},
): Request {
  const body = JSON.stringify(event)
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { body, headers: { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': `v1,AAAA v1,${signature}` } }
}

/** A hard bounce of our digest in each provider's format, with our token where the provider keeps it. */
const hardBounce: Record<string, (site: Pick<Site, 'digest' | 'code'>) => Request> = {
  ses: ({ digest }) => snsMessage({ Message: sesBounce(digest.returnPath) }),
  postmark: ({ code }) =>
    postmarkRequest({
      RecordType: 'Bounce',
      ID: 42,
      Type: 'HardBounce',
      Email: EMAIL,
      Details: '550 5.1.1 user unknown',
      Metadata: { reference: code },
    }),
  sendgrid: ({ code, digest }) =>
    sendgridRequest([
      {
        event: 'bounce',
        type: 'bounce',
        sg_event_id: 'sg-1',
        email: EMAIL,
        status: '5.1.1',
        reason: '550 5.1.1 user unknown',
        'smtp-id': digest.messageId,
        reference: code,
      },
    ]),
  mailgun: ({ code }) =>
    mailgunRequest({
      event: 'failed',
      severity: 'permanent',
      recipient: EMAIL,
      'user-variables': { reference: code },
      'delivery-status': { code: 550, message: '5.1.1 user unknown' },
    }),
  resend: ({ digest }) =>
    resendRequest({
      type: 'email.bounced',
      data: {
        to: [EMAIL],
        message_id: digest.messageId,
        bounce: { type: 'Permanent', subType: 'General', message: 'The recipient address does not exist' },
      },
    }),
}

const complaint: Record<string, (site: Pick<Site, 'digest' | 'code'>) => Request> = {
  ses: ({ digest }) =>
    snsMessage(
      {
        Message: JSON.stringify({
          eventType: 'Complaint',
          complaint: { complainedRecipients: [{ emailAddress: EMAIL }], complaintFeedbackType: 'abuse' },
          mail: { source: digest.returnPath },
        }),
      },
      { version: '1' },
    ),
  postmark: ({ code }) =>
    postmarkRequest({ RecordType: 'SpamComplaint', ID: 43, Email: EMAIL, Metadata: { reference: code } }),
  sendgrid: ({ digest }) =>
    sendgridRequest([{ event: 'spamreport', sg_event_id: 'sg-2', email: EMAIL, 'smtp-id': digest.messageId }]),
  mailgun: ({ digest }) =>
    mailgunRequest({
      event: 'complained',
      recipient: EMAIL,
      message: { headers: { 'message-id': digest.messageId.slice(1, -1) } },
    }),
  resend: () => resendRequest({ type: 'email.complained', data: { to: [EMAIL] } }),
}

type Dropped = (reason: string) => (site: Pick<Site, 'digest' | 'code'>) => Request

/** An email that the provider did not try, since it remembers the address. */
const dropped = {
  sendgrid:
    (reason) =>
    ({ code }) =>
      sendgridRequest([{ event: 'dropped', sg_event_id: 'sg-1', email: EMAIL, reason, reference: code }]),
  mailgun:
    (reason) =>
    ({ code }) =>
      mailgunRequest({
        event: 'failed',
        severity: 'permanent',
        reason,
        recipient: EMAIL,
        'user-variables': { reference: code },
        'delivery-status': { code: 605, message: '', description: 'Not delivering to previously bounced address' },
      }),
  resend:
    (type) =>
    ({ digest }) =>
      resendRequest({
        type: 'email.suppressed',
        data: {
          to: [EMAIL],
          message_id: digest.messageId,
          suppressed: { type, message: 'The address is on the suppression list' },
        },
      }),
} satisfies Record<string, Dropped>

test.for([
  ['sendgrid', 'Bounced Address', 'bounced'],
  ['sendgrid', 'Invalid', 'bounced'],
  ['sendgrid', 'Spam Reporting Address', 'complained'],
  ['sendgrid', 'Unsubscribed Address', 'unsubscribed'],
  ['sendgrid', 'Spam Content', 'active'],
  ['sendgrid', 'Recipient List over Package Quota', 'active'],
  ['mailgun', 'suppress-bounce', 'bounced'],
  ['mailgun', 'suppress-complaint', 'complained'],
  ['mailgun', 'suppress-unsubscribe', 'unsubscribed'],
  ['mailgun', 'generic', 'active'],
  ['resend', 'OnAccountSuppressionList', 'bounced'],
] as const)('an email that %s dropped, %s: %s', async ([provider, reason, status], { db }) => {
  const it = await site(db)
  expect(await it.post(provider, dropped[provider](reason)(it))).toBe(200)
  expect(await statusOf(db, it.id)).toBe(status)
})

for (const provider of Object.keys(hardBounce)) {
  test(`${provider}: a hard bounce and a complaint about our email suppress, and count once`, async ({ db }) => {
    const it = await site(db)
    const bounce = hardBounce[provider]!(it)
    expect(await it.post(provider, bounce)).toBe(200)
    expect(await statusOf(db, it.id)).toBe('bounced')
    expect(await it.post(provider, bounce)).toBe(200)
    expect(await db.$count(inboundEvents)).toBe(1)
    const [event] = await db.select().from(inboundEvents)
    expect(event).toMatchObject({ source: provider, class: 'hard', action: 'suppressed' })
    // Another event with another key, so that the complaint is no replay.
    const told = complaint[provider]!(it)
    const again =
      provider === 'mailgun'
        ? mailgunRequest(JSON.parse(told.body)['event-data'], { token: 'once-2' })
        : provider === 'resend'
          ? resendRequest(JSON.parse(told.body), { id: 'msg_2' })
          : provider === 'ses'
            ? snsMessage({ MessageId: 'sns-2', Message: JSON.parse(told.body).Message }, { version: '1' })
            : told
    expect(await it.post(provider, again)).toBe(200)
    expect(await statusOf(db, it.id)).toBe('complained')
  })

  test(`${provider}: an unsigned, wrongly signed, altered or stale request changes nothing`, async ({ db }) => {
    const clock = { now: NOW }
    const it = await site(db, clock)
    const before = await stateOf(db)
    const real = hardBounce[provider]!(it)
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const body = JSON.parse(real.body)
    const others: Record<string, Request> = {
      ses: snsMessage(
        { Message: body.Message },
        { key: selfSigned('2026-01-01T00:00:00', '2027-01-01T00:00:00').privateKey },
      ),
      postmark: postmarkRequest(body, 'postmark:another-long-password'),
      sendgrid: sendgridRequest(provider === 'sendgrid' ? body : [], { key: other }),
      mailgun: mailgunRequest(body['event-data'] ?? {}, { key: 'another signing key, long' }),
      resend: resendRequest(body, { secret: `whsec_${Buffer.from('another secret, as long a').toString('base64')}` }),
    }
    const bare = {
      body: real.body
        .replace(/"Signature":"[^"]*"/, '"Signature":""')
        .replace(/"signature":"[0-9a-f]*"/, '"signature":""'),
      headers: {},
    }
    const altered = { ...real, body: real.body.replaceAll(EMAIL, 'bob@example.org') }
    const forgeries: [string, Request][] = [
      ['unsigned', bare],
      ['signed by others', others[provider]!],
      ['not JSON', { ...real, body: '{' }],
    ]
    // Postmark signs nothing, and Mailgun does not sign the event: TLS and the one-time token protect those.
    if (provider !== 'postmark' && provider !== 'mailgun') forgeries.push(['altered', altered])
    for (const [name, request] of forgeries) expect([name, await it.post(provider, request)]).toEqual([name, 403])
    if (provider !== 'postmark') {
      // Only Resend signs each attempt anew. The others' events may come late, and each counts once.
      clock.now = new Date(NOW.getTime() + (provider === 'resend' ? 6 * 60_000 : 25 * 3_600_000))
      expect(await it.post(provider, real)).toBe(403)
      clock.now = NOW
    }
    expect(await stateOf(db)).toEqual(before)
    expect(await db.$count(inboundEvents)).toBe(0)
  })
}

for (const provider of ['ses', 'postmark', 'sendgrid', 'mailgun']) {
  test(`${provider}: an event that waited for hours at the provider counts`, async ({ db }) => {
    const clock = { now: NOW }
    const it = await site(db, clock)
    const bounce = hardBounce[provider]!(it)
    clock.now = new Date(NOW.getTime() + 8 * 3_600_000)
    expect(await it.post(provider, bounce)).toBe(200)
    expect(await statusOf(db, it.id)).toBe('bounced')
  })
}

test('SendGrid: an event of another form does not lose the others of its request', async ({ db }) => {
  const it = await site(db)
  const [bounce] = JSON.parse(hardBounce.sendgrid!(it).body)
  const odd = [{ event: 'bounce', status: 511 }, null, 'text', { event: 'delivered', email: ['ada'] }]
  expect(await it.post('sendgrid', sendgridRequest([...odd, bounce]))).toBe(200)
  expect(await statusOf(db, it.id)).toBe('bounced')
})

test.for(['postmark', 'sendgrid', 'mailgun', 'resend'])(
  '%s: a null is a field that is missing',
  async (provider, { db }) => {
    const it = await site(db)
    const nulls = { Description: null, Metadata: null, 'user-variables': null, type: null, bounce_classification: null }
    const body = JSON.parse(hardBounce[provider]!(it).body)
    const requests: Record<string, () => Request> = {
      postmark: () => postmarkRequest({ ...body, ...nulls }),
      sendgrid: () => sendgridRequest([{ ...body[0], ...nulls }]),
      mailgun: () => mailgunRequest({ ...body['event-data'], ...nulls }),
      resend: () => resendRequest({ ...body, data: { ...body.data, headers: null } }),
    }
    expect(await it.post(provider, requests[provider]!())).toBe(200)
    expect(await statusOf(db, it.id)).toBe('bounced')
  },
)

test('SNS: refuses other topics, hosts and spellings of hosts, and fetches nothing from them', async ({ db }) => {
  const it = await site(db)
  const Message = sesBounce(it.digest.returnPath)
  const hosts = [
    'http://sns.eu-west-1.amazonaws.com/a.pem',
    'https://sns.eu-west-1.amazonaws.com.evil.example/a.pem',
    'https://evil.example/sns.eu-west-1.amazonaws.com/a.pem',
    'https://sns.eu-west-1.amazonaws.com:8443/a.pem',
    'https://x@sns.eu-west-1.amazonaws.com/a.pem',
    'https://sns.eu-west-1.amazonaws.com@evil.example/a.pem',
    'https://bucket.s3.amazonaws.com/a.pem',
    'https://169.254.169.254/a.pem',
    'https://sns.eu-west-1.amazonaws.com/a.txt',
    'file:///etc/passwd.pem',
    'https://sns.amazonaws.com/a.pem',
  ]
  for (const SigningCertURL of hosts)
    expect([SigningCertURL, await it.post('ses', snsMessage({ Message, SigningCertURL }))]).toEqual([
      SigningCertURL,
      403,
    ])
  expect(await it.post('ses', snsMessage({ Message, TopicArn: `${TOPIC}-2` }))).toBe(403)
  const subscription = { Type: 'SubscriptionConfirmation', Message: 'm', Token: 't' }
  expect(
    await it.post(
      'ses',
      snsMessage({ ...subscription, SubscribeURL: 'https://evil.example/?Action=ConfirmSubscription' }),
    ),
  ).toBe(403)
  expect(
    await it.post(
      'ses',
      snsMessage({ ...subscription, TopicArn: `${TOPIC}-2`, SubscribeURL: 'https://sns.eu-west-1.amazonaws.com/?x' }),
    ),
  ).toBe(403)
  expect(it.fetched.filter((url) => url !== CERT_URL)).toEqual([])
  const good = 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t'
  expect(await it.post('ses', snsMessage({ ...subscription, SubscribeURL: good }))).toBe(200)
  expect(it.fetched.at(-1)).toBe(good)
  expect(await statusOf(db, it.id)).toBe('active')
})

test('an event without our token counts only for readers emailed recently', async ({ db }) => {
  const it = await site(db)
  const stranger = await addSubscriber(db, 'stranger@example.org')
  const event = (email: string, id: string) => ({ event: 'spamreport', email, sg_event_id: id })
  expect(
    await it.post(
      'sendgrid',
      sendgridRequest([
        event('stranger@example.org', 'sg-7'),
        event('nobody@example.org', 'sg-8'),
        event(EMAIL, 'sg-9'),
      ]),
    ),
  ).toBe(200)
  expect(await statusOf(db, stranger)).toBe('active')
  expect(await statusOf(db, it.id)).toBe('complained')
})

test('our token identifies the reader, whatever address the event contains', async ({ db }) => {
  const it = await site(db)
  const other = await addSubscriber(db, 'other@example.org')
  await handedDigest(it.services, other, '2026-04-15')
  const event = { RecordType: 'SpamComplaint', ID: 1, Email: 'other@example.org', Metadata: { paperboy: it.code } }
  expect(await it.post('postmark', postmarkRequest(event))).toBe(200)
  expect([await statusOf(db, it.id), await statusOf(db, other)]).toEqual(['complained', 'active'])
})

test('unconfigured and unknown providers answer 404', async ({ db, databaseUrl }) => {
  const app = buildApp(servicesOn(db, { DATABASE_URL: databaseUrl }))
  onTestFinished(() => app.close())
  for (const provider of Object.keys(hardBounce)) {
    const { statusCode } = await app.inject({ method: 'POST', url: `/webhooks/${provider}`, payload: {} })
    expect(statusCode).toBe(404)
  }
  expect((await app.inject({ method: 'POST', url: '/webhooks/other', payload: {} })).statusCode).toBeLessThan(500)
})

test('arbitrary bodies and headers never cause a server error', async ({ db }) => {
  const it = await site(db)
  const odd = fc.oneof(fc.json(), fc.string({ unit: 'binary', maxLength: 200 }))
  const event = fc.record({
    event: fc.string(),
    email: odd,
    status: odd,
    reason: odd,
    'smtp-id': odd,
    reference: odd,
    paperboy: odd,
    sg_event_id: fc.uuid(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(hardBounce)),
      odd,
      fc.array(event, { maxLength: 3 }),
      async (provider, body, events) => {
        expect(await it.post(provider, { body, headers: {} })).toBeLessThan(500)
        expect(await it.post('sendgrid', sendgridRequest(events))).toBe(200)
      },
    ),
    { numRuns: 20 },
  )
})

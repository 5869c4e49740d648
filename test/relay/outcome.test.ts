import { describe, expect, test } from 'vitest'
import { redact } from '../../src/lib/redact.ts'
import { type Outcome, outcomeOf, type SmtpFailure } from '../../src/relay/outcome.ts'
import { expectLinearTime } from '../support/linear-time.ts'

/** The expected outcome: its state, and only the named flags. */
type Meaning = Pick<Outcome, 'state'> & Partial<Outcome>
const refused: Meaning = { state: 'refused' }
const gone: Meaning = { state: 'refused', hardBounce: true }
const ourAccount: Meaning = { state: 'deferred', relayDown: true, aboutUs: true }
const ourMessage: Meaning = { state: 'deferred', aboutUs: true }
const deferred: Meaning = { state: 'deferred' }
const slowDomain: Meaning = { state: 'deferred', slow: 'domain' }
const slowRelay: Meaning = { state: 'deferred', slow: 'relay' }
const down: Meaning = { state: 'deferred', relayDown: true }

/** nodemailer's error for a reply to a command; `END` is the reply to the whole message. */
const replyTo = (step: string, response: string): [SmtpFailure, boolean] => [
  { message: 'no', response, responseCode: Number(response.slice(0, 3)), command: step === 'END' ? 'DATA' : step },
  step === 'END',
]

const replies: [step: string, response: string, meaning: Meaning][] = [
  // The mailbox does not exist: suppressed.
  ['RCPT TO', '550 5.1.1 no such user', gone],
  ['RCPT TO', '550-5.1.1 The email account that you tried to reach\r\n550 5.1.1 does not exist', gone],
  ['END', '550 5.1.1 no such user', gone],
  [
    'RCPT TO',
    '550 5.1.1 <spam@example.org>: undeliverable address: host mx.example said: 550 5.1.1 <spam@example.org>: user unknown',
    gone,
  ],
  ['RCPT TO', '550 5.1.2 bad destination system', gone],
  ['RCPT TO', '553 5.1.3 bad syntax', gone],
  ['RCPT TO', '551 5.1.6 moved, no forwarding address', gone],
  ['RCPT TO', '556 5.1.10 domain has null MX', gone],
  ['RCPT TO', '550 5.2.1 mailbox disabled', gone],
  // Refused, without a lasting statement about the reader.
  ['RCPT TO', '550 no enhanced code', refused],
  ['RCPT TO', '550 5.0.0 whatever', refused],
  ['RCPT TO', '550 5.1.0 address rejected', refused],
  ['RCPT TO', '552 5.2.2 mailbox full', refused],
  ['RCPT TO', '550 5.4.1 no route', refused],
  ['RCPT TO', '550 5.11.1 not 5.1.1', refused],
  ['RCPT TO', '550 x5.1.1 not at its place', refused],
  // Our message is refused, or the cause is unclear: not the reader's fault, and the breaker counts it.
  ['END', '552 5.3.4 too big', ourMessage],
  ['END', '554 5.6.0 bad content', ourMessage],
  ['RCPT TO', '554 5.7.606 banned sending IP', ourMessage],
  ['END', '550 5.7.26 unauthenticated mail', ourMessage],
  ['END', '554 5.7.1 spam', ourMessage],
  ['END', '550 no', ourMessage],
  ['RCPT TO', '554 no', ourMessage],
  ['MAIL FROM', '552 5.3.4 message size exceeds fixed limit', ourMessage],
  // About the sender or the session: the relay cannot be used.
  ['MAIL FROM', '553 not yours', down],
  ['MAIL FROM', '550 5.7.1 sender denied', down],
  ['MAIL FROM', '501 5.1.7 bad sender', down],
  ['RCPT TO', '550 5.1.8 sender domain does not exist', ourAccount],
  ['RCPT TO', '550 5.1.7 bad sender', ourAccount],
  ['RCPT TO', '530 5.7.0 Authentication required', ourAccount],
  ['RCPT TO', '534 5.7.9 stronger login needed', ourAccount],
  ['RCPT TO', '535 5.7.8 bad login', ourAccount],
  ['CONN', '554 5.7.1 no service here', down],
  ['EHLO', '550 go away', down],
  ['CONN', '450 4.3.2 try later', down],
  // Deferred. The code decides whether relay or domain is slowed.
  ['RCPT TO', '450 greylisted', deferred],
  ['RCPT TO', '450 4.2.0 Recipient address rejected: Greylisted, see http://postgrey.example', deferred],
  ['RCPT TO', '450 4.2.1 mailbox receives too fast', deferred],
  ['RCPT TO', '450 4.1.1 unverified address', deferred],
  ['RCPT TO', '550 5.1.1 undeliverable address: host mx.example said: 451 4.3.0 try again', deferred],
  ['RCPT TO', '451 4.7.1 greylisted', deferred],
  ['RCPT TO', '450 try again', slowDomain],
  ['RCPT TO', '451 4.7.1 please try again later', slowDomain],
  ['END', '451 4.7.500 busy', slowDomain],
  ['RCPT TO', '452 4.2.2 mailbox full', deferred],
  ['RCPT TO', '450 4.2.2 mailbox full', deferred],
  ['RCPT TO', '451 4.3.0 local trouble', deferred],
  ['RCPT TO', '451 4.4.1 no answer from host', deferred],
  ['END', '452 4.3.1 disk full', deferred],
  ['DATA', '451 not now', deferred],
  ['MAIL FROM', '451 4.3.0 not now', slowRelay],
  ['MAIL FROM', '452 4.3.1 disk full', slowRelay],
  ['END', '454 4.7.0 Throttling failure: Maximum sending rate exceeded', slowRelay],
  ['RCPT TO', '421 4.7.0 too many from you', { state: 'deferred', lost: true, slow: 'relay' }],
  ['MAIL FROM', '421 4.3.2 shutting down', { state: 'deferred', lost: true, slow: 'relay' }],
  ['END', '421 4.4.2 timeout', { state: 'deferred', lost: true, slow: 'relay' }],
  ['RCPT TO', '503 5.5.1 bad sequence', { state: 'deferred', lost: true }],
]

describe('the meaning of a reply', () => {
  test.each(replies)('%s ← %s', (step, response, meaning) => {
    const { reply, ...outcome } = outcomeOf(...replyTo(step, response))
    expect(outcome).toEqual(meaning)
    expect(reply).not.toContain('\n')
  })
})

/** Replies of providers and servers about our limits: none may ever affect a reader. */
const aboutUs: [step: string, response: string][] = [
  // Google
  [
    'END',
    '550-5.4.5 Daily user sending limit exceeded. For more information on Gmail\r\n550 5.4.5 sending limits go to https://support.google.com/mail/?p=DailyLimit',
  ],
  ['RCPT TO', '550-5.7.1 Daily SMTP relay limit exceeded for customer. For more\r\n550 5.7.1 information see'],
  ['RCPT TO', '550 5.7.1 Email quota exceeded.'],
  ['RCPT TO', '550 5.7.1 Invalid credentials for relay [192.0.2.1].'],
  ['END', '550 5.7.0 Mail Sending denied.'],
  ['RCPT TO', '550 5.7.0 Mail relay denied.'],
  ['RCPT TO', "550 5.7.1 The IP you're using to send mail is not authorized to send email directly to our servers."],
  ['END', '503 5.7.0 No identity changes permitted.'],
  // Zoho
  ['END', '550 5.4.6 Unusual sending activity detected. Please try after sometime'],
  ['END', '554 5.1.8 Email Outgoing Blocked'],
  ['RCPT TO', '553 Sender is not allowed to relay emails'],
  ['RCPT TO', '553 Relaying disallowed as papers@paperboy.example'],
  // Exchange, Office 365
  [
    'END',
    '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a permanent exception',
  ],
  ['END', '554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message'],
  ['END', '554 5.2.252 SendAsDenied; papers@paperboy.example not allowed to send as x@paperboy.example'],
  ['END', '550 5.1.90 Your message can’t be sent because you’ve reached your daily limit for message recipients'],
  ['END', '550 5.1.8 Access denied, bad outbound sender AS(42004)'],
  ['END', '550 5.7.60 SMTP; Client does not have permissions to send as this sender'],
  ['RCPT TO', '550 5.7.64 TenantAttribution; Relay Access Denied [ValidationStatus]'],
  ['END', '550 5.7.705 Access denied, tenant has exceeded threshold'],
  ['END', '550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP'],
  ['END', "550 5.7.233 Your message can't be sent because your trial tenant has exceeded its daily limit"],
  ['END', '550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains'],
  // SES
  [
    'END',
    '554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: papers@paperboy.example',
  ],
  ['END', '554 Message rejected: Sending suspended for this account. For more information, please check the inbox'],
  ['END', '554 Transaction failed: Sending paused for this account'],
  ['END', "554 Access denied: User `arn:aws:iam::1:user/ses' is not authorized to perform `ses:SendRawEmail'"],
  ['END', '454 Throttling failure: Daily message quota exceeded.'],
  // SendGrid, Postmark, Mailgun, Brevo, SparkPost, Mailjet and similar
  ['RCPT TO', '551 5.5.4 send AUTH first'],
  ['RCPT TO', '550 Unauthenticated senders not allowed'],
  ['END', '451 You have exceeded your messaging limits'],
  ['END', '550 Cannot receive from specified address <papers@paperboy.example>: Unverified address'],
  [
    'END',
    '550 The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.',
  ],
  ['END', '550 5.7.1 Sender signature not found for papers@paperboy.example'],
  ['END', '554 Your account has been suspended. Please contact support'],
  ['END', '550 5.7.1 Your SMTP account is not yet activated. Please contact us'],
  ['RCPT TO', '525 5.7.1 Unauthorized IP address'],
  ['RCPT TO', '502 5.7.0 Please authenticate first'],
  [
    'END',
    '550 Domain paperboy.example is not allowed to send: The domain is unverified and requires DNS configuration.',
  ],
  ['END', '550 5.7.1 Sandbox subdomains are for test purposes only'],
  ['END', '550 5.7.1 Unconfigured Sending Domain <paperboy.example>'],
  ['END', '550 Not enough credit'],
  // Postfix, Exim, policyd, cPanel
  ['RCPT TO', '554 5.7.1 <[address]>: Relay access denied'],
  ['RCPT TO', '454 4.7.1 <[address]>: Relay access denied'],
  ['RCPT TO', '550 relay not permitted'],
  ['RCPT TO', '553 5.7.1 <papers@paperboy.example>: Sender address rejected: not owned by user paperboy'],
  ['RCPT TO', '553 5.7.1 <papers@paperboy.example>: Sender address rejected: not logged in'],
  ['RCPT TO', '550 5.1.1 <papers@paperboy.example>: Sender address rejected: User unknown in virtual mailbox table'],
  ['RCPT TO', '550 5.1.0 <papers@paperboy.example>: Sender address rejected: User unknown in local recipient table'],
  ['RCPT TO', '450 4.1.8 <papers@paperboy.example>: Sender address rejected: Domain not found'],
  [
    'RCPT TO',
    '550-Verification failed for <papers@paperboy.example>\r\n550-No Such User Here\r\n550 Sender verify failed',
  ],
  ['RCPT TO', '554 5.7.1 <[address]>: Recipient address rejected: Policy Rejection- Quota exceeded.'],
  [
    'END',
    '550 Domain paperboy.example has exceeded the max emails per hour (150/150 (100%)) allowed. Message discarded.',
  ],
  ['RCPT TO', '550 SMTP AUTH is required for message submission on port 587'],
  [
    'RCPT TO',
    '550 Please turn on SMTP Authentication in your mail client. host is not permitted to relay through this server',
  ],
  // Yahoo, GMX, 1&1, Yandex, Tencent
  ['END', '550 Request failed; From address is not one of your addresses'],
  ['RCPT TO', '550 Requested action not taken: mailbox unavailable\r\n550 Sender address is not allowed.'],
  ['RCPT TO', '450 Requested mail action not taken: mailbox unavailable\r\n450 Mail send limit exceeded.'],
  ['RCPT TO', '553 5.7.1 Sender address rejected: not owned by auth user.'],
  ['END', '550 User has no permission'],
  ['END', '553 Mail from must equal authorized user'],
]

/** The message, its policy or its size: another relay may accept it, and one such reply does not rest the relay. */
const aboutMessage: [step: string, response: string][] = [
  ['END', '552-5.2.3 Your message exceeded Google’s message size limits'],
  ['END', '552 Message is too long.'],
  ['END', '552 5.3.4 Message size exceeds fixed limit'],
  ['END', '552 5.7.0 This message was blocked because its content presents a potential security issue'],
  ['END', '550-5.7.1 Our system has detected that this message is likely unsolicited mail'],
  [
    'END',
    '550 5.7.1 The user or domain that you are sending to (or from) has a policy that prohibited the mail that you sent',
  ],
  ['END', '554 5.7.9 Message not accepted for policy reasons.'],
  ['RCPT TO', '553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus’s list'],
  ['END', '554 Transaction failed. Reject due to policy restrictions.'],
  ['RCPT TO', '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org'],
  ['END', '550 5.7.509 Access denied, sending domain does not pass DMARC verification'],
  ['END', '550 Administrative prohibition'],
  ['END', '550 5.7.1 Email cannot be delivered. Reason: Email detected as Spam by spam filters.'],
  ['END', '554 Transaction failed: Expected MIME type, got ;'],
  // A relay that asks the receiver first (Postfix, reject_unverified_recipient) adds its own 5.1.1 to any answer.
  [
    'RCPT TO',
    '550 5.1.1 <[address]>: Recipient address rejected: undeliverable address: host mx.example[192.0.2.1] said: 550 5.7.1 Service unavailable; client host blocked using Spamhaus (in reply to RCPT TO command)',
  ],
  [
    'RCPT TO',
    '550 5.1.1 <[address]>: Recipient address rejected: undeliverable address: host mx.example said: 554-Your server is on a blocklist',
  ],
  ['RCPT TO', '504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname'],
]

/** Replies of servers about a mailbox that does not exist: suppressed, despite any other words. */
const noMailbox: [step: string, response: string][] = [
  [
    'RCPT TO',
    "550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n550-5.1.1 double-checking the recipient's email address for typos or\r\n550 5.1.1 unnecessary spaces.",
  ],
  ['RCPT TO', '550-5.2.1 The email account that you tried to reach is disabled.'],
  ['RCPT TO', '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'],
  ['RCPT TO', '550 5.1.1 <[address]>: Recipient address rejected: User unknown in local recipient table'],
  [
    'RCPT TO',
    '550 5.1.1 <[address]>: Recipient address rejected: unverified address: host mx.example said: 550 no such user',
  ],
  [
    'RCPT TO',
    '550 5.1.1 <[address]>: Recipient address rejected: undeliverable address: mailbox over quota and closed',
  ],
  ['RCPT TO', '550 5.1.1 User unknown; authentication required to see more'],
  ['RCPT TO', '550 5.1.1 Mailbox does not exist. Daily limit of attempts reached'],
  ['RCPT TO', '553 5.1.2 We weren’t able to find the recipient domain'],
  ['RCPT TO', '553 5.1.3 The recipient address is not a valid RFC-5321 address'],
  ['RCPT TO', '550 5.1.1 user does not exist - policy of this server'],
  ['RCPT TO', '550 5.1.1 [address] ... User unknown, message blocked'],
]

/** About the reader, without enough proof to suppress them. */
const reader: [step: string, response: string][] = [
  ['RCPT TO', "554 delivery error: dd This user doesn't have a yahoo.com account"],
  ['END', '554 30 Sorry, your message cannot be delivered. This mailbox is disabled (554.30).'],
  ['RCPT TO', '552 1 Requested mail action aborted, mailbox not found'],
  ['RCPT TO', '550 No such user here'],
  ['RCPT TO', '550 Unrouteable address'],
  ['RCPT TO', '550 5.0.0 User unknown'],
  ['RCPT TO', '550 5.4.1 Recipient address rejected: Access denied. AS(201806281)'],
  ['RCPT TO', '554 5.7.1 <[address]>: Recipient address rejected: Access denied'],
  ['RCPT TO', '550 5.5.0 Requested action not taken: mailbox unavailable'],
  ['RCPT TO', '501 Invalid RCPT TO address provided'],
  ['RCPT TO', '552 5.2.2 The email account that you tried to reach is over quota'],
  ['RCPT TO', '552 mailbox quota exceeded'],
  ['END', '550 5.7.1 RESOLVER.RST.AuthRequired; authentication required'],
  ['RCPT TO', '550 5.7.133 Sender not authenticated for group'],
]

/** One mailbox, temporarily: only this reader waits. */
const oneMailbox: [step: string, response: string][] = [
  ['RCPT TO', '450-4.2.1 The user you are trying to contact is receiving mail too quickly.'],
  [
    'RCPT TO',
    '450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages',
  ],
  [
    'RCPT TO',
    '550-5.2.1 The user you are trying to contact is receiving mail at a rate that\r\n550-5.2.1 prevents additional messages from being delivered.',
  ],
  ['END', '550 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour'],
  ['RCPT TO', '451 4.5.1 The recipient <[address]> has exceeded their message rate limit. Try again later.'],
  ['RCPT TO', '452 4.2.2 The email account that you tried to reach is over quota'],
  ['RCPT TO', '451 4.7.1 Greylisting in action, please come back later'],
  ['RCPT TO', '451 Graylisted, try again in 300 seconds'],
]

describe('replies of real servers', () => {
  test.each(aboutUs)('our account, never the reader: %s ← %s', (step, response) => {
    expect(meaning(step, response)).toEqual(ourAccount)
  })
  test.each(aboutMessage)('our message, never the reader: %s ← %s', (step, response) => {
    expect(meaning(step, response)).toEqual(ourMessage)
  })
  test.each(noMailbox)('no such mailbox: %s ← %s', (step, response) => {
    expect(meaning(step, response)).toEqual(gone)
  })
  test.each(reader)('the reader, for this edition: %s ← %s', (step, response) => {
    expect(meaning(step, response)).toEqual(refused)
  })
  test.each(oneMailbox)('the reader, for now: %s ← %s', (step, response) => {
    expect(meaning(step, response)).toEqual(deferred)
  })
  test('exceeding our account’s rate slows the relay', () => {
    expect(meaning('END', '454 Throttling failure: Maximum sending rate exceeded.')).toEqual(slowRelay)
    expect(meaning('END', '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded')).toEqual(slowRelay)
  })
})

function meaning(step: string, response: string): Meaning {
  const { reply: _, ...outcome } = outcomeOf(...replyTo(step, response))
  return outcome
}

describe('the meaning of a lost connection', () => {
  test.each<[string, SmtpFailure, boolean, Meaning]>([
    ['cut before the message', { message: 'x', code: 'ECONNECTION' }, false, { state: 'deferred', lost: true }],
    ['cut in or after the message', { message: 'x', code: 'ECONNECTION' }, true, { state: 'unknown' }],
    ['silence after the message', { message: 'x', code: 'ETIMEDOUT' }, true, { state: 'unknown' }],
    ['silence before it', { message: 'x', code: 'ETIMEDOUT' }, false, { state: 'deferred', lost: true }],
    ['no TLS available', { message: 'x', code: 'ETLS' }, false, down],
    ['login refused', { message: 'x', code: 'EAUTH', response: '454 4.7.0 later', responseCode: 454 }, false, down],
    ['larger than the greeting allows', { message: 'x', code: 'EMESSAGE', command: 'MAIL FROM' }, false, ourMessage],
    ['an address SMTP cannot say', { message: 'x', code: 'EENVELOPE', command: 'API' }, false, refused],
  ])('%s', (_name, failure, begun, meaning) => {
    const { reply: _, ...outcome } = outcomeOf(failure, begun)
    expect(outcome).toEqual(meaning)
  })
})

test.each([' ', 'relay ', 'email message user '])(
  'a reply as long as a relay may send is judged in linear time: %j',
  (piece) => {
    expectLinearTime((text) => meaning('RCPT TO', text), piece, '550 5.0.0 ')
  },
)

test('a stored reply is one line without an address', () => {
  expect(redact('550 5.1.1 <ada@example.org>: unknown\r\nMAIL FROM:<eve@example.org>')).toBe(
    '550 5.1.1 <[address]>: unknown MAIL FROM:<[address]>',
  )
  expect(redact('x'.repeat(5000))).toHaveLength(300)
})

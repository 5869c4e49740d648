import { describe, expect, test } from 'vitest'
import { redact } from '../../src/lib/redact.ts'
import { type Outcome, outcomeOf, type SmtpFailure } from '../../src/relay/outcome.ts'

/** What a reply must mean: its state and nothing else but what is named. */
type Meaning = Pick<Outcome, 'state'> & Partial<Outcome>
const refused: Meaning = { state: 'refused' }
const gone: Meaning = { state: 'refused', hardBounce: true }
const disliked: Meaning = { state: 'refused', policy: true }
const deferred: Meaning = { state: 'deferred' }
const slowDomain: Meaning = { state: 'deferred', slow: 'domain' }
const slowRelay: Meaning = { state: 'deferred', slow: 'relay' }
const down: Meaning = { state: 'deferred', relayDown: true }

/** As nodemailer says what a relay answered to a command; `END` is the reply to the whole message. */
const replyTo = (step: string, response: string): [SmtpFailure, boolean] => [
  { message: 'no', response, responseCode: Number(response.slice(0, 3)), command: step === 'END' ? 'DATA' : step },
  step === 'END',
]

const replies: [step: string, response: string, meaning: Meaning][] = [
  // The mailbox is not there: suppressed.
  ['RCPT TO', '550 5.1.1 no such user', gone],
  ['RCPT TO', '550-5.1.1 The email account that you tried to reach\r\n550 5.1.1 does not exist', gone],
  ['END', '550 5.1.1 no such user', gone],
  ['RCPT TO', '550 5.1.2 bad destination system', gone],
  ['RCPT TO', '553 5.1.3 bad syntax', gone],
  ['RCPT TO', '551 5.1.6 moved, no forwarding address', gone],
  ['RCPT TO', '556 5.1.10 domain has null MX', gone],
  ['RCPT TO', '550 5.2.1 mailbox disabled', gone],
  // Refused, but says nothing lasting about the reader.
  ['RCPT TO', '550 no enhanced code', refused],
  ['RCPT TO', '550 5.0.0 whatever', refused],
  ['RCPT TO', '550 5.1.0 address rejected', refused],
  ['RCPT TO', '552 5.2.2 mailbox full', refused],
  ['RCPT TO', '550 5.4.1 no route', refused],
  ['RCPT TO', '550 5.11.1 not 5.1.1', refused],
  ['RCPT TO', '550 x5.1.1 not at its place', refused],
  ['END', '552 5.3.4 too big', refused],
  ['END', '554 5.6.0 bad content', refused],
  // Refused for what we are: never suppressed, counted by the breaker.
  ['RCPT TO', '550 5.7.1 relaying denied', disliked],
  ['RCPT TO', '554 5.7.606 banned sending IP', disliked],
  ['END', '550 5.7.26 unauthenticated mail', disliked],
  ['END', '554 5.7.1 spam', disliked],
  // About the sender or the session: the relay cannot be used as it is.
  ['MAIL FROM', '553 not yours', down],
  ['MAIL FROM', '550 5.7.1 sender denied', down],
  ['MAIL FROM', '501 5.1.7 bad sender', down],
  ['RCPT TO', '550 5.1.8 sender domain does not exist', down],
  ['RCPT TO', '550 5.1.7 bad sender', down],
  ['RCPT TO', '530 5.7.0 Authentication required', down],
  ['RCPT TO', '534 5.7.9 stronger login needed', down],
  ['RCPT TO', '535 5.7.8 bad login', down],
  ['CONN', '554 5.7.1 no service here', down],
  ['EHLO', '550 go away', down],
  ['CONN', '450 4.3.2 try later', down],
  // Later. Whom to be slower with is told by the code.
  ['RCPT TO', '450 greylisted', slowDomain],
  ['RCPT TO', '450 4.2.0 greylisted', deferred],
  ['RCPT TO', '450 4.2.1 mailbox receives too fast', slowDomain],
  ['RCPT TO', '451 4.7.1 greylisted', slowDomain],
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

describe('what a reply means', () => {
  test.each(replies)('%s ← %s', (step, response, meaning) => {
    const { reply, ...outcome } = outcomeOf(...replyTo(step, response))
    expect(outcome).toEqual(meaning)
    expect(reply).not.toContain('\n')
  })
})

describe('what silence means', () => {
  test.each<[string, SmtpFailure, boolean, Meaning]>([
    ['cut before the message', { message: 'x', code: 'ECONNECTION' }, false, { state: 'deferred', lost: true }],
    ['cut in or after the message', { message: 'x', code: 'ECONNECTION' }, true, { state: 'unknown' }],
    ['silence after the message', { message: 'x', code: 'ETIMEDOUT' }, true, { state: 'unknown' }],
    ['silence before it', { message: 'x', code: 'ETIMEDOUT' }, false, { state: 'deferred', lost: true }],
    ['no TLS to be had', { message: 'x', code: 'ETLS' }, false, down],
    ['login refused', { message: 'x', code: 'EAUTH', response: '454 4.7.0 later', responseCode: 454 }, false, down],
    ['larger than the greeting allows', { message: 'x', code: 'EMESSAGE', command: 'MAIL FROM' }, false, refused],
    ['an address SMTP cannot say', { message: 'x', code: 'EENVELOPE', command: 'API' }, false, refused],
  ])('%s', (_name, failure, begun, meaning) => {
    const { reply: _, ...outcome } = outcomeOf(failure, begun)
    expect(outcome).toEqual(meaning)
  })
})

test('a kept reply has no address and no second line in it', () => {
  expect(redact('550 5.1.1 <ada@example.org>: unknown\r\nMAIL FROM:<eve@example.org>')).toBe(
    '550 5.1.1 <[address]>: unknown MAIL FROM:<[address]>',
  )
  expect(redact('x'.repeat(5000))).toHaveLength(300)
})

import { describe, expect, test } from 'vitest'
import { outcomeOf } from '../../src/delivery/outcome.ts'
import { redact } from '../../src/redact.ts'

describe('what a failed hand-over means', () => {
  test.each([
    {
      name: 'mailbox unknown',
      response: '550 5.1.1 no such user',
      responseCode: 550,
      command: 'RCPT TO',
      state: 'refused',
    },
    { name: 'refused after the message', response: '554 5.7.1 spam', responseCode: 554, begun: true, state: 'refused' },
    { name: 'too large, which the greeting told', code: 'EMESSAGE', state: 'refused' },
    { name: 'greylisted', response: '451 4.7.1 later', responseCode: 451, state: 'deferred' },
    {
      name: 'disk full after the message',
      response: '452 4.3.1 full',
      responseCode: 452,
      begun: true,
      state: 'deferred',
    },
    {
      name: 'the sender is refused',
      response: '553 not yours',
      responseCode: 553,
      command: 'MAIL FROM',
      state: 'deferred',
      relayDown: true,
    },
    {
      name: 'no login',
      response: '530 5.7.0 Authentication required',
      responseCode: 530,
      command: 'RCPT TO',
      state: 'deferred',
      relayDown: true,
    },
    {
      name: 'wrong password',
      code: 'EAUTH',
      response: '535 no',
      responseCode: 535,
      state: 'deferred',
      relayDown: true,
    },
    { name: 'shutting down', response: '421 4.3.2 bye', responseCode: 421, state: 'deferred', lost: true },
    { name: 'cut before the message', code: 'ECONNECTION', state: 'deferred', lost: true },
    { name: 'cut in the message', code: 'ECONNECTION', begun: true, state: 'unknown' },
    { name: 'silence after the message', code: 'ETIMEDOUT', begun: true, state: 'unknown' },
  ])('$name is $state', ({ begun = false, state, relayDown = false, lost = false, name: _, ...failure }) => {
    const outcome = outcomeOf({ message: 'lost', ...failure }, begun)
    expect(outcome.state).toBe(state)
    expect([outcome.relayDown ?? false, outcome.lost ?? false]).toEqual([relayDown, lost])
  })
})

test('a kept reply has no address and no second line in it', () => {
  expect(redact('550 5.1.1 <ada@example.org>: unknown\r\nMAIL FROM:<eve@example.org>')).toBe(
    '550 5.1.1 <[address]>: unknown MAIL FROM:<[address]>',
  )
  expect(redact('x'.repeat(5000))).toHaveLength(300)
})

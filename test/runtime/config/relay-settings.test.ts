import { describe, expect, test } from 'vitest'
import { parseRelays, relayProblem } from '../../../src/runtime/config/relay-settings.ts'

test('relays keep their order; each has its own options and the defaults', () => {
  const relays = parseRelays(
    'smtps://user:p%2Cw@mail.example?rate=50&connections=4&messages=100&name=main&auth=PLAIN,' +
      ' smtp://backup.example:2525?weight=3&warmup=2026-12-01:500,1000,2000',
    10,
  )
  expect(relays).toMatchObject([
    {
      name: 'main',
      host: 'mail.example',
      secure: true,
      auth: { user: 'user', pass: 'p,w', method: 'PLAIN' },
      connections: 4,
      messagesPerConnection: 100,
      ratePerSecond: 50,
      weight: undefined,
    },
    {
      name: 'backup.example:2525',
      port: 2525,
      secure: false,
      requireTLS: false,
      auth: undefined,
      connections: 10,
      messagesPerConnection: 500,
      ratePerSecond: undefined,
      weight: 3,
      warmup: { from: '2026-12-01', perDay: [500, 1000, 2000] },
    },
  ])
})

describe('a password is only sent over TLS', () => {
  test.each([
    ['smtp://u:p@mail.example:587', true],
    ['smtp://u:p@mail.example:587?requireTLS=false', false],
    ['smtp://u:p@127.0.0.1:2525', false],
    ['smtp://mail.example', false],
    ['smtp://mail.example?requireTLS=true', true],
  ])('%s', (url, requireTLS) => {
    expect(parseRelays(url, 1)[0]!.requireTLS).toBe(requireTLS)
  })
})

describe('an error names the wrong option, and no password', () => {
  test.each([
    ['http://mail.example', 'smtp://'],
    ['smtp://', 'smtp://'],
    ['smtp://u:secret@mail.example?conections=3', 'conections'],
    ['smtp://u:secret@mail.example?rate=fast', 'rate'],
    ['smtp://u:secret@mail.example?weight=0', 'weight'],
    ['smtp://u:secret@mail.example?warmup=tomorrow', 'warmup'],
    ['smtp://u:secret@mail.example?ca=/nowhere/ca.pem', '/nowhere/ca.pem'],
    ['smtp://u:secret@mail.example,smtp://mail.example', 'name'],
  ])('%s', (url, words) => {
    expect(relayProblem(url)).toContain(words)
    expect(relayProblem(url)).not.toContain('secret')
  })
})

test('a relay whose name has letters beyond ASCII is looked up as the DNS knows it', () => {
  const [relay] = parseRelays('smtp://post.bücher.example:587', 1)
  expect(relay).toMatchObject({ host: 'post.xn--bcher-kva.example', name: 'post.xn--bcher-kva.example:587' })
})

test.each(['smtp://re%zz', 'smtp://relay%20one'])('%s names no host', (url) =>
  expect(() => parseRelays(url, 1)).toThrow('names no host'),
)

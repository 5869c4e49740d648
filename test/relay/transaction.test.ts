import net from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Message } from '../../src/mail/message.ts'
import { stuffDots } from '../../src/relay/dot-stuffing.ts'
import type { Outcome } from '../../src/relay/outcome.ts'
import { ReplyReader } from '../../src/relay/reply-reader.ts'
import { openSession, type Session } from '../../src/relay/smtp-session.ts'
import { parseRelays } from '../../src/runtime/config/relay-settings.ts'
import { openScriptedRelay, type Script, type ScriptedRelay } from '../support/scripted-relay.ts'

const closing: { close(): void }[] = []
afterEach(() => {
  for (const each of closing.splice(0)) each.close()
})

const PLAIN = '250 scripted.example'
const PIPELINING = '250-scripted.example\r\n250 PIPELINING'
const GREETINGS = [
  ['one command at a time', PLAIN],
  ['with PIPELINING', PIPELINING],
] as const

async function sessionWith(script: Script): Promise<{ session: Session; relay: ScriptedRelay }> {
  const relay = await openScriptedRelay(script)
  closing.push(relay)
  return { session: await openOn(relay.url), relay }
}

async function openOn(url: string): Promise<Session> {
  const session = await openSession(parseRelays(url, 1)[0]!)
  closing.push({ close: () => session.cut() })
  return session
}

const envelope = { from: 'papers@paperboy.example', to: 'ada@example.org' }
const message: Message = { bytes: Buffer.from('Subject: x\r\n\r\nHello.\r\n'), smtpReady: true }
const on = (greeting: string, replies: Record<string, ReturnType<Script>>): Script => {
  const once = { ...replies }
  return ({ command }) => {
    if (command === 'EHLO') return greeting
    const reply = once[command]
    delete once[command]
    return reply
  }
}

describe.each(GREETINGS)('%s', (_name, greeting) => {
  test.each<[string, Record<string, ReturnType<Script>>, Partial<Outcome>]>([
    [
      'MAIL 550',
      { MAIL: '550 5.7.1 no', RCPT: '503 5.5.1 first MAIL', DATA: '503 5.5.1 first MAIL' },
      { state: 'deferred', relayDown: true },
    ],
    [
      'RCPT 550',
      { RCPT: '550 5.1.1 unknown user', DATA: '554 5.5.1 no recipient' },
      { state: 'refused', hardBounce: true },
    ],
    ['RCPT 450', { RCPT: '450 4.2.0 greylisted', DATA: '554 5.5.1 no recipient' }, { state: 'deferred' }],
    ['DATA 451', { DATA: '451 4.3.0 later' }, { state: 'deferred' }],
    ['the message 554', { END: '554 5.6.0 not this' }, { state: 'deferred', aboutUs: true }],
    ['the message 452', { END: '452 4.3.1 disk full' }, { state: 'deferred' }],
  ])('%s has its meaning, and the session takes the next message', async (_name, replies, means) => {
    // Without PIPELINING a refusal is the last reply of its transaction.
    const [first] = Object.entries(replies)
    const { session, relay } = await sessionWith(
      on(greeting, greeting === PIPELINING ? replies : { [first![0]]: first![1] }),
    )
    expect(await session.send(envelope, message)).toMatchObject(means)
    expect(await session.reset()).toBe(true)
    expect(await session.send(envelope, message)).toMatchObject({ state: 'accepted' })
    expect(relay.messages.at(-1)).toBe('Subject: x\r\n\r\nHello.')
  })

  test.each(['MAIL', 'RCPT', 'DATA', 'END'])('421 in reply to %s defers, and the session is over', async (command) => {
    const { session } = await sessionWith(on(greeting, { [command]: '421 4.3.2 closing' }))
    expect(await session.send(envelope, message)).toMatchObject({ state: 'deferred', lost: true, slow: 'relay' })
    expect(session.usable).toBe(false)
  })

  test('a reply of several lines is one reply', async () => {
    const lines =
      '550-5.1.1 The email account that you tried to reach\r\n550-5.1.1 does not exist.\r\n550 5.1.1 Goodbye'
    const { session } = await sessionWith(
      on(greeting, { RCPT: lines, ...(greeting === PIPELINING ? { DATA: '554-no\r\n554 recipient' } : {}) }),
    )
    expect(await session.send(envelope, message)).toMatchObject({ state: 'refused', hardBounce: true })
    expect(await session.send(envelope, message)).toMatchObject({ state: 'accepted' })
  })

  test('a refusal and 354 all the same: the relay gets no message for a reader it refused', async () => {
    const { session, relay } = await sessionWith(on(greeting, { RCPT: '550 5.1.1 unknown user' }))
    expect(await session.send(envelope, message)).toMatchObject({ state: 'refused' })
    expect(relay.messages.join('')).not.toContain('Hello')
  })

  test('354 for a sender that was refused: the session is over, without a message', async () => {
    const { session, relay } = await sessionWith(
      on(greeting, { MAIL: '550 5.7.1 no', RCPT: '250 ok', DATA: '354 go on' }),
    )
    expect(await session.send(envelope, message)).toMatchObject({ state: 'deferred', relayDown: true })
    expect(relay.messages).toEqual([])
  })

  test.each<[string, Record<string, string>]>([
    ['354 twice', { END: '354 go on\r\n250 2.0.0 taken' }],
    ['a line that is no reply', { END: 'warning: disk is slow\r\n250 2.0.0 taken' }],
    ['150', { END: '150 scanning\r\n250 2.0.0 taken' }],
  ])('%s before the reply to the message settles nothing', async (_name, replies) => {
    const { session, relay } = await sessionWith(on(greeting, replies))
    expect(await session.send(envelope, message)).toMatchObject({ state: 'accepted', reply: '250 2.0.0 taken' })
    expect(relay.messages).toHaveLength(1)
    expect(await session.send(envelope, message)).toMatchObject({ state: 'accepted' })
  })

  test('354 instead of a reply to the message, and the connection ends: the relay may have it', async () => {
    const answered = Promise.withResolvers<void>()
    const { session, relay } = await sessionWith(({ command }) => {
      if (command === 'END') answered.resolve()
      return command === 'EHLO' ? greeting : command === 'END' ? '354 go on' : undefined
    })
    const sent = session.send(envelope, message)
    await answered.promise
    relay.close()
    expect(await sent).toMatchObject({ state: 'unknown' })
  })

  test('a message cut while the relay is silent about it is unknown, before that deferred', async () => {
    for (const [silentAt, state] of [
      ['MAIL', 'deferred'],
      ['RCPT', 'deferred'],
      ['DATA', 'deferred'],
      ['END', 'unknown'],
    ] as const) {
      const reached = Promise.withResolvers<void>()
      const { session } = await sessionWith(({ command }) => {
        if (command === silentAt) reached.resolve()
        return command === 'EHLO' ? greeting : command === silentAt ? 'silence' : undefined
      })
      const sent = session.send(envelope, message)
      await reached.promise
      session.cut()
      expect(await sent, silentAt).toMatchObject({ state })
    }
  })
})

/** Replies to the commands of one session, then cuts the connection once it has received `bytes` bytes after the greeting. */
async function openCuttingRelay(greeting: string, bytes: number) {
  let received = ''
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.write('220 cutting\r\n')
    let text = ''
    let inData = false
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (;;) {
        if (text.startsWith('EHLO')) {
          if (!text.includes('\r\n')) return
          text = text.slice(text.indexOf('\r\n') + 2)
          socket.write(`${greeting}\r\n`)
          continue
        }
        if (received.length + text.length >= bytes) {
          received += text.slice(0, bytes - received.length)
          socket.destroy()
          return
        }
        const end = text.indexOf(inData ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const length = end + (inData ? 5 : 2)
        received += text.slice(0, length)
        socket.write(inData ? '250 taken\r\n' : text.startsWith('DATA') ? '354 go on\r\n' : '250 ok\r\n')
        inData = !inData && text.startsWith('DATA')
        text = text.slice(length)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  return { url: `smtp://127.0.0.1:${port}`, close: () => server.close(), received: () => received }
}

test.each(GREETINGS)(
  '%s, a connection cut after any byte: deferred before the message, unknown once it begins',
  async (_name, greeting) => {
    const commands = `MAIL FROM:<${envelope.from}>\r\nRCPT TO:<${envelope.to}>\r\nDATA\r\n`
    const whole = `${commands}${message.bytes}.\r\n`
    for (let bytes = 1; bytes <= whole.length; bytes++) {
      const relay = await openCuttingRelay(greeting, bytes)
      closing.push(relay)
      const session = await openOn(relay.url)
      const outcome = await session.send(envelope, message)
      expect(relay.received(), `${bytes} bytes`).toBe(whole.slice(0, bytes))
      expect(outcome.state, `${bytes} bytes: ${relay.received().slice(-12)}`).toBe(
        bytes > commands.length ? 'unknown' : 'deferred',
      )
      expect(session.usable).toBe(false)
      session.cut()
      relay.close()
    }
  },
)

test('a connection lost after a refused reader is a refusal', async () => {
  const { session } = await sessionWith(on(PIPELINING, { RCPT: '550 5.1.1 unknown user', DATA: 'cut' }))
  expect(await session.send(envelope, message)).toMatchObject({ state: 'refused' })
  expect(session.usable).toBe(false)
})

test('a relay that closes between messages costs no message', async () => {
  const relay = await openScriptedRelay(() => undefined)
  closing.push(relay)
  const session = await openOn(relay.url)
  expect(await session.send(envelope, message)).toMatchObject({ state: 'accepted' })
  relay.close()
  await expect.poll(() => session.usable).toBe(false)
  expect(await session.send(envelope, message)).toMatchObject({ state: 'deferred', lost: true })
})

test('a message larger than the relay takes is not sent', async () => {
  const { session, relay } = await sessionWith(on('250-scripted.example\r\n250 SIZE 10', {}))
  expect(await session.send(envelope, message)).toMatchObject({ state: 'deferred', aboutUs: true })
  expect(relay.messages).toEqual([])
})

test('an address cannot add a command', async () => {
  const { session, relay } = await sessionWith(on(PLAIN, {}))
  for (const to of ['a@b.example>\r\nRCPT TO:<c@d.example', 'a@b.example\r\nDATA', '<a@b.example>'])
    expect(await session.send({ ...envelope, to }, message)).toMatchObject({ state: 'refused' })
  expect(relay.messages).toEqual([])
})

describe('what the relay receives', () => {
  /** Undoes dot-stuffing, as a relay does. The scripted relay leaves out the last line break. */
  const received = (text: string) => `${text}\r\n`.replace(/(^|\r\n)\.\./g, '$1.')
  const piece = fc.constantFrom('.', '..', '\r\n', '\r\n.', 'a', 'é', ' ', '\r\n..\r\n')

  test('is the composed text, with any dots, in one session', async () => {
    const { session, relay } = await sessionWith(on(PIPELINING, {}))
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 12 }), async (pieces) => {
        const text = `Subject: x\r\n\r\n${pieces.join('')}`
        relay.messages.length = 0
        expect(await session.send(envelope, { bytes: Buffer.from(text, 'latin1') })).toMatchObject({
          state: 'accepted',
        })
        expect(received(relay.messages[0]!)).toBe(text.endsWith('\r\n') ? text : `${text}\r\n`)
      }),
      { numRuns: 100 },
    )
  })

  test('has no line break but CRLF, so that nothing in a message can end it', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('\r', '\n', '.', 'a'), { maxLength: 20 }), (pieces) => {
        const stuffed = stuffDots(Buffer.from(pieces.join(''))).toString()
        expect(stuffed).not.toMatch(/\r(?!\n)|(?<!\r)\n/)
        expect(stuffed).toMatch(/\r\n$/)
        expect(`\r\n${stuffed}`).not.toMatch(/\r\n\.(?!\.)/)
      }),
    )
  })
})

describe('a reply reader', () => {
  test('finds the same replies however the bytes arrive', () => {
    const replies = ['250 ok', '250-a.example\r\n250-SIZE 10\r\n250 PIPELINING', '354', '550 5.1.1 größer']
    const bytes = Buffer.from(replies.map((reply) => `${reply}\r\n`).join(''))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 10 }), (cuts) => {
        const reader = new ReplyReader()
        const ends = [...cuts.sort((a, b) => a - b), bytes.length]
        const found = ends.flatMap((end, at) => reader.read(bytes.subarray(ends[at - 1] ?? 0, end)))
        expect(found).toEqual(replies)
      }),
    )
  })

  test('stops at a reply without an end', () => {
    const reader = new ReplyReader()
    expect(() => {
      for (let n = 0; n < 100; n++) reader.read(Buffer.from(`250-${'x'.repeat(1000)}\r\n`))
    }).toThrow('without an end')
  })
})

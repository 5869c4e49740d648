import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openBreaker } from '../../src/relay/breaker.ts'
import type { Outcome } from '../../src/relay/outcome.ts'
import type { Relay } from '../../src/relay/relay.ts'
import { openRelays } from '../../src/relay/relays.ts'
import { openScriptedRelay, type Script, type ScriptedRelay } from '../support/scripted-relay.ts'
import { closing } from '../support/sending.ts'

const server = async (script: Script): Promise<ScriptedRelay> => closing(await openScriptedRelay(script))
const fine: Script = () => undefined

const relaysOn = (urls: string[], connections = 2): Relay =>
  closing(openRelays({ SMTP_URL: urls.join(','), SMTP_CONNECTIONS: connections }))

const message = { bytes: Buffer.from('Message-ID: <one@paperboy.example>\r\nSubject: x\r\n\r\nx\r\n') }
async function sendMany(relay: Relay, count: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let n = 0; n < count; n++) {
    outcomes.push(await relay.send({ from: 'papers@paperboy.example', to: `reader-${n}@example.org` }, message))
  }
  return outcomes
}
const byRelay = (outcomes: Outcome[]) =>
  Object.fromEntries([...Map.groupBy(outcomes, (one) => one.relay)].map(([name, those]) => [name, those.length]))

/** Moves the clock of the breakers. */
function clock() {
  const start = performance.now()
  let ahead = 0
  vi.spyOn(performance, 'now').mockImplementation(() => start + ahead)
  return {
    pass(ms: number) {
      ahead += ms
    },
  }
}

describe('several relays', () => {
  test('prefer the first one while it can be used', async () => {
    const [first, second] = [await server(fine), await server(fine)]
    const relay = relaysOn([`${first.url}?name=first`, `${second.url}?name=second`])
    expect(byRelay(await sendMany(relay, 10))).toEqual({ first: 10 })
    expect(second.messages).toEqual([])
  })

  test.each<[string, Script]>([
    ['refuses connections', ({ command }) => (command === 'CONNECT' ? '554 5.7.1 no service' : undefined)],
    ['hangs up', ({ command }) => (command === 'EHLO' ? 'cut' : undefined)],
    ['refuses the sender', ({ command }) => (command === 'MAIL' ? '550 5.7.1 not yours' : undefined)],
    ['asks us to wait', ({ command }) => (command === 'MAIL' ? '451 4.3.0 not now' : undefined)],
    ['throttles at the end', ({ command }) => (command === 'END' ? '454 4.7.0 Throttling failure' : undefined)],
  ])('the second gets the same message when the first %s', async (_name, script) => {
    const [first, second] = [await server(script), await server(fine)]
    const relay = relaysOn([first.url, `${second.url}?name=second`])
    for (const outcome of await sendMany(relay, 5))
      expect(outcome).toMatchObject({ state: 'accepted', relay: 'second' })
    expect(second.messages).toHaveLength(5)
    expect(new Set(second.messages.map((text) => `${text}\r\n`))).toEqual(new Set([message.bytes.toString()]))
  })

  test('never send to the second a message that the first may have accepted', async () => {
    const [first, second] = [await server(({ command }) => (command === 'END' ? 'cut' : undefined)), await server(fine)]
    const outcomes = await sendMany(relaysOn([first.url, second.url]), 3)
    expect(outcomes.map((one) => one.state)).toEqual(['unknown', 'unknown', 'unknown'])
    expect(second.messages).toEqual([])
  })

  test('never send to the second a message that the receiver refused', async () => {
    const [first, second] = [
      await server(({ command }) => (command === 'RCPT' ? '550 5.1.1 no such user' : undefined)),
      await server(fine),
    ]
    const outcomes = await sendMany(relaysOn([first.url, second.url]), 3)
    expect(outcomes.map((one) => one.state)).toEqual(['refused', 'refused', 'refused'])
    expect(second.messages).toEqual([])
  })

  test('an address beyond ASCII goes to the one with SMTPUTF8; without one it is refused, and no relay rests', async () => {
    const greets: Script = ({ command }) => (command === 'EHLO' ? '250-second\r\n250 SMTPUTF8' : undefined)
    const [first, second] = [await server(fine), await server(greets)]
    const to = 'rené@example.org'
    const both = relaysOn([first.url, `${second.url}?name=second`])
    expect(await both.send({ from: 'papers@paperboy.example', to }, message)).toMatchObject({
      state: 'accepted',
      relay: 'second',
    })
    const one = relaysOn([first.url])
    for (let n = 0; n < 6; n++)
      expect(await one.send({ from: 'papers@paperboy.example', to }, message)).toEqual({
        state: 'refused',
        reply: 'the relay takes no letters beyond ASCII before the @ (SMTPUTF8)',
        elsewhere: true,
        relay: expect.any(String),
      })
    expect(one.restMs()).toBe(0)
    expect(first.messages).toEqual([])
  })

  test('an address beyond ASCII waits while a relay that may carry it cannot be used, whichever is tried first', async () => {
    const clean = await server(fine)
    const down = await server(({ command }) => (command === 'CONNECT' ? '554 5.7.1 no service' : undefined))
    for (const urls of [
      [clean.url, down.url],
      [down.url, clean.url],
    ]) {
      const relay = relaysOn(urls)
      for (let n = 0; n < 3; n++)
        expect(await relay.send({ from: 'papers@paperboy.example', to: 'rené@example.org' }, message)).toMatchObject({
          state: 'deferred',
        })
    }
    expect(clean.messages).toEqual([])
  })

  test('a bounce address beyond ASCII says nothing about readers: the relay that refuses it rests', async () => {
    const strict: Script = ({ command }) => (command === 'MAIL' ? '555 5.5.4 SMTPUTF8 is unknown' : undefined)
    const relay = relaysOn([(await server(strict)).url])
    expect(await relay.send({ from: 'zurück@paperboy.example', to: 'ada@example.org' }, message)).toMatchObject({
      state: 'deferred',
      relayDown: true,
    })
  })

  test('share email by weight; one without a weight is used when none with a weight can be', async () => {
    const [three, one, spare] = [await server(fine), await server(fine), await server(fine)]
    const relay = relaysOn([
      `${spare.url}?name=spare`,
      `${three.url}?name=three&weight=3`,
      `${one.url}?name=one&weight=1`,
    ])
    expect(relay.connections).toBe(4)
    expect(byRelay(await sendMany(relay, 40))).toEqual({ three: 30, one: 10 })
  })

  test('defer when none can be used, report the wait, and contact no relay until then', async () => {
    let asked = 0
    const down: Script = ({ command }) => {
      if (command === 'CONNECT') asked++
      return command === 'CONNECT' ? '421 4.3.2 down' : undefined
    }
    const [first, second] = [await server(down), await server(down)]
    const relay = relaysOn([first.url, second.url])
    await sendMany(relay, 1)
    const askedOnce = asked
    for (const outcome of await sendMany(relay, 5))
      expect(outcome).toMatchObject({ state: 'deferred', relayDown: true })
    expect(asked).toBe(askedOnce)
    expect(relay.restMs()).toBeGreaterThan(10_000)
  })

  test('check a resting relay without an email, then use it again, or let it rest longer', async () => {
    const time = clock()
    let well = false
    const script: Script = ({ command }) => (command === 'CONNECT' && !well ? '554 closed' : undefined)
    const [first, second] = [await server(script), await server(fine)]
    const relay = relaysOn([`${first.url}?name=first`, `${second.url}?name=second`])
    expect(byRelay(await sendMany(relay, 2))).toEqual({ second: 2 })
    time.pass(20_000)
    expect(byRelay(await sendMany(relay, 1)), 'no message waits for the check').toEqual({ second: 1 })
    await expect.poll(async () => (await sendMany(relay, 1))[0]!.relay).toBe('second')
    well = true
    time.pass(60_000)
    await expect.poll(async () => (await sendMany(relay, 1))[0]!.relay).toBe('first')
  })
})

test('messages that wait for a relay go to the next one when it begins to rest', async () => {
  const [first, second] = [
    await server(({ command }) => (command === 'END' ? '550 5.4.5 Daily user sending limit exceeded' : undefined)),
    await server(fine),
  ]
  const relay = relaysOn([`${first.url}?name=first`, `${second.url}?name=second`], 1)
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => sendMany(relay, 1)))
  expect(byRelay(outcomes.flat())).toEqual({ second: 6 })
  expect(first.messages, 'only the one in flight').toHaveLength(1)
})

describe('a rest that operators see ends without an email', () => {
  const REFUSES = '550 5.4.5 Daily user sending limit exceeded'
  test.each<[string, Script, ended: boolean]>([
    ['when the relay can be reached again', ({ command }) => (command === 'CONNECT' ? 'cut' : undefined), true],
    ['not when it refused our email', ({ command }) => (command === 'END' ? REFUSES : undefined), false],
  ])('%s', async (_name, script, ended) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    let well = false
    let checks = 0
    const first = await server((step) => {
      if (well && step.command === 'EHLO') checks++
      return well ? undefined : script(step)
    })
    const resting = new Set<string>()
    const relay = closing(
      openRelays(
        { SMTP_URL: `${first.url}?name=first`, SMTP_CONNECTIONS: 1 },
        {
          rests: {
            recordRest: async (name) => void resting.add(name),
            recordAccepted: async (name) => void resting.delete(name),
          },
        },
      ),
    )
    expect((await sendMany(relay, 1))[0]).toMatchObject({ state: 'deferred', relayDown: true })
    expect([...resting]).toEqual(['first'])
    well = true
    vi.advanceTimersByTime(17_000)
    await expect.poll(() => relay.restMs() === 0 && checks).toBe(1)
    await expect.poll(() => resting.size).toBe(ended ? 0 : 1)
  })
})

describe('the breaker', () => {
  const accepted: Outcome = { state: 'accepted', reply: 'ok' }
  const policy: Outcome = { state: 'deferred', aboutUs: true, reply: '550 5.7.1 blocked' }
  const unknownMailbox: Outcome = { state: 'refused', hardBounce: true, reply: '550 5.1.1 no such user' }

  test('trips on consecutive refusals of our message, not on as many missing mailboxes', () => {
    const [ours, theirs] = [openBreaker(() => 0), openBreaker(() => 0)]
    for (let n = 0; n < 4; n++) {
      expect(ours.record(policy)).toBeUndefined()
      theirs.record(unknownMailbox)
    }
    expect(ours.record(policy)).toContain('550 5.7.1 blocked')
    theirs.record(unknownMailbox)
    expect([ours.state(), theirs.state()]).toEqual(['open', 'closed'])
  })

  test('trips when many of the latest replies refuse our message, even if never in a row', () => {
    const breaker = openBreaker(() => 0)
    for (let n = 0; n < 60 && breaker.state() === 'closed'; n++) breaker.record(n % 2 === 0 ? policy : accepted)
    expect(breaker.state()).toBe('open')
  })

  test('does not trip on a few refusals among many replies', () => {
    const breaker = openBreaker(() => 0)
    for (let n = 0; n < 200; n++) breaker.record(n % 4 === 0 ? policy : accepted)
    expect(breaker.state()).toBe('closed')
  })

  test('trips again, for longer, when a check succeeds but messages are refused', () => {
    let now = 0
    const breaker = openBreaker(() => now)
    for (let n = 0; n < 20; n++) breaker.record(policy)
    now += 20_000
    expect(breaker.state()).toBe('half-open')
    breaker.recordCheck(true)
    for (let n = 0; n < 5; n++) breaker.record(policy)
    expect(breaker.state()).toBe('open')
    expect(breaker.restMs()).toBeGreaterThan(20_000)
  })

  test('doubles the rest up to 15 minutes, and resets it once the relay works', () => {
    let now = 0
    const breaker = openBreaker(() => now)
    const rests: number[] = []
    breaker.record({ state: 'deferred', relayDown: true, reply: 'down' })
    for (let n = 0; n < 12; n++) {
      rests.push(breaker.restMs())
      now += breaker.restMs()
      expect(breaker.state()).toBe('half-open')
      breaker.recordCheck(false)
    }
    expect(rests[0]).toBeLessThan(17_000)
    expect(rests[11]).toBeLessThanOrEqual(16.5 * 60_000)
    expect(rests[11]! / rests[0]!).toBeGreaterThan(40)
    now += breaker.restMs()
    breaker.recordCheck(true)
    for (let n = 0; n < 50; n++) breaker.record(accepted)
    breaker.record({ state: 'deferred', relayDown: true, reply: 'down' })
    expect(breaker.restMs()).toBeLessThan(17_000)
  })
})

test('a message waiting for a connection is not sent when sending is halted', async () => {
  const held = new AbortController()
  const one = await server(({ command }) => (command === 'END' ? 'silence' : undefined))
  const relay = relaysOn([one.url], 1)
  const send = () => relay.send({ from: 'papers@paperboy.example', to: 'ada@example.org' }, message, held.signal)
  const [begun, waiting] = [send(), send()]
  await expect.poll(() => one.messages.length).toBe(1)
  held.abort()
  expect((await waiting).state).toBe('queued')
  relay.close()
  expect((await begun).state).toBe('unknown')
  expect(one.messages).toHaveLength(1)
})

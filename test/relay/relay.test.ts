import { describe, expect, test } from 'vitest'
import type { Relay } from '../../src/relay/relay.ts'
import { openRelays } from '../../src/relay/relays.ts'
import { openScriptedRelay, type Script, type ScriptedRelay } from '../support/scripted-relay.ts'
import { closing, relaysOn } from '../support/sending.ts'

async function poolOn(script: Script, connections = 2): Promise<{ server: ScriptedRelay; relay: Relay }> {
  const server = closing(await openScriptedRelay(script))
  return { server, relay: relaysOn(server.url, connections) }
}

const message = { bytes: Buffer.from('Subject: x\r\n\r\nx\r\n') }
const sendMany = (relay: Relay, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, n) =>
      relay.send({ from: 'papers@paperboy.example', to: `reader-${n}@example.org` }, message),
    ),
  )
const states = (outcomes: { state: string }[]) => outcomes.map((one) => one.state)

describe('the connection pool', () => {
  test('continues when the relay hangs up after a refusal', async () => {
    let refusals = 0
    const { relay } = await poolOn(({ command }) => {
      if (command === 'RCPT' && refusals++ < 3) return '550 5.1.1 no such user'
      return command === 'RSET' ? 'cut' : undefined
    })
    const outcomes = await sendMany(relay, 8)
    expect(states(outcomes).filter((state) => state === 'refused')).toHaveLength(3)
    expect(states(outcomes).filter((state) => state === 'accepted')).toHaveLength(5)
  })

  test('reports the outcome without waiting for the reply to RSET', async () => {
    const { relay } = await poolOn(({ command }) =>
      command === 'RCPT' ? '550 5.1.1 no such user' : command === 'RSET' ? 'silence' : undefined,
    )
    expect(states(await sendMany(relay, 2))).toEqual(['refused', 'refused'])
  })

  test('works with fewer connections when the relay limits them', async () => {
    const { relay, server } = await poolOn(
      ({ command, open }) =>
        command === 'CONNECT' && open > 3 ? '421 4.7.0 too many connections from you' : undefined,
      10,
    )
    const outcomes = await sendMany(relay, 100)
    expect(new Set(states(outcomes))).toEqual(new Set(['accepted']))
    expect(server.messages).toHaveLength(100)
  })

  test('works with fewer connections when the relay refuses those too many before it serves the others', async () => {
    const refused = Promise.withResolvers<undefined>()
    let refusals = 0
    const { relay, server } = await poolOn(({ command, open }) => {
      if (command === 'CONNECT' && open > 3) {
        refusals++
        if (refusals === 7) refused.resolve(undefined)
        return '421 4.7.0 too many connections from you'
      }
      return command === 'EHLO' ? refused.promise : undefined
    }, 10)
    expect(new Set(states(await sendMany(relay, 100)))).toEqual(new Set(['accepted']))
    expect(server.messages).toHaveLength(100)
    expect(refusals, 'it is not asked for more at once').toBe(7)
  })

  test('uses another connection when the relay ends one between messages', async () => {
    const sentOn = new Map<number, number>()
    const { relay, server } = await poolOn(({ command, connection }) => {
      if (command !== 'MAIL') return undefined
      sentOn.set(connection, (sentOn.get(connection) ?? 0) + 1)
      return sentOn.get(connection)! > 5 ? '421 4.7.0 enough for one session' : undefined
    })
    expect(new Set(states(await sendMany(relay, 40)))).toEqual(new Set(['accepted']))
    expect(server.messages).toHaveLength(40)
  })

  test('closes the idle connections that the relay ends with 421, and no message meets one', async () => {
    const { relay, server } = await poolOn(() => undefined, 4)
    await sendMany(relay, 8)
    expect(server.open()).toBe(4)
    // It waits for us to close them.
    server.say('421 4.4.2 idle for too long')
    await expect.poll(() => server.open()).toBe(0)
    expect(states(await sendMany(relay, 8))).toEqual(Array(8).fill('accepted'))
  })

  test('never sends a message again on its own once it has begun', async () => {
    const { relay, server } = await poolOn(({ command }) => (command === 'END' ? 'cut' : undefined))
    expect(states(await sendMany(relay, 4))).toEqual(Array(4).fill('unknown'))
    expect(server.messages).toHaveLength(4)
  })

  test('reports the relay as down when it refuses the sender, without blaming readers', async () => {
    const { relay } = await poolOn(({ command }) =>
      command === 'MAIL' ? '530 5.7.0 Authentication required' : undefined,
    )
    for (const outcome of await sendMany(relay, 3))
      expect(outcome).toMatchObject({ state: 'deferred', relayDown: true })
  })

  test('reports the relay as down when it does not answer', async () => {
    const relay = openRelays({ SMTP_URL: 'smtp://127.0.0.1:9', SMTP_CONNECTIONS: 2 })
    for (const outcome of await sendMany(relay, 5))
      expect(outcome).toMatchObject({ state: 'deferred', relayDown: true })
  })

  test('closing ends messages at a silent relay: unknown if sent, deferred if waiting', async () => {
    let silent = 0
    const { relay } = await poolOn(({ command }) => {
      if (command === 'END') silent++
      return command === 'END' ? 'silence' : undefined
    })
    const outcomes = sendMany(relay, 6)
    await expect.poll(() => silent).toBe(2)
    relay.close()
    expect(states(await outcomes).sort()).toEqual([
      'deferred',
      'deferred',
      'deferred',
      'deferred',
      'unknown',
      'unknown',
    ])
  })

  test('removes the mailbox name from replies', async () => {
    const { relay } = await poolOn(({ command }) =>
      command === 'RCPT' ? '550 <reader-0> user unknown, reader-0@example.org' : undefined,
    )
    const [outcome] = await sendMany(relay, 1)
    expect(outcome!.reply).not.toContain('reader-0')
  })
})

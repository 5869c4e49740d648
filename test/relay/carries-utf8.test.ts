import { afterEach, expect, test, vi } from 'vitest'
import { relayAbility } from '../../src/relay/carries-utf8.ts'
import { openScriptedRelay, type Script } from '../support/scripted-relay.ts'
import { closing, sinkThat } from '../support/sending.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** A real SMTP server with or without SMTPUTF8. */
async function relayThat(does: { carry: boolean }, connected: () => void = () => {}): Promise<string> {
  const sink = await sinkThat(
    {},
    {
      hideSMTPUTF8: !does.carry,
      onConnect(_session, done) {
        connected()
        done()
      },
    },
  )
  return sink.url
}
const scripted = async (script: Script): Promise<string> => closing(await openScriptedRelay(script)).url

test('SMTPUTF8 support is read from the reply to EHLO', async () => {
  expect(await relayAbility(await relayThat({ carry: true })).carriesUtf8()).toBe(true)
  expect(await relayAbility(await relayThat({ carry: false })).carriesUtf8()).toBe(false)
})

test('every relay must support it, since any of them may get the email', async () => {
  const [one, other, without] = [
    await relayThat({ carry: true }),
    await relayThat({ carry: true }),
    await relayThat({ carry: false }),
  ]
  expect(await relayAbility(`${one},${other}`).carriesUtf8()).toBe(true)
  expect(await relayAbility(`${one},${without}`).carriesUtf8()).toBe(false)
})

test('concurrent callers share one question', async () => {
  let connections = 0
  const ability = relayAbility(await relayThat({ carry: true }, () => connections++))
  expect(await Promise.all(Array.from({ length: 20 }, () => ability.carriesUtf8()))).toEqual(Array(20).fill(true))
  expect(connections).toBe(1)
})

test('a relay that is down, hangs up or refuses counts as no', async () => {
  expect(await relayAbility('smtp://127.0.0.1:9').carriesUtf8()).toBe(false)
  const cutting = await scripted(({ command }) => (command === 'EHLO' ? 'cut' : undefined))
  expect(await relayAbility(cutting).carriesUtf8()).toBe(false)
  const refusing = await scripted(({ command }) => (command === 'CONNECT' ? '554 not you' : undefined))
  expect(await relayAbility(refusing).carriesUtf8()).toBe(false)
})

test('a silent relay counts as no after three seconds', async () => {
  const url = await scripted(() => 'silence')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const answer = relayAbility(url).carriesUtf8()
  await vi.advanceTimersByTimeAsync(3_000)
  expect(await answer).toBe(false)
})

test('asks again after an hour, or after a minute without an answer', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  let says: () => Promise<string> = () => Promise.reject(new Error('down'))
  let asked = 0
  const ability = relayAbility('smtp://relay.example', () => {
    asked++
    return says()
  })
  expect(await ability.carriesUtf8()).toBe(false)
  says = async () => '250-relay.example\n250 SMTPUTF8'
  vi.advanceTimersByTime(59_000)
  expect(await ability.carriesUtf8(), 'remembered').toBe(false)
  vi.advanceTimersByTime(2_000)
  expect(await ability.carriesUtf8()).toBe(true)
  vi.advanceTimersByTime(3_590_000)
  await ability.carriesUtf8()
  expect(asked).toBe(2)
  vi.advanceTimersByTime(20_000)
  await ability.carriesUtf8()
  expect(asked).toBe(3)
})

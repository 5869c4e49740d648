import dns from 'node:dns'
import { expect, onTestFinished, test, vi } from 'vitest'
import { greetingOf } from '../../src/relay/greeting.ts'
import { openSession } from '../../src/relay/smtp-session.ts'
import { parseRelays } from '../../src/runtime/config/relay-settings.ts'
import { openScriptedRelay } from '../support/scripted-relay.ts'
import { closing } from '../support/sending.ts'
import { openSink } from '../support/sink.ts'

test('a relay is found where the machine finds it, also right after its name got another address', async () => {
  const sink = await openSink()
  onTestFinished(() => sink.close())
  const { port } = new URL(sink.url)
  const addresses = ['127.0.0.2']
  const lookup = (_name: string, _options: object, done: (error: null, found: object[]) => void) =>
    done(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    )
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as never)
  onTestFinished(() => void vi.restoreAllMocks())
  const [relay] = parseRelays(`smtp://relay.invalid:${port}`, 1)
  await expect(openSession(relay!)).rejects.toThrow(`connect ECONNREFUSED 127.0.0.2:${port}`)

  addresses[0] = '127.0.0.1'
  ;(await openSession(relay!)).quit()
  expect(await greetingOf(relay!)).toContain('250')
  // One of several is enough.
  addresses.unshift('127.0.0.2')
  ;(await openSession(relay!)).quit()
})

test('a visitor waits three seconds for the reply to EHLO, with the look-up of the name', async () => {
  const silent = closing(await openScriptedRelay(() => 'silence'))
  const start = performance.now()
  let ahead = 0
  vi.spyOn(performance, 'now').mockImplementation(() => start + ahead)
  const lookup = (_name: string, _options: object, done: (error: null, found: object[]) => void) => {
    ahead = 2_900
    done(null, [{ address: '127.0.0.1', family: 4 }])
  }
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as never)
  onTestFinished(() => void vi.restoreAllMocks())
  const [relay] = parseRelays(`smtp://relay.invalid:${new URL(silent.url).port}`, 1)
  const begun = Date.now()
  await expect(greetingOf(relay!)).rejects.toThrow('does not answer')
  expect(Date.now() - begun).toBeLessThan(2_000)
})

import { describe, expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { deliveryContextWith } from '../../src/delivery/send/delivery-context.ts'
import { type DigestPress, digestPress } from '../../src/delivery/send/edition-renderer.ts'
import { closed } from '../../src/edition/compose/segments.ts'
import { isWireReady, isWireText } from '../../src/relay/dot-stuffing.ts'
import { openRelays } from '../../src/relay/relays.ts'
import { test } from '../support/database.ts'
import { addReaders, releasedEdition, servicesOn } from '../support/services.ts'
import { openSink } from '../support/sink.ts'

test('messages arrive byte for byte as composed, without a scan for dots', async ({ db, onTestFinished }) => {
  const sink = await openSink()
  onTestFinished(() => sink.close())
  const services = servicesOn(db, { SMTP_URL: sink.url, SMTP_CONNECTIONS: '2' })
  const relay = openRelays(services.config, { log: services.log })
  onTestFinished(() => relay.close())
  // Copied at once: buffers are reused after acceptance.
  const composed: string[] = []
  let allReady = true
  const press: DigestPress = {
    async open(editionId) {
      const edition = await digestPress(services).open(editionId)
      return {
        ...edition,
        digest(handed, at) {
          const message = edition.digest(handed, at)
          composed.push(message.toString('latin1'))
          allReady &&= isWireReady(message)
          return message
        },
      }
    },
  }
  await addReaders(db, 12)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  await deliverBatch({ ...deliveryContextWith(services, relay), press }, batchIds[0]!, new AbortController().signal)
  expect(allReady).toBe(true)
  expect(sink.taken.map(({ raw }) => raw).sort()).toEqual(composed.sort())
})

describe('a segment of an edition', () => {
  test.each(['.', '..', '.\n.', `${'x'.repeat(73)}.${'.'.repeat(200)}`, 'a\n.b\n', '. ', `${'word '.repeat(20)}\n...`])(
    'encoded from %j has no line that begins with a dot, nor one that is too long',
    (text) => {
      const encoded = closed(text)
      expect(isWireText(encoded)).toBe(true)
      expect(Math.max(...encoded.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(76)
    },
  )

  test.each(['.x', 'a\r\n.b', 'a\nb', 'a\rb', 'a\r', '\n.'])('%j needs dot stuffing', (text) => {
    expect(isWireText(text)).toBe(false)
  })
})

import { describe, expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { type EditionRenderer, openEditionRenderer } from '../../src/delivery/send/edition-renderer.ts'
import { decodeLines, encodeLines } from '../../src/mail/quoted-printable.ts'
import { isSmtpReady } from '../../src/relay/dot-stuffing.ts'
import { test } from '../support/database.ts'
import { NEVER, sinkThat, workerOn } from '../support/sending.ts'
import { addReaders, releasedEdition, servicesOn } from '../support/services.ts'

test('the relay receives the composed bytes, though sending does not scan them', async ({ db }) => {
  const sink = await sinkThat()
  const services = servicesOn(db, { SMTP_URL: sink.url, SMTP_CONNECTIONS: '2' })
  // Copied at once: the renderer recycles a message's buffer once it is accepted.
  const composed: string[] = []
  let allReady = true
  const renderer: EditionRenderer = {
    async open(editionId) {
      const edition = await openEditionRenderer(services).open(editionId)
      return {
        ...edition,
        render(marked, at) {
          const message = edition.render(marked, at)
          composed.push(message.bytes.toString('latin1'))
          allReady &&= message.smtpReady === true
          return message
        },
      }
    },
  }
  await addReaders(db, 12)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  await deliverBatch({ ...workerOn(services, sink.url), renderer }, batchIds[0]!, NEVER)
  expect(allReady).toBe(true)
  expect(sink.taken.map(({ raw }) => raw).sort()).toEqual(composed.sort())
})

describe('a segment', () => {
  test.each(['From AK, the editor.', 'a\nFrom b', 'from x', 'Fromage', `${'word '.repeat(14)}From here`])(
    'encoded from %j has no line that begins with "From ": mailboxes would add a > and break the signature (RFC 6376 § 5.3)',
    (text) => {
      const encoded = encodeLines(text)
      expect(encoded).not.toMatch(/^From /m)
      expect(decodeLines(Buffer.from(encoded))).toBe(text)
      expect(Math.max(...encoded.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(76)
    },
  )

  test.each(['.', '..', '.\n.', `${'x'.repeat(73)}.${'.'.repeat(200)}`, 'a\n.b\n', '. ', `${'word '.repeat(20)}\n...`])(
    'encoded from %j has no line that begins with a dot, and none that is too long',
    (text) => {
      const encoded = encodeLines(text)
      expect(isSmtpReady(encoded)).toBe(true)
      expect(Math.max(...encoded.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(76)
    },
  )

  test.each(['.x', 'a\r\n.b', 'a\nb', 'a\rb', 'a\r', '\n.'])('%j needs dot-stuffing or other line breaks', (text) => {
    expect(isSmtpReady(text)).toBe(false)
  })
})

import { describe, expect, test } from 'vitest'
import { prependHeaders } from '../../src/mail/message.ts'
import { MessageBuffer } from '../../src/mail/message-buffer.ts'

const DIGEST = Buffer.from(`From: papers@paperboy.example\r\n\r\n${'a line of it\r\n'.repeat(20)}`)

const bufferWith = (bytes: Buffer) => {
  const buffer = new MessageBuffer()
  buffer.append(bytes)
  return buffer
}

describe('prepended headers', () => {
  test('come before the message and do not change it', () => {
    const message = bufferWith(DIGEST).toMessage()
    const signed = prependHeaders('DKIM-Signature: one\r\n', message)
    expect(signed.bytes.toString()).toBe(`DKIM-Signature: one\r\n${DIGEST}`)
    expect(message.bytes).toEqual(DIGEST)
    expect(prependHeaders('X: y\r\n', signed).bytes.toString()).toBe(`X: y\r\nDKIM-Signature: one\r\n${DIGEST}`)
  })

  test('copy no message that has headroom', () => {
    const message = bufferWith(DIGEST).toMessage()
    expect(prependHeaders('a', message).bytes.buffer).toBe(message.bytes.buffer)
  })

  test('may be longer than the headroom', () => {
    const long = 'X-Long: yes\r\n'.repeat(1000)
    expect(prependHeaders(long, bufferWith(DIGEST).toMessage()).bytes.toString()).toBe(`${long}${DIGEST}`)
  })

  test('never overwrite the bytes before a message without headroom', () => {
    const other = Buffer.concat([Buffer.from('another message'), DIGEST])
    const begin = other.length - DIGEST.length
    expect(prependHeaders('a', { bytes: other.subarray(begin) }).bytes.toString()).toBe(`a${DIGEST}`)
    expect(other.subarray(0, begin).toString()).toBe('another message')
  })

  test('are gone once the buffer is reset, however much it grew', () => {
    const buffer = new MessageBuffer()
    buffer.appendLatin1('x'.repeat(200_000))
    prependHeaders('DKIM-Signature: one\r\n', buffer.toMessage())
    buffer.reset()
    buffer.append(DIGEST)
    expect(buffer.written()).toEqual(DIGEST)
    expect(prependHeaders('b', buffer.toMessage()).bytes.toString()).toBe(`b${DIGEST}`)
  })
})

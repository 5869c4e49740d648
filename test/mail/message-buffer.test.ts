import { describe, expect, test } from 'vitest'
import { clear, newGalley, put, putText, setIn, withBefore } from '../../src/mail/message-buffer.ts'

const DIGEST = Buffer.from(`From: papers@paperboy.example\r\n\r\n${'a line of it\r\n'.repeat(20)}`)

describe('lines before a message', () => {
  test('stand before it, and leave it as it was', () => {
    const galley = newGalley()
    put(galley, DIGEST)
    const message = setIn(galley)
    expect(withBefore('DKIM-Signature: one\r\n', message).toString()).toBe(`DKIM-Signature: one\r\n${DIGEST}`)
    expect(message).toEqual(DIGEST)
  })

  test('cost no copy of one that was set in a galley', () => {
    const galley = newGalley()
    put(galley, DIGEST)
    expect(withBefore('a', setIn(galley)).buffer).toBe(galley.bytes.buffer)
  })

  test('may be longer than the room that is left for them', () => {
    const galley = newGalley()
    put(galley, DIGEST)
    const long = 'X-Long: yes\r\n'.repeat(1000)
    expect(withBefore(long, setIn(galley)).toString()).toBe(`${long}${DIGEST}`)
  })

  test('never run into what stands before a message that came from elsewhere', () => {
    const other = Buffer.concat([Buffer.from('somebody’s mail'), DIGEST])
    const begin = other.length - DIGEST.length
    expect(withBefore('a', other.subarray(begin)).toString()).toBe(`a${DIGEST}`)
    const galley = newGalley()
    put(galley, other)
    expect(withBefore('a', setIn(galley).subarray(begin)).toString()).toBe(`a${DIGEST}`)
    expect(setIn(galley)).toEqual(other)
  })

  test('are gone when the galley is used again, however much it had grown', () => {
    const galley = newGalley()
    putText(galley, 'x'.repeat(200_000))
    withBefore('DKIM-Signature: one\r\n', setIn(galley))
    clear(galley)
    put(galley, DIGEST)
    expect(setIn(galley)).toEqual(DIGEST)
    expect(withBefore('b', setIn(galley)).toString()).toBe(`b${DIGEST}`)
  })
})

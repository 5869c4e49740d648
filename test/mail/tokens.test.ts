import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mintToken, type TokenKeys, type TokenPurpose, verifyToken } from '../../src/mail/tokens.ts'

const KEY = 'the key that signs, of thirty-two bytes or more'
const keys: TokenKeys = { current: KEY, previous: [] }
const PURPOSES: TokenPurpose[] = ['confirm', 'unsubscribe', 'preferences']
const AT = new Date('2026-04-15T12:00:00Z')
const NONCE = Buffer.from('0123456789abcdef', 'hex')

const unknown = expect.objectContaining({ code: 'TOKEN_UNKNOWN' })
function refuses(token: string, purpose: TokenPurpose = 'unsubscribe', under = keys): void {
  expect(() => verifyToken(under, purpose, token), token).toThrow(unknown)
}

const purpose = fc.constantFrom(...PURPOSES)
const subscriberId = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 }), fc.constantFrom(1, 2 ** 32, 2 ** 48 - 1))
const instant = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((seconds) => new Date(seconds * 1000))
const extra = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
)

test('a token returns its input, and fits a placeholder of a composed email: at most 70 base64url characters', () => {
  fc.assert(
    fc.property(purpose, subscriberId, instant, extra, (forPurpose, id, issuedAt, more) => {
      const token = mintToken(keys, forPurpose, id, issuedAt, more)
      expect(token).toMatch(/^[A-Za-z0-9_-]{1,70}$/)
      expect(verifyToken(keys, forPurpose, token)).toEqual({ subscriberId: id, issuedAt, extra: more })
    }),
  )
})

test('is valid for its own purpose only', () => {
  for (const made of PURPOSES) {
    for (const tried of PURPOSES) {
      for (const token of [mintToken(keys, made, 7, AT), mintToken(keys, made, 7, AT, NONCE)]) {
        if (made === tried) expect(verifyToken(keys, tried, token).subscriberId).toBe(7)
        else refuses(token, tried)
      }
    }
  }
})

describe('is refused when tampered with', () => {
  const token = mintToken(keys, 'confirm', 7, AT, NONCE)
  const bytes = Buffer.from(token, 'base64url')

  test('in any bit of any byte', () => {
    for (let index = 0; index < bytes.length; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(bytes)
        changed[index]! ^= 1 << bit
        refuses(changed.toString('base64url'), 'confirm')
      }
    }
  })

  test('in any character, even another spelling of the same bytes', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. '
    for (let index = 0; index < token.length; index++) {
      for (const letter of alphabet) {
        if (letter !== token[index]) refuses(token.slice(0, index) + letter + token.slice(index + 1), 'confirm')
      }
    }
  })

  test('cut off anywhere, or with something added', () => {
    for (let length = 0; length < token.length; length++) refuses(token.slice(0, length), 'confirm')
    for (const more of ['A', 'AAAA', '=', '==', '\n', ' ', '.', '%3D', '?x', '\0']) {
      refuses(token + more, 'confirm')
      refuses(more + token, 'confirm')
    }
  })

  test('spelt as base64 instead of base64url', () => {
    fc.assert(
      fc.property(subscriberId, extra, (id, more) => {
        const made = mintToken(keys, 'unsubscribe', id, AT, more)
        const respelt = Buffer.from(made, 'base64url').toString('base64')
        if (respelt !== made) refuses(respelt)
      }),
    )
  })

  test('with its nonce moved into or out of it', () => {
    const plain = Buffer.from(mintToken(keys, 'confirm', 7, AT), 'base64url')
    refuses(Buffer.concat([plain.subarray(0, 10), NONCE, plain.subarray(10)]).toString('base64url'), 'confirm')
    refuses(Buffer.concat([bytes.subarray(0, 10), bytes.subarray(18)]).toString('base64url'), 'confirm')
  })
})

test('refuses any other text in a link, with the same error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary' })), purpose, (token, tried) =>
      refuses(token, tried),
    ),
  )
  const random = fc.uint8Array({ minLength: 0, maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64url'))
  fc.assert(fc.property(random, purpose, (token, tried) => refuses(token, tried)))
})

describe('keys', () => {
  const old = 'an older key, of thirty-two bytes or more too'
  const oldest = 'the oldest key, of thirty-two bytes or more too'

  test('earlier ones verify only while they are listed', () => {
    const token = mintToken({ current: old, previous: [] }, 'unsubscribe', 7, AT)
    expect(verifyToken({ current: KEY, previous: [oldest, old] }, 'unsubscribe', token).subscriberId).toBe(7)
    refuses(token, 'unsubscribe', { current: KEY, previous: [oldest] })
    refuses(token, 'unsubscribe')
  })

  test('earlier ones do not sign', () => {
    const token = mintToken({ current: KEY, previous: [old] }, 'unsubscribe', 7, AT)
    refuses(token, 'unsubscribe', { current: old, previous: [] })
    expect(verifyToken(keys, 'unsubscribe', token).subscriberId).toBe(7)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Returned, readReturnPath, returnPath } from '../../src/mail/return-path.ts'
import { readEnvironment } from '../../src/runtime/config/config.ts'

const KEY = 'the key that signs, of thirty-two bytes or more'
const keys = { current: KEY, previous: [] }
const addressFor = (returned: Returned, BOUNCE_ADDRESS = 'bounce+*@paperboy.example', current = KEY) =>
  returnPath(
    {
      config: { BOUNCE_ADDRESS, MAIL_FROM: { name: 'Paperboy', address: 'papers@paperboy.example' } },
      keys: { current },
    },
    returned,
  )

const id = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 }), fc.constantFrom(1, 2 ** 32, 2 ** 40 - 1))
const returned = fc.record({
  subscriberId: id,
  mail: fc.constantFrom('digest' as const, 'service' as const),
  reference: id,
})
const one: Returned = { subscriberId: 7, mail: 'digest', reference: 3 }

test('identifies reader and email, whatever happened to its case on the way', () => {
  fc.assert(
    fc.property(returned, fc.array(fc.boolean(), { minLength: 100, maxLength: 100 }), (made, upper) => {
      const address = addressFor(made)
      expect(address).toMatch(/^bounce\+[a-z2-7]+@paperboy\.example$/)
      expect(readReturnPath(keys, address)).toEqual(made)
      const folded = [...address].map((letter, place) => (upper[place] ? letter.toUpperCase() : letter)).join('')
      expect(readReturnPath(keys, folded)).toEqual(made)
    }),
  )
})

test('has a local part of at most 64 characters under every valid BOUNCE_ADDRESS', () => {
  for (const pattern of [
    'bounce+*@paperboy.example',
    '*@b.example',
    'paper.boy-bounces+*-@b.example',
    `${'x'.repeat(19)}+*@b.example`,
  ]) {
    expect(readEnvironment({ BOUNCE_ADDRESS: pattern }).BOUNCE_ADDRESS).toBe(pattern)
    const address = addressFor({ subscriberId: 2 ** 40 - 1, mail: 'service', reference: 2 ** 40 - 1 }, pattern)
    expect(address.lastIndexOf('@')).toBeLessThanOrEqual(64)
    expect(readReturnPath(keys, address)).toBeDefined()
  }
})

test.each([
  'bounce@b.example',
  'b+*@x*.example',
  'bounce*@b.example',
  'b+*x@b.example',
  `${'x'.repeat(20)}+*@b.example`,
  'b +*@b.example',
  'b+*@b\r\n.example',
  '*',
])('refuses BOUNCE_ADDRESS %j with the reason', (pattern) =>
  expect(() => readEnvironment({ BOUNCE_ADDRESS: pattern })).toThrow(/BOUNCE_ADDRESS must/),
)

test('is readable after BOUNCE_ADDRESS changed, and after changes by mail servers', () => {
  const address = addressFor(one, 'old-name-*@old.example')
  expect(readReturnPath(keys, address)).toEqual(one)
  expect(readReturnPath(keys, `<"${address.replace('@', '"@')}>`)).toEqual(one)
})

test('an earlier key verifies while it is listed, and no longer', () => {
  const address = addressFor(one, undefined, 'an older key, of thirty-two bytes or more too')
  expect(readReturnPath(keys, address)).toBeUndefined()
  expect(readReturnPath({ ...keys, previous: ['an older key, of thirty-two bytes or more too'] }, address)).toEqual(one)
})

describe('cannot be forged', () => {
  test('by changing, dropping or adding a character', () => {
    const address = addressFor(one)
    const start = 'bounce+'.length
    for (let place = start; place < address.indexOf('@'); place++) {
      for (const letter of 'abcdefghijklmnopqrstuvwxyz234567') {
        if (letter === address[place]) continue
        expect(readReturnPath(keys, address.slice(0, place) + letter + address.slice(place + 1))).toBeUndefined()
        expect(readReturnPath(keys, address.slice(0, place) + letter + address.slice(place))).toBeUndefined()
      }
      expect(readReturnPath(keys, address.slice(0, place) + address.slice(place + 1))).toBeUndefined()
    }
  })

  test('in the domain or without one; other input is no error', () => {
    const code = addressFor(one).slice('bounce+'.length).split('@')[0]
    expect(readReturnPath(keys, `bounce@${code}.example`)).toBeUndefined()
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' })),
        (text) => readReturnPath(keys, text) === undefined,
      ),
    )
  })
})

test('without BOUNCE_ADDRESS it is the sender’s own address', () => {
  expect(
    returnPath(
      {
        config: { BOUNCE_ADDRESS: undefined, MAIL_FROM: { name: 'Paperboy', address: 'papers@paperboy.example' } },
        keys,
      },
      one,
    ),
  ).toBe('papers@paperboy.example')
})

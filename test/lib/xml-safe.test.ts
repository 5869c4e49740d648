import fc from 'fast-check'
import { expect, test } from 'vitest'
import { xmlSafe } from '../../src/lib/xml-safe.ts'

/** Char of XML 1.0, § 2.2, implemented independently. */
const isChar = (code: number) =>
  code === 9 ||
  code === 10 ||
  code === 13 ||
  (code >= 0x20 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  code >= 0x10000

test('xmlSafe keeps all characters that XML allows, and no other', () => {
  const text = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 0x10ffff }), fc.constantFrom(0, 8, 0xfffe, 0xffff, 0xd83d, 0x1fffe)),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(text, (codes) => {
      const given = codes.map((code) => String.fromCodePoint(code)).join('')
      const kept = [...given].filter((character) => isChar(character.codePointAt(0)!)).join('')
      expect(xmlSafe(given)).toBe(kept)
    }),
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AddressError, addressHash, parseAddress } from '../../src/mail/address.ts'
import { messagesIn } from '../../src/messages/catalogue.ts'
import { ADDRESS_TABLE } from './address-table.ts'

/** Letters that NFC replaces with another letter. */
const KELVIN_AND_KIN = /[\u212A\u212B\u2126]/g

/** the address to send to, or the name of the problem */
const outcomeOf = (typed: string, utf8: boolean): string => {
  try {
    return parseAddress(typed, { utf8 }).email
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    expect(error).toMatchObject({ code: 'BAD_ADDRESS', message: messagesIn('en').address[error.problem] })
    return error.problem
  }
}
const isTaken = (typed: string, utf8 = true) => outcomeOf(typed, utf8).includes('@')

describe('the table', () => {
  const cases = Object.entries(ADDRESS_TABLE).flatMap(([group, rows]) => rows.map((row) => [group, ...row] as const))

  test('has at least 200 addresses, none twice', () => {
    expect(cases.length).toBeGreaterThanOrEqual(200)
    expect(new Set(cases.map(([, typed]) => typed)).size).toBe(cases.length)
  })

  for (const [group, typed, expected, utf8] of cases) {
    test(`${group}: ${JSON.stringify(typed).slice(0, 60)}`, () => {
      expect(outcomeOf(typed, true)).toBe(expected)
      expect(outcomeOf(typed, false)).toBe(utf8 ? 'localPartUtf8' : expected)
    })
  }

  test('an accepted address parses to itself, and its key differs only in ASCII case and composition', () => {
    for (const [, typed, expected] of cases.filter(([, , outcome]) => outcome.includes('@'))) {
      const { email, key, domain } = parseAddress(typed, { utf8: true })
      expect(parseAddress(expected, { utf8: true })).toEqual({ email, key, domain })
      const folded = (text: string) => text.normalize('NFD').replace(/[A-Z]/g, (letter) => letter.toLowerCase())
      expect(folded(key)).toBe(folded(email))
      expect(key.match(KELVIN_AND_KIN)).toEqual(email.match(KELVIN_AND_KIN))
    }
  })
})

describe('lets no header or command through', () => {
  const breaks = [
    '\r\n',
    '\n',
    '\r',
    '\0',
    '\t',
    '\v',
    '\f',
    '\u0085',
    '\u2028',
    '\u2029',
    '\u00AD',
    '\u200B',
    ' ',
    '\u00A0',
    '\u3000',
    '\uFF20',
  ]
  const bits = ['DATA', 'Bcc: eve@example.net', 'RCPT TO:<eve@example.net>', '', 'x']
  for (const stop of breaks) {
    test(`${JSON.stringify(stop)} anywhere inside`, () => {
      for (const bit of bits) {
        const injected = [
          `reader@reader.net${stop}${bit}x`,
          `reader@read${stop}${bit}er.net`,
          `rea${stop}${bit}der@reader.net`,
          `reader${stop}${bit}@reader.net`,
          `reader@${stop}${bit}reader.net`,
          `x${stop}${bit}reader@reader.net`,
        ]
        for (const typed of injected) expect(isTaken(typed), JSON.stringify(typed)).toBe(false)
      }
    })
  }

  test('every accepted input is one ASCII address without white space or brackets', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('ada', 'example.org', ...breaks, '<', '>', ',', ';', '"'),
    )
    const typed = fc
      .tuple(fc.array(part, { maxLength: 4 }), fc.array(part, { maxLength: 4 }))
      .map(([a, b]) => `${a.join('')}@${b.join('')}`)
    fc.assert(
      fc.property(
        fc.oneof(
          typed,
          fc.emailAddress(),
          fc.webUrl().map((url) => `ada@${new URL(url).host}`),
        ),
        (text) => {
          if (!isTaken(text, false)) return
          const { email, key } = parseAddress(text)
          expect(email).toMatch(/^(?:[!-;=?-~]+|"[ !#-;=?A-Z[\]-~]+")@[a-z0-9.-]+$/)
          expect(email.length).toBeLessThanOrEqual(254)
          expect(key).toBe(email.toLowerCase())
          expect(parseAddress(email)).toMatchObject({ email, key })
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('one mailbox, one key', () => {
  test('capitals of ASCII letters do not matter', () => {
    expect(parseAddress('ADA.K@Example.ORG').key).toBe(parseAddress('ada.k@example.org').key)
  })

  test('tags, dots and look-alikes make another mailbox', () => {
    const keys = ['ada@example.org', 'ada+x@example.org', 'a.da@example.org', 'ada@example.com', 'ada@exämple.org'].map(
      (typed) => parseAddress(typed).key,
    )
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('K (Kelvin), ı, ſ, Å and full-width letters never fold into another mailbox', () => {
    const pairs = [
      ['\u212Aate', 'kate', 'Kate'],
      ['f\u0131nn', 'finn', 'FINN'],
      ['ro\u017Fe', 'rose', 'ROSE'],
      ['\uFF41da', 'ada', 'ADA'],
      ['stra\u00DFe', 'strasse', 'STRASSE'],
      ['\u212Bsa', '\u00C5sa', 'a\u030Asa'],
    ]
    for (const spellings of pairs) {
      const keys = spellings.map((local) => parseAddress(`${local}@example.org`, { utf8: true }).key)
      expect(keys.slice(1), spellings[0]).not.toContain(keys[0])
      expect(keys[0]).toBe(`${spellings[0]}@example.org`)
    }
  })

  test('a letter typed in two ways is one letter', () => {
    const pairs = [
      ['jos\u00E9', 'jose\u0301', 'JOSe\u0301'],
      ['\u1EA5n', 'a\u0302\u0301n', '\u00E2\u0301n'],
      ['q\u0323\u0307', 'q\u0307\u0323'],
      ['\uD55C\uAE00', '\u1112\u1161\u11AB\u1100\u1173\u11AF'],
      ['\u0915\u093C', '\u0958'],
      ['\u30AC', '\u30AB\u3099'],
      ['\u212Ae\u0301', '\u212A\u00E9'],
    ]
    for (const spellings of pairs) {
      const keys = spellings.map((local) => parseAddress(`${local}@example.org`, { utf8: true }).key)
      expect(new Set(keys).size, spellings.join()).toBe(1)
      for (const local of spellings)
        expect(parseAddress(`${local}@example.org`, { utf8: true }).email).toBe(`${local}@example.org`)
    }
  })

  test('a domain keeps its dotless ı', () => {
    expect(parseAddress('ada@f\u0131nn.example').email).not.toBe('ada@finn.example')
  })
})

test('the suppression hash is keyed, 32 bytes, and the same for one key alone', () => {
  const hash = addressHash('k'.repeat(32), 'ada@example.org')
  expect(hash).toHaveLength(32)
  expect(addressHash('k'.repeat(32), 'ada@example.org')).toEqual(hash)
  expect(addressHash('l'.repeat(32), 'ada@example.org')).not.toEqual(hash)
  expect(addressHash('k'.repeat(32), 'bob@example.org')).not.toEqual(hash)
  expect(hash.includes('ada')).toBe(false)
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressHash, parseAddress } from '../../src/subscription/address.ts'

const refused = (typed: string) => {
  let message = 'taken'
  try {
    parseAddress(typed)
  } catch (error) {
    expect(error).toMatchObject({ code: 'BAD_ADDRESS' })
    message = (error as Error).message
  }
  return message
}

describe('takes', () => {
  const taken: [typed: string, email: string, why: string][] = [
    ['ada@example.org', 'ada@example.org', 'a plain address'],
    ['  ada@example.org\n', 'ada@example.org', 'white space around it, as pasted'],
    ['Ada.Lovelace@Example.ORG', 'Ada.Lovelace@example.org', 'the local part as typed'],
    ['ada+papers@example.org', 'ada+papers@example.org', 'a tag, which is part of the mailbox'],
    ["o'hara!#$%&*/=?^_`{|}~-@example.org", "o'hara!#$%&*/=?^_`{|}~-@example.org", 'every character RFC 5321 allows'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example', 'a domain in any script, as its A-label'],
    ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example', 'in capitals too'],
    ['ada@bu\u0308cher.example', 'ada@xn--bcher-kva.example', 'with the accent as a letter of its own'],
    ['ada@例え.テスト', 'ada@xn--r8jz45g.xn--zckzah', 'Japanese'],
    ['ada@пример.рф', 'ada@xn--e1afmkfd.xn--p1ai', 'Cyrillic'],
    ['ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example', 'the A-label itself'],
    ['a@b.co', 'a@b.co', 'a short one'],
    [`${'a'.repeat(64)}@example.org`, `${'a'.repeat(64)}@example.org`, 'the longest local part'],
    [`a@${'b'.repeat(63)}.example`, `a@${'b'.repeat(63)}.example`, 'the longest label'],
    ['ada@mail.cs.univ-1.ac.uk', 'ada@mail.cs.univ-1.ac.uk', 'many labels, a digit, a hyphen'],
  ]
  for (const [typed, email, why] of taken) {
    test(`${why}: ${JSON.stringify(typed).slice(0, 60)}`, () => expect(parseAddress(typed).email).toBe(email))
  }
})

describe('refuses, in words', () => {
  const cases: [typed: string, words: RegExp, why: string][] = [
    ['', /@/, 'nothing'],
    ['ada', /@/, 'no @'],
    ['@example.org', /@/, 'nothing before it'],
    ['ada@', /domain/, 'nothing behind it'],
    ['ada@example', /domain/, 'a domain of one label'],
    ['ada@example.org.', /domain/, 'a dot at the end'],
    ['ada@.example.org', /domain/, 'a dot at the start'],
    ['ada@ex..org', /domain/, 'two dots'],
    ['ada@-example.org', /domain/, 'a hyphen at the start of a label'],
    ['ada@192.0.2.1', /domain/, 'a number instead of a name'],
    ['ada@[192.0.2.1]', /domain/, 'an address literal'],
    ['ada@localhost', /domain/, 'this machine'],
    ['ada@exam ple.org', /domain/, 'a space in the domain'],
    ['ada@example.org, bob@example.org', /before the @/, 'two addresses'],
    ['Ada <ada@example.org>', /before the @|domain/, 'a name with it'],
    ['"ada lovelace"@example.org', /before the @/, 'a quoted local part'],
    ['"ada@x"@example.org', /before the @/, 'an @ in quotes'],
    ['.ada@example.org', /before the @/, 'a dot first'],
    ['ada.@example.org', /before the @/, 'a dot last'],
    ['a..b@example.org', /before the @/, 'two dots'],
    ['ada(x)@example.org', /before the @/, 'a comment'],
    ['адa@example.org', /before the @/, 'letters that a relay may not carry'],
    [`${'a'.repeat(65)}@example.org`, /longer/, 'too long a local part'],
    [`a@${'b'.repeat(64)}.example`, /domain/, 'too long a label'],
    [`a@${'bcdefghi.'.repeat(28)}example`, /longer/, 'too long in all'],
    [
      `a@${'ü'.repeat(62)}.${'ü'.repeat(62)}.${'ü'.repeat(62)}.${'ü'.repeat(62)}.de`,
      /longer|domain/,
      'too long once mapped',
    ],
  ]
  for (const [typed, words, why] of cases) {
    test(`${why}: ${JSON.stringify(typed).slice(0, 60)}`, () => expect(refused(typed)).toMatch(words))
  }
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
        for (const typed of injected) expect(refused(typed), JSON.stringify(typed)).not.toBe('taken')
      }
    })
  }

  test('whatever is typed, what is taken is one ASCII address without white space or brackets', () => {
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
          if (refused(text) !== 'taken') return
          const { email, key } = parseAddress(text)
          expect(email).toMatch(/^[!-;=?-~]+@[a-z0-9.-]+$/)
          expect(email.length).toBeLessThanOrEqual(254)
          expect(key).toBe(email.toLowerCase())
          expect(parseAddress(email)).toEqual({ email, key })
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

  test('K (Kelvin), ı, ſ and full-width letters never fold into somebody else’s mailbox', () => {
    for (const local of ['\u212Aate', 'f\u0131nn', 'ro\u017Fe', '\uFF41da', 'stra\u00DFe']) {
      expect(refused(`${local}@example.org`), local).toMatch(/before the @/)
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

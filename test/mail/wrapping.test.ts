import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { displayWidth, fitColumns, wrap } from '../../src/mail/wrapping.ts'

const LONG =
  '每期简报都会为您带来科研社区投票选出的论文，并说明每篇入选的理由（包括“AI 摘要”与票数）。您可以随时通过邮件中的链接更改主题、时间或篇数，也可以用 Transformer 等关键词订阅。'

describe('wrapping', () => {
  test('breaks at spaces, at most 72 columns, with the indent on every line', () => {
    const text = 'A reader sees short lines because many mail programs show plain text in a narrow window only.'
    expect(wrap(text, '    ')).toBe(
      '    A reader sees short lines because many mail programs show plain text\n    in a narrow window only.',
    )
  })

  test('an isolate over two lines is one on each of them', () => {
    const words = 'מילה '.repeat(20).trim()
    const [first, second] = wrap(`by \u2068${words}\u2069 · 12 votes`).split('\n')
    expect(first).toMatch(/^by \u2068[^\u2068\u2069]+\u2069$/)
    expect(second).toMatch(/^\u2068[^\u2068\u2069]+\u2069 · 12 votes$/)
  })

  test('a longer word stays whole', () => {
    const url = `https://example.org/${'a'.repeat(80)}`
    expect(wrap(`See ${url} there`)).toBe(`See\n${url}\nthere`)
  })

  test('breaks Chinese between any two characters, two columns each', () => {
    const lines = wrap(LONG).split('\n')
    expect(lines.length).toBeGreaterThan(1)
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(72)
    for (const line of lines.slice(0, -1)) expect(displayWidth(line)).toBeGreaterThan(60)
  })

  test('no line begins with closing punctuation or ends with opening punctuation', () => {
    for (let from = 0; from < 40; from++) {
      for (const line of wrap('字'.repeat(from) + LONG).split('\n')) {
        expect(line).not.toMatch(/^[，。、；：？！）”》]/)
        expect(line).not.toMatch(/[（“《]$/)
      }
    }
  })

  test('Latin words within Chinese stay whole', () => {
    for (let from = 0; from < 40; from++) {
      expect(wrap(`${'字'.repeat(from)}用Transformer训练`)).toContain('Transformer')
    }
  })

  test('a no-break space holds its words together', () => {
    for (let length = 50; length < 80; length++) {
      expect(wrap(`${'x'.repeat(length)} vous\u202f! Oui\u00a0: non`)).toContain('vous !')
      expect(wrap(`${'字'.repeat(length)}第\u00a03\u00a0名`)).toContain('第 3 名')
    }
  })

  test('nothing but white space is lost or added', () => {
    const character = fc.constantFrom(...'aé “”（）。，字かな한\u00a0\u202f😀(x)…1 ')
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 200 }), (text) => {
        expect(wrap(text).replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
      }),
    )
  })
})

test('widths: Latin one, Chinese and emoji two, combining marks none', () => {
  expect(displayWidth('abc é')).toBe(5)
  expect(displayWidth('论文')).toBe(4)
  expect(displayWidth('，')).toBe(2)
  expect(displayWidth('字e\u0301')).toBe(3)
})

test('texts fit their columns', () => {
  expect(fitColumns('Agents', 10)).toBe('Agents    ')
  expect(fitColumns('视觉推理', 10)).toBe('视觉推理  ')
  expect(fitColumns('Apprentissage par renforcement', 12)).toBe('Apprentissa…')
  expect(displayWidth(fitColumns('视觉与空间推理与更多', 9))).toBe(9)
})

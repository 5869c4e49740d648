import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { richText } from '../../../src/http/kit/rich-text.ts'
import { expectLinearTime } from '../../support/linear-time.ts'

describe('a formula', () => {
  test.for([
    ['DR$^3$-Eval', 'DR<math><msup><mrow></mrow><mn>3</mn></msup></math>-Eval'],
    ['in $x_i$ steps', 'in <math><msub><mi>x</mi><mi>i</mi></msub></math> steps'],
    [String.raw`\(a\) and b`, '<math><mi>a</mi></math> and b'],
  ])('%s becomes MathML', ([source, html]) => {
    expect(richText(source!)).toBe(html)
  })

  test.for([
    ['costs $500 and $600 a day', 'costs $500 and $600 a day'],
    [String.raw`$10\times$ faster`, '10× faster'],
    [String.raw`60\% of $\nosuchcommand{x}$`, '60% of x'],
    [String.raw`\textbf{about $x$ here}`, 'about'],
  ])('%s stays text', ([source, part]) => {
    expect(richText(source!)).toContain(part)
    expect(richText(source!)).not.toContain('<math')
  })

  test('brings no style, no link and no script', () => {
    const html = richText(
      String.raw`$\color{red}x$ $\href{javascript:alert(1)}{y}$ $\style{a:b}{z}$ $\begin{pmatrix}1&2\end{pmatrix}$ $\class{x}{y}$`,
    )
    expect(html).toContain('<math>')
    expect(html).not.toMatch(/style=|href=|<script/)
  })

  test('that expands without end is left as text', () => {
    expect(richText(String.raw`$\def\x{\x\x}\x$`)).not.toContain('<math')
  })
})

test.each([
  [')', 'see https://a.example/', 'x'],
  [',', '$1', 'x$'],
  ['1', '$', 'x$'],
  ['\\(', '', ''],
  ['\\[', '', ''],
  ['$a ', '', ''],
  ['\\$', '$a', ''],
  ['<i>', '', ''],
])('an abstract takes linear time: "%s" repeated', (piece, before, after) => {
  expectLinearTime((text) => richText(text, { links: true }), piece, before, after)
})

describe('an address in an abstract', () => {
  test.for([
    ['Code: https://a.example/x.', 'Code: <a href="https://a.example/x" rel="nofollow">https://a.example/x</a>.'],
    [
      'at github.com/ada/engine (new)',
      'at <a href="https://github.com/ada/engine" rel="nofollow">github.com/ada/engine</a> (new)',
    ],
    [
      '(see https://a.example/x_(y))',
      '(see <a href="https://a.example/x_(y)" rel="nofollow">https://a.example/x_(y)</a>)',
    ],
    [
      'https://a.example/?a=1&b=2',
      '<a href="https://a.example/?a=1&amp;b=2" rel="nofollow">https://a.example/?a=1&amp;b=2</a>',
    ],
  ])('%s is a link', ([source, html]) => {
    expect(richText(source!, { links: true })).toBe(html)
  })

  test('that is no web address is none', () => {
    expect(richText('javascript://x and https:// and github.com', { links: true })).not.toContain('<a')
  })
})

test('whatever a source writes, the only elements are ours', () => {
  const parts = fc.array(
    fc.oneof(
      fc.string(),
      fc.constantFrom('$', '$$', '\\(', '\\)', '{', '}', '<b>', '"', 'https://a.b/', '\\text', '^', '_'),
    ),
  )
  fc.assert(
    fc.property(parts, (pieces) => {
      const html = richText(pieces.join(''), { links: true })
      const tags = [...html.matchAll(/<\/?([\w-]*)/g)].map(([, name]) => name!)
      expect(tags.every((name) => /^(a|math|m[a-z]+|semantics|none)$/.test(name))).toBe(true)
      expect(html).not.toMatch(/style="|on\w+="/)
    }),
    { numRuns: 300 },
  )
})

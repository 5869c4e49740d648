import fc from 'fast-check'
import { expect, test } from 'vitest'
import { richText } from '../../src/http/kit/rich-text.ts'
import { textOfHtml } from '../../src/papers/markup.ts'
import { readable } from '../../src/papers/readable.ts'

test.for([
  ['Ca<sup>2+</sup> in <i>E. coli</i>', 'Ca²⁺ in E. coli', 'Ca<sup>2+</sup> in <i>E. coli</i>'],
  ['CO<sub>2</sub> & H<sub>2</sub>O', 'CO₂ & H₂O', 'CO<sub>2</sub> &amp; H<sub>2</sub>O'],
  ['a < b and c > d', 'a < b and c > d', 'a &lt; b and c &gt; d'],
  ['<i>open', '<i>open', '&lt;i&gt;open'],
  ['<i>x<sup>2</i></sup>', 'x2', 'x2'],
  ['$x^2$ of <i>Mus</i>', 'x² of Mus', /<math[\s\S]*<\/math> of <i>Mus<\/i>/],
  ['<script>1</script><i>a</i>', '<script>1</script>a', '&lt;script&gt;1&lt;/script&gt;<i>a</i>'],
  ['<i onclick="x()">a</i> <sup>b</sup>', '<i onclick="x()">aᵇ', undefined],
] as const)('%s', ([source, plain, html]) => {
  if (html !== undefined) {
    expect(readable(source)).toBe(plain)
    expect(richText(source)).toEqual(typeof html === 'string' ? html : expect.stringMatching(html))
  } else expect(richText(source)).not.toContain('<i onclick')
})

test('HTML and JATS keep italics, superscripts and subscripts, and lose everything else', () => {
  expect(textOfHtml('<p>A <em>b</em><br/>c</p><p>d</p>')).toBe('A <i>b</i> c d')
  expect(textOfHtml('<jats:p>10<jats:sup>3</jats:sup> <jats:italic toggle="yes">in vivo</jats:italic></jats:p>')).toBe(
    '10<sup>3</sup> <i>in vivo</i>',
  )
  expect(textOfHtml('p &lt; 0.05 &amp; q&#8201;&gt;&#x2009;1 &copy; &nbsp;x')).toBe('p < 0.05 & q > 1 © x')
  expect(
    textOfHtml('caf&eacute; &ndash; &beta;-catenin, 5&thinsp;&micro;m, AT&T &amp;lt; &unknown; &#0;&#xd800;'),
  ).toBe('café – β-catenin, 5 µm, AT&T &lt; &unknown; ��')
  expect(textOfHtml('<constructor>a</constructor>')).toBe('a')
  expect(textOfHtml('a<style>p{}</style><!-- no -->b')).toBe('a b')
})

test('no text makes a page of it contain another element', () => {
  const piece = fc.constantFrom(
    '<i>',
    '</i>',
    '<sup>',
    '</sub>',
    '<sub>',
    '<b>',
    '<script>',
    '"',
    '&lt;',
    'x',
    ' ',
    '<',
    '>',
    '$',
    '<i x>',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const left = richText(pieces.join(''))
        .replace(/<math[\s\S]*?<\/math>/g, '')
        .replace(/<\/?(?:i|sup|sub)>/g, '')
      expect(left).not.toMatch(/[<>]/)
    }),
  )
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseArxivFeed } from '../../../src/papers/ingest/formats/arxiv-feeds.ts'
import { parseFeed } from '../../../src/papers/ingest/formats/feed.ts'
import { expectLinearTime } from '../../support/linear-time.ts'

const read = (name: string) =>
  parseFeed(readFileSync(join(import.meta.dirname, '../../fixtures/feeds', name), 'utf8'), '2026-04-15')!

describe('a feed', () => {
  test('of bioRxiv: RSS 1.0 with Dublin Core and PRISM', () => {
    const { papers, bad } = read('biorxiv.xml')
    expect(bad).toEqual([])
    expect(papers[0]).toMatchObject({
      source: 'doi',
      sourceId: '10.64898/2026.04.12.712345',
      title: 'Ca<sup>2+</sup> waves in <i>Drosophila</i> sleep & the cost of waking',
      abstract:
        'Sleep is costly. We image Ca<sup>2+</sup> in the fan-shaped body of <i>Drosophila melanogaster</i> (n = 42, p < 0.01) and find slow waves at 0.5 s<sup>-1</sup>. Conclusions: a K<sub>v</sub> channel sets the pace.',
      authors: ['R. Lindqvist', 'C. N. Okafor', 'J. van der Berg'],
      listDay: '2026-04-14',
      url: 'https://doi.org/10.64898/2026.04.12.712345',
      pdfUrl: 'https://www.biorxiv.org/content/10.64898/2026.04.12.712345v1.full.pdf',
      revision: false,
    })
    expect(papers[2]).toMatchObject({ sourceId: '10.1101/2025.11.02.600001', version: 2, revision: true })
  })

  test('of medRxiv has its own links', () => {
    expect(read('medrxiv.xml').papers[1]).toMatchObject({
      sourceId: '10.64898/2026.04.13.26300012',
      pdfUrl: 'https://www.medrxiv.org/content/10.64898/2026.04.13.26300012v1.full.pdf',
    })
  })

  test('of a PubMed search: RSS 2.0, of whose content only the abstract is kept', () => {
    expect(read('pubmed.xml').papers).toMatchObject([
      {
        source: 'doi',
        sourceId: '10.1038/s41591-026-01234-5',
        title: 'Base editing of <i>PCSK9</i> in primates lasts four years',
        abstract:
          'One dose of an adenine base editor lowers LDL by 61 % (<i>P</i> < 0.001) at 10<sup>13</sup> vg kg<sup>-1</sup>. Editing of <i>PCSK9</i> is stable.',
        authors: ['Grace Mbeki', 'Hans-Peter Müller'],
        url: 'https://doi.org/10.1038/s41591-026-01234-5',
        listDay: '2026-04-14',
      },
    ])
  })

  test('with the named entities of HTML, in names too', () => {
    const item =
      '<item><title><![CDATA[Caf&eacute; &ndash; &beta;-cells]]></title><dc:creator><![CDATA[Ana Garc&iacute;a]]></dc:creator></item>'
    expect(parseFeed(`<rss><channel>${item}</channel></rss>`, '2026-04-15')!.papers).toMatchObject([
      { title: 'Café – β-cells', authors: ['Ana García'] },
    ])
  })

  test('of OpenReview: Atom, where a paper of arXiv keeps its id', () => {
    expect(read('openreview.atom').papers).toMatchObject([
      {
        source: 'title',
        url: 'https://openreview.net/forum?id=aB3dEfGh1J',
        authors: ['Priya Raman', 'Tom Ødegård'],
        keywords: ['protein language models'],
        abstract: 'We ask what 650M parameters recall.',
      },
      { source: 'arxiv', sourceId: '2604.01234', version: 2, url: 'https://arxiv.org/abs/2604.01234' },
    ])
  })

  test('of JMLR: entries without a date get today’s, and one without a title is named', () => {
    const { papers, bad } = read('jmlr.xml')
    expect(papers).toMatchObject([
      {
        source: 'title',
        listDay: '2026-04-15',
        url: 'http://jmlr.org/papers/v27/25-0101.html',
        authors: ['Mei Chen', 'Luis Ortega'],
      },
    ])
    expect(bad).toEqual([{ position: 2, reason: 'has no title' }])
  })

  test.for(['', '{}', '<html></html>', 'plain'])('is not %j', (text) => {
    expect(parseFeed(text, '2026-04-15')).toBeUndefined()
  })
})

test.each([
  ['dc:creator', '*', '', 'x'],
  ['dc:creator', '*', '', ' x'],
  ['dc:creator', 'x et al ', '', 'y'],
  ['author', 'a@', '', ''],
  ['author', ' (', 'a@b', ''],
  ['title', '<!--', '', ''],
  ['title', '<script ', '', ''],
  ['title', '<script></script ', '', ''],
  ['description', '<p ', '<b>ABSTRACT</b></p>', ''],
  ['description', '<b> ', '', ''],
  ['guid', '10.1101/', '', ''],
  ['guid', 'arxiv.org/', '', ''],
])('takes linear time: <%s> with "%s" repeated', (element, piece, before, after) => {
  const entry = (text: string) =>
    `<rss><channel><item><title>T</title><${element}><![CDATA[${text}]]></${element}></item></channel></rss>`
  expectLinearTime((text) => parseFeed(entry(text), '2026-04-15'), piece, before, after)
})

test('what a browser hides is no text, also without an end', () => {
  const titleOf = (html: string) =>
    parseFeed(`<rss><channel><item><title><![CDATA[${html}]]></title></item></channel></rss>`, '2026-04-15')?.papers[0]
      ?.title
  expect(titleOf('A <script>1</script >title<!-- x -->, whole')).toBe('A title , whole')
  expect(titleOf('A title <!-- of a draft')).toBe('A title')
})

const rss = (item: string) =>
  `<?xml version="1.0"?>\n<rss version="2.0"><channel><title>J</title>${item}</channel></rss>\n`

describe('markup that is not escaped', () => {
  test('keeps the words in it, and the spaces around it', () => {
    const item =
      '<item><title>Effect of <i>E. coli</i> on Ca<sup>2+</sup> &amp; <em>more</em></title><description>In <i>vivo</i>, <b>p</b> &lt; 0.05.</description></item>'
    expect(parseFeed(rss(item), '2026-04-15')!.papers).toMatchObject([
      {
        title: 'Effect of <i>E. coli</i> on Ca<sup>2+</sup> & <i>more</i>',
        abstract: 'In <i>vivo</i>, p < 0.05.',
      },
    ])
  })

  test('is read from Atom’s XHTML', () => {
    const feed = `<feed xmlns="http://www.w3.org/2005/Atom"><entry>
      <title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Deep <i>learning</i> now</div></title>
      <summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One.</p><p>Two.</p></div></summary>
      <id>doi:10.1234/abc</id></entry></feed>`
    expect(parseFeed(feed, '2026-04-15')).toMatchObject({
      papers: [{ sourceId: '10.1234/abc', title: 'Deep <i>learning</i> now', abstract: 'One. Two.' }],
      bad: [],
    })
  })
})

test('half a feed is no feed: its last entry would be a paper with half a title', () => {
  const whole = rss(
    '<item><title>Whole</title><link>https://doi.org/10.1234/x</link></item><item><title>Another one</title><link>https://doi.org/10.1234/y</link></item>',
  )
  expect(parseFeed(whole, '2026-04-15')!.papers).toHaveLength(2)
  expect(parseFeed(`${whole}<!-- served from a cache -->`, '2026-04-15')!.papers).toHaveLength(2)
  for (let end = whole.indexOf('</rss>'); end > 0; end--)
    expect(parseFeed(whole.slice(0, end), '2026-04-15')).toBe(undefined)
  const atom =
    '<feed><entry><id>http://arxiv.org/abs/2507.06261v1</id><title>T</title><summary>Whole.</summary></entry></feed>'
  expect(parseArxivFeed(atom, '2026-04-15')!.papers).toHaveLength(1)
  expect(parseArxivFeed(atom.slice(0, atom.indexOf('.</summary>')), '2026-04-15')).toBe(undefined)
})

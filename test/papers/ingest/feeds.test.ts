import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
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

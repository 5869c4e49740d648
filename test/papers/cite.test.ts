import { expect, test } from 'vitest'
import { bibtex, doiOf, ris } from '../../src/papers/cite.ts'

const paper = {
  source: 'arxiv',
  sourceId: '2604.09132',
  title: 'Strips as Tokens: 60% & more_of $it',
  authors: ['Rui Xu', 'José Ñandú', 'OpenAI'],
  publishedAt: new Date('2026-04-10T00:00Z'),
  listDay: '2026-04-14',
  abstract: 'One\ntwo.',
  pdfUrl: 'https://arxiv.org/pdf/2604.09132',
}

test('BibTeX escapes what LaTeX would read, and names arXiv', () => {
  expect(bibtex(paper)).toBe(String.raw`@misc{xu2026strips,
  title = {{Strips as Tokens: 60\% \& more\_of \$it}},
  author = {Rui Xu and José Ñandú and OpenAI},
  year = {2026},
  eprint = {2604.09132},
  archivePrefix = {arXiv},
  doi = {10.48550/arXiv.2604.09132},
  url = {https://arxiv.org/abs/2604.09132}
}
`)
})

test('RIS has one line per value, last names first', () => {
  expect(ris(paper).split('\r\n')).toEqual([
    'TY  - UNPB',
    'TI  - Strips as Tokens: 60% & more_of $it',
    'AU  - Xu, Rui',
    'AU  - Ñandú, José',
    'AU  - OpenAI',
    'PY  - 2026',
    'DA  - 2026/04/10',
    'AB  - One two.',
    'DO  - 10.48550/arXiv.2604.09132',
    'PB  - arXiv',
    'UR  - https://arxiv.org/abs/2604.09132',
    'L1  - https://arxiv.org/pdf/2604.09132',
    'ER  - ',
    '',
  ])
})

test('a paper without an arXiv id has its own DOI or none, and the day of its list', () => {
  const other = { ...paper, source: 'title', sourceId: 'abab', publishedAt: undefined, authors: [] }
  expect(bibtex(other)).toContain('@misc{paper2026strips,')
  expect(bibtex(other)).not.toMatch(/eprint|doi|author/)
  expect(doiOf({ source: 'doi', sourceId: '10.1/x' })).toBe('10.1/x')
})

import { expect, test } from 'vitest'
import { bibtex, doiOf, isInstitution, ris } from '../../src/papers/cite.ts'

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
  author = {Rui Xu and José Ñandú and {OpenAI}},
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

test('an institution is written as it stands, and a person’s surname is found', () => {
  const institutions = [
    ...['OpenAI', 'NVIDIA', 'ByteDance', 'DeepSeek-AI', 'Mistral AI', 'Gemini Team', 'Qwen Team, Alibaba Group'],
    ...['The ATLAS Collaboration', 'IceCube Collaborations', 'Event Horizon Telescope Consortium', 'Allen Institute'],
    ...['Università di Bologna', 'Université Paris-Saclay', 'Universität Wien', 'Universidad de Chile'],
    ...['LG AI Research', 'Shanghai AI Lab', 'Tencent Robotics X', 'SII-GAIR'],
    ...['Smith & Nephew', 'Stanford University', 'Boston Dynamics Inc.', 'Google DeepMind Robotics Team'],
  ]
  const people = [
    ...['Ada Lovelace', 'Wei Ai', 'Jean-Luc', 'Łukasz Kaiser', 'Alexander McDonald', 'J. K. Li', '高锋', 'Anand Rao'],
    ...['Madonna', 'Bo Li', 'LI Bo', 'Alan Institoris', 'Ana Teamo', 'Universa Rossi'],
    ...['McKay', 'MacDonald', 'LeCun', 'DeVries', 'O’Brien', 'Antoine Labatie'],
  ]
  expect(institutions.filter((name) => !isInstitution(name))).toEqual([])
  expect(people.filter(isInstitution)).toEqual([])
  const authors = ['Gemini Team', 'Ada Lovelace']
  expect(bibtex({ ...paper, authors })).toContain('author = {{Gemini Team} and Ada Lovelace}')
  expect(ris({ ...paper, authors })).toContain('AU  - Gemini Team\r\nAU  - Lovelace, Ada\r\n')
})

test('what follows a surname is no surname', () => {
  const authors = ['Robert L. Logan IV', 'Edmund Clarke, Jr.', 'Ana da Silva Jr', 'Laurens van der Maaten', 'Logan IV']
  const entry = bibtex({ ...paper, authors })
  expect(entry).toContain(
    'author = {Logan, IV, Robert L. and Clarke, Jr., Edmund and da Silva, Jr, Ana and Laurens van der Maaten and Logan IV}',
  )
  expect(entry).toContain('@misc{logan2026strips,')
  expect([...ris({ ...paper, authors }).matchAll(/^AU {2}- (.*)\r$/gm)].map(([, name]) => name).slice(0, 3)).toEqual([
    'Logan, Robert L., IV',
    'Clarke, Edmund, Jr.',
    'Silva, Ana da, Jr',
  ])
})

test('an institution with an "and" is one author, and a name with many commas is none too many', () => {
  const authors = [
    'Ada Lovelace',
    'Ministry of Health and Welfare',
    'Research AND Development',
    'Lab, A, B, C',
    'A. Anderson',
  ]
  expect(bibtex({ ...paper, authors })).toContain(
    'author = {Ada Lovelace and {Ministry of Health and Welfare} and {Research AND Development} and {Lab, A, B, C} and A. Anderson}',
  )
  expect(ris({ ...paper, authors })).toContain(
    'AU  - Lovelace, Ada\r\nAU  - Ministry of Health and Welfare\r\nAU  - Research AND Development\r\n',
  )
})

test('an entry ends where it should, whatever braces its title, names and URL have', () => {
  /** Where BibTeX ends an entry: it counts escaped braces too. */
  const endOf = (entry: string) => {
    let open = 0
    for (const { 0: brace, index } of entry.matchAll(/[{}]/g)) {
      open += brace === '{' ? 1 : -1
      if (open === 0) return index
    }
    return undefined
  }
  for (const text of ['A { b', 'A } b', '} a {', '{0,1}-matrices', '{{', 'a \\{ b']) {
    const url = `https://a.example/?q=${text}`
    const entry = bibtex({ ...paper, source: 'title', title: text, authors: [text], url })
    expect({ entry, end: endOf(entry) }).toEqual({ entry, end: entry.length - '}\n'.length })
  }
  expect(bibtex({ ...paper, title: 'On {0,1}-matrices' })).toContain(String.raw`{{On \{0,1\}-matrices}}`)
})

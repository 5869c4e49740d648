import { expect, test } from 'vitest'
import { encodePaperId } from '../../src/http/kit/paper-id-paths.ts'
import { doiIn } from '../../src/papers/doi.ts'
import { paperPath } from '../../src/papers/paper-path.ts'

test.for([
  ['10.1101/2026.04.01.123456', '10.1101/2026.04.01.123456'],
  ['doi:10.1101/2026.04.01.123456', '10.1101/2026.04.01.123456'],
  ['DOI: 10.1038/S41586-026-0001-2.', '10.1038/s41586-026-0001-2'],
  ['https://doi.org/10.1093/bioinformatics/btag123', '10.1093/bioinformatics/btag123'],
  ['https://doi.org/10.1016%2FS0140-6736(05)67728-8', '10.1016/s0140-6736(05)67728-8'],
  ['(see 10.1000/182)', '10.1000/182'],
  ['https://www.biorxiv.org/content/10.1101/2026.04.01.123456v3.full.pdf', '10.1101/2026.04.01.123456'],
  ['https://www.biorxiv.org/content/10.64898/2026.04.01.123456v1?rss=1', '10.64898/2026.04.01.123456'],
  ['2604.01234', undefined],
  ['10.1/x', undefined],
  ['%E0%A4%A', undefined],
] as const)('%s has the DOI %s', ([text, doi]) => {
  expect(doiIn(text)).toBe(doi)
})

const TAILS = [
  '',
  '/',
  '/vote',
  '/vote/TOKEN',
  '/vote/TOKEN/undo',
  '/save',
  '/not-interested/T',
  '/cite.bib',
  '?a=/b',
  '/vote?x',
]

test.for(TAILS)('a path with a DOI finds its route: %s', (tail) => {
  for (const doi of [
    '10.1101/2026.04.01.123456',
    '10.1093/bioinformatics/btag123',
    '10.1002/(sici)1097-0258(1998)17:8<857::aid>3.0.co;2-e',
  ]) {
    const path = paperPath({ id: 1, source: 'doi', sourceId: doi })
    expect(path).not.toMatch(/%2F/i)
    const [, id, rest] = /^\/papers\/([^/?]+)(.*)$/.exec(encodePaperId(path + tail))!
    expect({ id: decodeURIComponent(id!), rest }).toEqual({ id: doi, rest: tail })
  }
})

test.for([
  '/papers/2604.01234',
  '/papers/hep-th/99010012',
  '/papers/submitted/vote',
  '/papers?date=2026-04-01',
  '/papers/10',
  '/search?q=10.1101/1',
])('%s stays as it is', (url) => {
  expect(encodePaperId(url)).toBe(url)
})

import { expect, test } from 'vitest'
import { encodeSlashes } from '../../src/http/kit/slashes-in-paths.ts'
import { doiIn, doiName } from '../../src/papers/doi.ts'
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
  [
    'https://journals.plos.org/plosone/article?id=10.1371/journal.pone.0300000&utm_source=feed',
    '10.1371/journal.pone.0300000',
  ],
  ['https://www.frontiersin.org/journals/x/articles/10.3389/fnins.2026.1500000/full', '10.3389/fnins.2026.1500000'],
  ['https://www.emerald.com/insight/content/doi/10.1108/ABC-1/full/html?x=1', '10.1108/abc-1'],
  ['https://iopscience.iop.org/article/10.1088/1748-0221/20/01/P01001/meta', '10.1088/1748-0221/20/01/p01001'],
  ['https://link.springer.com/content/pdf/10.1007/s11263-026-1.pdf', '10.1007/s11263-026-1'],
  ['https://www.tandfonline.com/doi/full/10.1080/01621459.2026.1/', '10.1080/01621459.2026.1'],
  ['https://doi.org/10.5555/its-own.pdf', '10.5555/its-own.pdf'],
  ['2604.01234', undefined],
  ['10.1/x', undefined],
  ['%E0%A4%A', undefined],
] as const)('%s has the DOI %s', ([text, doi]) => {
  expect(doiIn(text)).toBe(doi)
})

test.for([
  ['10.26434/chemrxiv-2026-ab12c-v2', '10.26434/chemrxiv-2026-ab12c', 2],
  ['10.26434/chemrxiv-2026-ab12c', '10.26434/chemrxiv-2026-ab12c', undefined],
  ['https://doi.org/10.31234/osf.io/ab12c_v3', '10.31234/osf.io/ab12c', 3],
  ['https://doi.org/10.21203/rs.3.rs-1234567/v1', '10.21203/rs.3.rs-1234567', 1],
  ['10.20944/preprints202611.0001.v2', '10.20944/preprints202611.0001', 2],
  ['10.22541/au.170000000.12345678/v1', '10.22541/au.170000000.12345678', 1],
  ['10.1016/j.cell.2026.01.001/v2', '10.1016/j.cell.2026.01.001/v2', undefined],
] as const)('versions share a DOI, and each keeps its own: %s', ([registered, id, version]) => {
  expect(doiName(registered)).toEqual({ id, registered: registered.replace('https://doi.org/', ''), version })
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
    const [, id, rest] = /^\/papers\/([^/?]+)(.*)$/.exec(encodeSlashes(path + tail))!
    expect({ id: decodeURIComponent(id!), rest }).toEqual({ id: doi, rest: tail })
  }
})

test.for([
  ['/api/v1/votes/hep-th/9901001', '/api/v1/votes/hep-th%2F9901001'],
  ['/api/v1/papers/10.1101/2026.04', '/api/v1/papers/10.1101%2F2026.04'],
  [
    '/api/v1/editions/daily/2026-04-14/papers/10.1101/2026.04/pick',
    '/api/v1/editions/daily/2026-04-14/papers/10.1101%2F2026.04/pick',
  ],
  ['/organisations/CNRS/IRISA', '/organisations/CNRS%2FIRISA'],
  ['/authors/A/B/C/?lang=de', '/authors/A%2FB%2FC/?lang=de'],
  ['/authors/A/B/follow', '/authors/A%2FB/follow'],
] as const)('a path that a proxy decoded finds its route: %s', ([decoded, path]) => {
  expect(encodeSlashes(decoded)).toBe(path)
  expect(encodeSlashes(path)).toBe(path)
})

test.for([
  '/papers/2604.01234',
  '/papers/hep-th/99010012',
  '/papers/submitted/vote',
  '/papers?date=2026-04-01',
  '/papers/10',
  '/search?q=10.1101/1',
])('%s stays as it is', (url) => {
  expect(encodeSlashes(url)).toBe(url)
})

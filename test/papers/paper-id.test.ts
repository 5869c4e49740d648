import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { asc, eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect, onTestFinished } from 'vitest'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { doiIn } from '../../src/papers/doi.ts'
import { collect } from '../../src/papers/ingest/collect.ts'
import { parsePapers } from '../../src/papers/ingest/formats/parse-papers.ts'
import { isBad, type ListedPaper } from '../../src/papers/ingest/listed-paper.ts'
import { readingListSource } from '../../src/papers/ingest/sources/reading-list.ts'
import { prepareToStore, storeList } from '../../src/papers/ingest/store.ts'
import { submitPaper } from '../../src/papers/ingest/submissions.ts'
import { arxivName, formerTitleId, idOfNumber, titleId } from '../../src/papers/paper-id.ts'
import { searchPapers } from '../../src/papers/search/search.ts'
import { papers, subscribers } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { expectLinearTime } from '../support/linear-time.ts'
import { addSubscriber, servicesOn } from '../support/services.ts'
import { fixture, importing, withFile } from './support.ts'

const FORMS = [
  'ID',
  ' ID ',
  'IDv2',
  'arXiv:ID',
  'arxiv ID',
  'arXiv:IDv1 [cs.CL]',
  'arXiv:IDv1 [cs.CL] 12 Nov 2025',
  '[ID] A title',
  'oai:arXiv.org:ID',
  'https://arxiv.org/abs/ID',
  'https://arxiv.org/abs/ID/',
  'arxiv.org/abs/ID',
  '//arxiv.org/abs/ID',
  'www.arxiv.org/abs/IDv3?context=cs#x',
  'http://arxiv.org/pdf/ID.pdf',
  'HTTPS://ARXIV.ORG/PDF/IDV2.PDF',
  'https://arxiv.org/html/IDv1#S3',
  'https://export.arxiv.org/abs/ID',
  'https://ar5iv.labs.arxiv.org/html/ID',
  'https://ar5iv.org/abs/ID',
  'http://xxx.lanl.gov/abs/ID',
  'https://doi.org/10.48550/arXiv.ID',
  '10.48550/arxiv.ID',
  'doi:10.48550/arXiv.ID',
  'https://huggingface.co/papers/ID',
  'hf.co/papers/ID',
  'https://huggingface.co/papers/ID/community',
  'https://www.alphaxiv.org/overview/IDv1',
  'https://www.semanticscholar.org/arxiv/ID',
  'https://scirate.com/arxiv/ID',
  '<https://arxiv.org/abs/ID>',
  'ID.',
  '\u200bID',
]

describe('an arXiv id', () => {
  test.for(FORMS)('is found in "%s"', (form) => {
    for (const id of ['2507.06261', '0704.0001', 'hep-th/9901001'])
      expect({ form, id: arxivName(form.replace('ID', id))?.id }).toEqual({ form, id })
  })

  test('of the old form names the same paper with and without its subject class', () => {
    for (const form of ['math.GT/0309136', 'math/0309136v1', 'MATH/0309136', 'arxiv.org/abs/math%2F0309136'])
      expect(arxivName(form)?.id).toBe('math/0309136')
  })

  test('has its version', () => {
    for (const form of ['2507.06261v2', 'arxiv.org/pdf/2507.06261v2.pdf', 'oai:arXiv.org:2507.06261v2'])
      expect(arxivName(form)).toEqual({ id: '2507.06261', version: 2 })
  })

  test.for([
    '',
    'attention',
    '12507.06261',
    '2507.062611',
    '2507.6261x',
    '2513.00001',
    'abs/0601001',
    'https://evil.example/abs/2507.06261',
    'http://arxiv.org@evil.example/abs/2507.06261',
    'https://notarxiv.org/abs/2507.06261',
    'see 2507.06261',
    'https://doi.org/10.5555/2507.06261',
    '%00',
    '%E0%A4%A',
  ])('is not found in "%s"', (form) => {
    expect(arxivName(form)).toBeUndefined()
  })

  test('is parsed from any text without an error, and every form of it gives the same id', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl()), (text) => {
        const found = arxivName(text)
        expect(found === undefined || arxivName(found.id)?.id === found.id).toBe(true)
      }),
    )
  })

  // Any part of a request's path may be one, up to 16 KB.
  test.for([
    ['.', '', 'x'],
    [',', '', 'x'],
    ['<', '', 'x'],
    [' ', 'arxiv', 'x'],
    ['.', '10.1234/a', ''],
    [')', '10.1234/a', ''],
    ['1.', '10.1101/', ''],
    ['a/', 'https://arxiv.org/', 'x'],
    ['/full', 'https://journal.example/10.1234/a', 'x'],
    ['-v1', '10.26434/chemrxiv-', '!'],
    ['?a=', 'https://journal.example/', '10.1234/a'],
  ] as const)('is looked for in linear time: "%s" repeated after "%s"', ([piece, before, after]) => {
    expectLinearTime((text) => [arxivName(text), doiIn(text)], piece, before, after)
  })

  test('written as a number gets its zeros back', () => {
    expect([2511.10003, 2511.1001, 704.0001, 1412.1].map(idOfNumber)).toEqual([
      '2511.10003',
      '2511.10010',
      '0704.0001',
      '1412.1000',
    ])
  })
})

test('many spellings of an id are one paper, only in the edition of its newest list', async ({ db }) => {
  await importing(db, fixture('links-first-day.jsonl'))
  await importing(db, fixture('links-next-day.jsonl'))
  const ids = (await db.select().from(papers).orderBy(asc(papers.sourceId))).map((paper) => paper.sourceId)
  expect(ids).toEqual(['2511.10001', '2511.10002', '2511.10003', '2511.10004', '2511.10005'])
  const services = servicesOn(db, {}, { now: new Date('2026-11-25T03:00:00Z') })
  expect(await assemble(services, { date: '2026-11-24' })).toMatchObject({ papers: 5 })
  await expect(assemble(services, { date: '2026-11-23' })).rejects.toMatchObject({ code: 'EDITION_EMPTY' })
})

describe('the id of a title', () => {
  test.each([
    ['Schrödinger’s Cat', 'Schr\\"odinger\'s cat'],
    ['Schrödinger’s Cat', 'Schrodinger’s cat'],
    ['Łukasz and Erdős', '{\\L}ukasz and Erd\\H{o}s'],
    ['IA-RED²: 60% of τ-bench', 'IA-RED$^2$: 60\\% of $\\tau$-bench'],
    ['Ca²⁺ waves in E. coli', 'Ca<sup>2+</sup> waves in <i>E. coli</i>'],
    ['A title – with a “quote”', "A title -- with a ``quote''"],
    ['Attention is all you need', ' ATTENTION  Is\nAll You Need. '],
  ])('is one for %s and %s', (one, other) => expect(titleId(one)).toBe(titleId(other)))
  test.each([
    ['Graphs, Part I', 'Graphs, Part II'],
    ['α-synuclein in sleep', 'β-synuclein in sleep'],
    ['Bounds on x²', 'Bounds on x³'],
    ['मोर के रंग', 'मौर के रंग'],
    ['かきの研究', 'がきの研究'],
    ['!', '?'],
  ])('differs for %s and %s', (one, other) => expect(titleId(one)).not.toBe(titleId(other)))
})

test('a paper stored under the id that its title had before stays where it is, for those who like it, too', async ({
  db,
}) => {
  const entry = { title: 'Schrödinger’s Cat', abstract: 'A.' }
  const collectAt = async (now: string) => {
    const source = readingListSource(
      { name: 'club', kind: 'list', location: list, topics: [], weight: 1 },
      { userAgent: 'test', now: () => new Date(now) },
    )
    await collect({ ...servicesOn(db, {}, { now: new Date(now) }), source }, now.slice(0, 10))
    return (await db.select().from(papers)).map(({ sourceId, listDay }) => ({ sourceId, listDay }))
  }
  const list = join(mkdtempSync(join(tmpdir(), 'list-')), 'list.json')
  onTestFinished(() => rmSync(dirname(list), { recursive: true }))
  writeFileSync(list, JSON.stringify([entry]))
  await collectAt('2026-04-15T12:00:00Z')
  await db.update(papers).set({ sourceId: formerTitleId(entry.title) })
  const reader = await addSubscriber(db, 'ada@example.org', { likePapers: ['2604.00001', formerTitleId(entry.title)] })
  const id = titleId(entry.title)
  expect(await collectAt('2026-04-16T12:00:00Z')).toEqual([{ sourceId: id, listDay: '2026-04-15' }])
  const [{ likePapers } = { likePapers: [] }] = await db.select().from(subscribers).where(eq(subscribers.id, reader))
  expect(likePapers).toEqual(['2604.00001', id])
  writeFileSync(list, JSON.stringify([{ ...entry, title: 'Schr\\"odinger’s cat' }]))
  expect(await collectAt('2026-04-17T12:00:00Z')).toEqual([{ sourceId: id, listDay: '2026-04-15' }])
})

test('a list that writes a stored title in several ways takes the stored paper for all', async ({ db }) => {
  const titles = ['Schr\\"odinger’s cat', 'Schrödinger’s Cat', 'Schrodinger’s cat']
  const store = (list: readonly string[], at: string) => {
    const text = JSON.stringify(list.map((title) => ({ title, abstract: 'A.' })))
    const read = parsePapers(text, 'list.json', '2026-04-15').filter((each): each is ListedPaper => !isBad(each))
    return storeList({ db }, read, { observedAt: new Date(at), origin: 'club' })
  }
  for (const title of titles) {
    await db.delete(papers)
    await store([title], '2026-04-15T12:00:00Z')
    await db.update(papers).set({ sourceId: formerTitleId(title) })
    expect({ title, ...(await store(titles, '2026-04-16T12:00:00Z')) }).toMatchObject({ title, added: 0 })
  }
})

test('papers that get the id of today cost one scan of the readers, however many they are', async ({ db }) => {
  const titles = ['Schrödinger’s Cat', 'Gödel’s Proof', 'Möbius’ Strip']
  await withFile(JSON.stringify(titles.map((title) => ({ title, abstract: 'A.' }))), (file) =>
    importing(db, file, '2026-04-15'),
  )
  for (const title of titles)
    await db
      .update(papers)
      .set({ sourceId: formerTitleId(title) })
      .where(eq(papers.title, title))
  await addSubscriber(db, 'ada@example.org', {
    likePapers: [formerTitleId(titles[2]!), '2604.00001', formerTitleId(titles[0]!)],
  })
  await addSubscriber(db, 'bob@example.org', { likePapers: ['2604.00001'] })
  const listed = titles.map((title) => ({ source: 'title', sourceId: titleId(title), title })) as ListedPaper[]
  await db.transaction(async (tx) => {
    await prepareToStore(tx, listed)
    const { rows } = await tx.execute(sql`
      SELECT seq_scan::int AS scans FROM pg_stat_xact_user_tables WHERE relname = 'subscribers'`)
    expect(rows).toEqual([{ scans: 1 }])
  })
  expect((await db.select().from(subscribers).orderBy(subscribers.id)).map(({ likePapers }) => likePapers)).toEqual([
    [titleId(titles[2]!), '2604.00001', titleId(titles[0]!)],
    ['2604.00001'],
  ])
})

test('search and submit accept every form that the import accepts', async ({ db }) => {
  await importing(db, fixture('links-next-day.jsonl'))
  for (const form of FORMS.map((each) => each.replace('ID', '2511.10001'))) {
    const { papers: found } = await searchPapers({ db, now: () => new Date() }, { q: form })
    expect({ form, found: found.map((paper) => paper.sourceId) }).toEqual({ form, found: ['2511.10001'] })
    expect(await submitPaper({ db }, form)).toEqual({ arxivId: '2511.10001', listDay: '2026-11-24' })
  }
})

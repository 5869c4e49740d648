import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { indexPapers } from '../../../src/papers/search/index-papers.ts'
import { type SearchQuery, searchPapers } from '../../../src/papers/search/search.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { test } from '../../support/database.ts'
import { fixture, hfEntry, importing, withFile } from '../support.ts'

const now = () => new Date('2026-04-20T12:00:00Z')

async function put(db: Db, entries: object[]): Promise<void> {
  await withFile(JSON.stringify(entries), (file) => importing(db, file, undefined, now()))
  await indexPapers({ db })
}

const plain = { title: 'A plain title', summary: 'We study birds.', authors: [{ name: 'Ada' }] }
const paper = (number: number, fields: Record<string, unknown>, around: Record<string, unknown> = {}) =>
  hfEntry(`2604.${String(number).padStart(5, '0')}`, { ...plain, ...fields }, around)

/** The last digits of each paper's id, with * for those that have only some of the words. */
const found = async (db: Db, query: SearchQuery) =>
  (await searchPapers({ db, now }, query)).papers.map(
    ({ sourceId, match }) => `${Number(sourceId.slice(5))}${match === 'some' ? '*' : ''}`,
  )

const library = [
  paper(1, { title: 'Small models run fast', summary: 'Quantized weights make inference cheap.' }),
  paper(2, { title: 'Quantization of diffusion models', summary: 'Weights in four bits.' }),
  paper(3, { title: 'Diffusion models', summary: 'Models of images.' }),
  paper(4, { title: 'Models of birds', summary: 'Herons and models.' }),
  paper(5, { title: 'Robots', summary: 'They walk.', submittedOnDailyAt: '2026-04-13T01:00:00Z' }),
]

test('papers with some of the words follow those with all, rare words first, in all their forms', async ({ db }) => {
  await put(db, library)
  expect(await found(db, { q: 'quantized diffusion models' })).toEqual(['2', '3*', '1*', '4*'])
  expect(await found(db, { q: 'quantizing herons' })).toEqual(['4*', '2*', '1*'])
  const { total } = await searchPapers({ db, now }, { q: 'quantized diffusion models' })
  expect(total).toEqual({ all: 1, approximate: false, some: 3, listed: 4 })
})

test('phrases, exclusions and filters are never relaxed', async ({ db }) => {
  await put(db, library)
  expect(await found(db, { q: '"diffusion models" quantized herons' })).toEqual(['2*'])
  expect(await found(db, { q: '“diffusion models” quantized herons' })).toEqual(['2*'])
  expect(await found(db, { q: 'quantized herons -diffusion' })).toEqual(['4*', '1*'])
  expect(await found(db, { q: 'quantized herons -"diffusion models"' })).toEqual(['4*', '1*'])
  expect(await found(db, { q: '"models diffusion"' })).toEqual([])
  expect(await found(db, { q: '"models diffusion" herons' })).toEqual([])
  expect(await found(db, { q: 'robots models', from: '2026-04-13' })).toEqual(['5*'])
  // One word has no part.
  expect(await found(db, { q: 'unheard' })).toEqual([])
})

test('nothing is added when a page of papers has all words', async ({ db }) => {
  await put(db, [
    ...Array.from({ length: 20 }, (_, at) => paper(100 + at, { title: 'Common birds' })),
    paper(200, { title: 'Common frogs', summary: 'Croak.' }),
  ])
  const { papers, total } = await searchPapers({ db, now }, { q: 'common birds', limit: 100 })
  expect([papers.length, total.all, total.some]).toEqual([20, 20, 0])
  await db.execute(sql`DELETE FROM papers WHERE source_id = '2604.00100'`)
  expect((await searchPapers({ db, now }, { q: 'common birds' })).total).toMatchObject({ all: 19, some: 1 })
})

test('the newest come first when asked, in both parts', async ({ db }) => {
  const on = (day: string) => ({ submittedOnDailyAt: `${day}T01:00:00Z` })
  await put(db, [
    paper(1, { title: 'Herons fly', ...on('2026-04-07') }),
    paper(2, { title: 'Herons', summary: 'They fly.', ...on('2026-04-08') }),
    paper(3, { title: 'Herons herons', ...on('2026-04-09') }),
    paper(4, { title: 'Kites fly', ...on('2026-04-10') }),
  ])
  expect(await found(db, { q: 'herons fly' })).toEqual(['1', '2', '3*', '4*'])
  expect(await found(db, { q: 'herons fly', order: 'date' })).toEqual(['2', '1', '4*', '3*'])
})

test('organisation and summary are found as pages show them; the summary counts least', async ({ db }) => {
  await put(db, [
    paper(1, { ai_summary: 'A summary with $\\tau$ about kestrels and gulls.' }),
    paper(2, { summary: 'We study kestrels.' }),
    paper(3, { title: 'Kestrels' }),
    paper(4, {}, { organization: { name: 'byte', fullname: 'Łódź $\\pi$ Lab' } }),
  ])
  expect(await found(db, { q: 'kestrel' })).toEqual(['3', '2', '1'])
  expect(await found(db, { q: 'τ gulls' })).toEqual(['1'])
  expect(await found(db, { q: 'lodz lab' })).toEqual(['4'])
  expect(await found(db, { q: 'lodz unheard-of place' })).toEqual(['4*'])
  const [first] = (await searchPapers({ db, now }, { q: 'gulls' })).papers
  expect(first!.snippet).toContainEqual({ text: 'gulls', hit: true })
})

test('an older library gets its readable forms when it is indexed', async ({ db }) => {
  await put(db, [paper(1, { ai_summary: 'About $\\tau$.', ai_keywords: ['$\\pi$ flow'] })])
  await db.execute(sql`UPDATE papers SET shown_summary = NULL, shown_keywords = NULL`)
  await db.execute(sql`TRUNCATE terms, paper_vectors, paper_terms`)
  await indexPapers({ db })
  const { rows } = await db.execute(sql`SELECT shown_summary, shown_organization, shown_keywords FROM papers`)
  expect(rows).toEqual([{ shown_summary: 'About τ.', shown_organization: null, shown_keywords: ['π flow'] }])
})

test('samples are found only while there are no real papers', async ({ db }) => {
  await put(db, library)
  await db.execute(sql`UPDATE papers SET sample = true, list_day = '2026-04-01' WHERE source_id = '2604.00002'`)
  for (const q of ['diffusion', 'diffusion herons', undefined]) expect(await found(db, { q })).not.toContain('2')
  expect(await found(db, { q: 'quantized diffusion models' })).toEqual(['3*', '1*', '4*'])
  await db.execute(sql`UPDATE papers SET sample = true`)
  expect(await found(db, { q: 'quantized diffusion models' })).toEqual(['2', '3*', '1*', '4*'])
})

test('Chinese, Japanese and Korean are found by pairs of characters, in order', async ({ db }) => {
  await importing(db, fixture('search.jsonl'))
  await put(db, [
    paper(1, { title: '学習データの生成', summary: '강화 학습을 연구한다.' }),
    paper(2, { title: '机制注意的力', summary: 'GPT模型' }),
  ])
  expect(await found(db, { q: 'データ生成' })).toEqual(['1*'])
  expect(await found(db, { q: '学習' })).toEqual(['1'])
  expect(await found(db, { q: '학습' })).toEqual(['1'])
  expect(await found(db, { q: 'GPT' })).toContain('2')
  expect(await found(db, { q: '"注意力"' })).toEqual(['90003'])
  expect(await found(db, { q: '注意 -注意力' })).toEqual(['2'])
  expect(await found(db, { q: '力' })).toContain('2')
  const [first] = (await searchPapers({ db, now }, { q: '注意力' })).papers
  expect(first!.titlePieces).toEqual([
    { text: '深度学习中的', hit: false },
    { text: '注意力', hit: true },
    { text: '机制综述', hit: false },
  ])
})

test('every form of an arXiv link, and the DOI, finds its paper', async ({ db }) => {
  await put(db, [paper(1, {})])
  for (const q of [
    'arxiv.org/abs/2604.00001',
    'http://arxiv.org/pdf/2604.00001v2',
    'https://doi.org/10.48550/arXiv.2604.00001',
    '10.48550/arXiv.2604.00001',
    'https://huggingface.co/papers/2604.00001',
    'https://alphaxiv.org/abs/2604.00001',
    'arXiv:2604.00001 [cs.CL]',
  ]) {
    const { papers, arxivId, total } = await searchPapers({ db, now }, { q })
    expect([q, papers.map((each) => each.sourceId), arxivId, total.all]).toEqual([q, ['2604.00001'], '2604.00001', 1])
  }
})

test('every form of a DOI finds its paper, whatever its case; an unknown one is searched for as words', async ({
  db,
}) => {
  await put(db, [
    { title: 'Herons', date: '2026-04-10', url: 'https://doi.org/10.1000/ABC.(2)7', abstract: 'They fish.' },
  ])
  for (const q of [
    '10.1000/abc.(2)7',
    'https://doi.org/10.1000/ABC.(2)7',
    'doi: 10.1000/abc.(2)7',
    '<doi:10.1000/ABC.(2)7>.',
  ]) {
    const { papers, isNamed, total } = await searchPapers({ db, now }, { q })
    expect([q, papers.map(({ title }) => title), isNamed, total.all]).toEqual([q, ['Herons'], true, 1])
  }
  for (const q of ['10.1000/xyz', 'herons in 10.1000/abc.(2)7'])
    expect([q, (await searchPapers({ db, now }, { q })).isNamed]).toEqual([q, false])
})

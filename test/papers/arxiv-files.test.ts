import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { eq, sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { authorNames } from '../../src/papers/ingest/authors.ts'
import { papers, signals } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { arxivFolder, everything, hfEntry, importing, noRealPapers, trajectories, withFile } from './support.ts'

const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()

describe.skipIf(noRealPapers)('real files of arXiv', () => {
  test('are all imported, and a second import changes nothing', { timeout: 120_000 }, async ({ db }) => {
    const files = (await filesIn(arxivFolder)).filter((file) => !/\/(?:sample\.json|id_abc_|.*README)/.test(file))
    expect(files.length).toBeGreaterThan(200)
    for (const file of files) expect({ file, bad: (await importing(db, file)).bad }).toEqual({ file, bad: [] })
    const before = await everything(db)
    for (const file of files) expect(await importing(db, file)).toMatchObject({ added: 0, changed: 0, signals: 0 })
    expect(await everything(db)).toEqual(before)
  })

  test('give papers their facts', async ({ db }) => {
    for (const file of await filesIn(join(arxivFolder, 'api-atom')))
      if (!file.includes('id_abc_')) await importing(db, file)
    const [old] = await db.select().from(papers).where(eq(papers.sourceId, 'astro-ph/0601001'))
    expect(old).toMatchObject({
      source: 'arxiv',
      authors: ['Andrew Gould', 'Susan Dorsher', 'B. Scott Gaudi', 'Andrzej Udalski'],
      categories: ['astro-ph'],
      listDay: '2006-01-02',
      version: 1,
      announced: true,
      url: 'https://arxiv.org/abs/astro-ph/0601001',
    })
    const [wrapped] = await db.select().from(papers).where(eq(papers.sourceId, '1601.00001'))
    expect(wrapped!.title.replace(/\s+/g, ' ')).toBe(
      'Inelastic effects in molecular transport junctions: The probe technique at high bias',
    )
  })

  test('report an error entry as invalid', async ({ db }) => {
    const file = (await filesIn(join(arxivFolder, 'api-atom'))).find((each) => each.includes('id_abc_'))!
    const report = await importing(db, file)
    expect(report.papers).toBe(0)
    expect(report.bad).toEqual([{ file, position: 1, reason: 'is an error from arXiv: incorrect id format for abc' }])
  })

  test('of announcements list new and cross-listed papers on their day, but no replacements', async ({ db }) => {
    for (const file of await filesIn(join(arxivFolder, 'rss'))) await importing(db, file)
    const { rows } = await db.execute<{ day: string; papers: number }>(
      sql`SELECT list_day::text AS day, count(*)::int AS papers FROM papers GROUP BY 1 ORDER BY 1`,
    )
    const feed = await withText(join(arxivFolder, 'rss/zotero-arxiv-daily'))
    const listed = feed.match(/<arxiv:announce_type>(?:new|cross)</g)!.length
    expect(rows).toEqual([
      { day: '2025-08-20', papers: listed },
      { day: '2026-04-27', papers: 3 },
    ])
    const [paper] = await db.select().from(papers).where(eq(papers.sourceId, '2508.13426'))
    expect(paper!.abstract).toMatch(/^As large language models/)
    expect(paper!.authors).toEqual(['Chunhua Liu', 'Kabir Manandhar Shrestha', 'Sukai Huang'])
  })

  test('mark withdrawn papers, and no email address is stored', async ({ db }) => {
    for (const file of await filesIn(join(arxivFolder, 'abs'))) await importing(db, file)
    const withdrawn = await db.select().from(papers).where(sql`${papers.withdrawnAt} IS NOT NULL`)
    const ids = withdrawn.map((paper) => paper.sourceId)
    expect(ids).toEqual(expect.arrayContaining(['2101.10016', '0704.0840', '0704.0525']))
    const [paper] = withdrawn.filter(({ sourceId }) => sourceId === '2101.10016')
    expect(paper).toMatchObject({ version: 8, categories: ['math.QA', 'hep-th', 'math-ph', 'math.MP', 'math.OA'] })
    const { rows } = await db.execute(
      sql`SELECT 1 FROM papers WHERE raw::text ~ '<[^<> ]+@[^<> ]+>' AND source_id ~ '^[0-9]'`,
    )
    expect(rows).toEqual([])
  })

  test('add votes over time to their papers', async ({ db }) => {
    await withFile(JSON.stringify([hfEntry('2504.07128', { upvotes: 1 })]), (file) => importing(db, file))
    const report = await importing(db, trajectories)
    expect(report.bad).toEqual([])
    expect(report.signals).toBeGreaterThan(1)
    expect((await importing(db, trajectories)).signals).toBe(0)
    expect(await db.$count(signals)).toBe(report.signals + 1)
  })
})

const withText = async (folder: string): Promise<string> => {
  const { readFile } = await import('node:fs/promises')
  return readFile((await filesIn(folder))[0]!, 'utf8')
}

const atom = (id: string, { title = 'A title', summary = 'An abstract.', extra = '' } = {}) => `<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"><entry><id>http://arxiv.org/abs/${id}</id>
<title>${title}</title><summary>${summary}</summary><published>2026-04-10T09:00:00Z</published>
<author><name>Ada</name></author>${extra}</entry></feed>`

describe('one paper from two sources', () => {
  test('has the list’s facts, arXiv fills gaps, and both payloads are stored', async ({ db }) => {
    const listed = JSON.stringify([hfEntry('2604.00001', { title: 'As listed', summary: 'Short.', upvotes: 7 })])
    const announced = atom('2604.00001v1', { title: 'As announced', extra: '<category term="cs.CL"/>' })
    for (const order of [
      [listed, announced],
      [announced, listed],
    ]) {
      await db.delete(papers)
      for (const content of order) await withFile(content, (file) => importing(db, file))
      const all = await db.select().from(papers)
      expect(all).toHaveLength(1)
      expect(all[0]).toMatchObject({
        title: 'As listed',
        categories: ['cs.CL'],
        announced: false,
        listDay: '2026-04-10',
        raw: { paper: { id: '2604.00001' }, arxiv: { title: 'As announced' } },
      })
    }
  })

  test('takes a new version’s text and keeps its list position; older versions change nothing', async ({ db }) => {
    const listed = JSON.stringify([hfEntry('2604.00001', { title: 'First words', upvotes: 7 })])
    const second = atom('2604.00001v2', { title: 'Second words' })
    await withFile(listed, (file) => importing(db, file))
    await withFile(second, (file) => importing(db, file))
    await withFile(listed, (file) => importing(db, file))
    await withFile(atom('2604.00001v1', { title: 'First words' }), (file) => importing(db, file))
    expect(await db.select().from(papers)).toMatchObject([
      { title: 'Second words', version: 2, announced: false, listDay: '2026-04-10', listPosition: 1 },
    ])
  })

  test('is withdrawn once, and a later version can restore it', async ({ db }) => {
    const withdrawn = '<arxiv:comment>This paper has been withdrawn by the author</arxiv:comment>'
    await withFile(atom('2604.00001v1'), (file) => importing(db, file))
    await withFile(atom('2604.00001v2', { extra: withdrawn }), (file) =>
      importing(db, file, undefined, new Date('2026-04-12T00:00:00Z')),
    )
    await withFile(atom('2604.00001v2', { extra: withdrawn }), (file) => importing(db, file))
    const [paper] = await db.select().from(papers)
    expect(paper!.withdrawnAt).not.toBeNull()
    await withFile(atom('2604.00001v3'), (file) => importing(db, file))
    expect((await db.select().from(papers))[0]!.withdrawnAt).toBeNull()
  })
})

describe('JSON Lines', () => {
  test('an invalid line is reported by its number, and the others are imported', async ({ db }) => {
    const lines = [
      JSON.stringify({ id: 'arXiv:2604.00001v3', date: '2026-04-10', title: 'One', votes: 3, categories: ['cs.CL'] }),
      '{"title": "Two", "date":',
      '',
      JSON.stringify({ date: '2026-02-30', title: 'Three' }),
      JSON.stringify({ title: 'Four' }),
      JSON.stringify({ date: '2026-04-11', title: 'Five', somethingNew: { deep: [1] } }),
    ].join('\n')
    const report = await withFile(lines, (file) => importing(db, file), 'list.jsonl')
    expect(report).toMatchObject({ papers: 2, added: 2, signals: 1, days: ['2026-04-10', '2026-04-11'] })
    expect(report.bad.map(({ position, reason }) => `${position} ${reason}`)).toEqual([
      '2 is not valid JSON',
      '4 has the date "2026-02-30", which is not a day',
      '5 has no list day. Add it with --date',
    ])
    const [five] = await db.select().from(papers).where(eq(papers.title, 'Five'))
    expect(five!.raw).toMatchObject({ somethingNew: { deep: [1] } })
  })
})

describe('a line of authors', () => {
  test.for([
    ['A. One, B. Two and C. Three', ['A. One', 'B. Two', 'C. Three']],
    ['A. One (1), B. Two (2 and 3) and C. Three ((1) There, (2) Here)', ['A. One', 'B. Two', 'C. Three']],
    ['R. Wagner-Kaiser, Dougal Mackey, and Koichi Itagaki', ['R. Wagner-Kaiser', 'Dougal Mackey', 'Koichi Itagaki']],
    ['T2K Collaboration: K. Abe, N. Abgrall', ['T2K Collaboration', 'K. Abe', 'N. Abgrall']],
    ['Alexander Anderson, Fernand Andersen', ['Alexander Anderson', 'Fernand Andersen']],
    ['Martin King, Jr., Ada', ['Martin King Jr.', 'Ada']],
    ['', []],
  ] as const)('%s', ([line, names]) => {
    expect(authorNames(line)).toEqual(names)
  })
})

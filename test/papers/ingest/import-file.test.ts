import { readFile, utimes } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { eq } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { importFile } from '../../../src/papers/ingest/import-file.ts'
import { listDay } from '../../../src/papers/lists/list-day.ts'
import { authorLine, readable } from '../../../src/papers/readable.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { papers, signals } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import {
  closeHourUtc,
  dailyFile,
  everything,
  hfEntry,
  importing,
  LATER,
  monthlyFile,
  noRealPapers,
  seedFile,
  unpacked,
  withFile,
} from '../support.ts'

const paper = async (db: Db, sourceId: string) =>
  (await db.select().from(papers).where(eq(papers.sourceId, sourceId)))[0]!
const shown = async (db: Db, date: string, sourceId: string) =>
  (await listDay({ db, now: () => LATER, closeHourUtc }, date))?.papers.find((row) => row.sourceId === sourceId)

describe.skipIf(noRealPapers)('real lists', () => {
  test('importing a list again changes no row of any table', async ({ db }) => {
    expect(await importing(db, dailyFile('2026-04-10'))).toMatchObject({ changed: 0, bad: [], days: ['2026-04-10'] })
    const before = await everything(db)
    const again = await importing(db, dailyFile('2026-04-10'), undefined, new Date('2027-01-01T00:00:00Z'))
    expect(again).toMatchObject({ added: 0, changed: 0, signals: 0 })
    expect(again.papers).toBeGreaterThan(10)
    expect(await everything(db)).toEqual(before)
  })

  test('a month of final counts and its morning lists can be imported repeatedly, in either order', async ({ db }) => {
    const files = [monthlyFile('2025-09'), dailyFile('2025-09-10'), dailyFile('2025-09-26')]
    for (const file of files) await importing(db, file)
    const before = await everything(db)
    for (const file of [...files, ...files.toReversed()])
      expect(await importing(db, file)).toMatchObject({ added: 0, changed: 0, signals: 0 })
    expect(await everything(db)).toEqual(before)
    expect(await db.$count(papers)).toBe(535)
  })

  test('a moved paper is on the later day, whichever list is imported first', async ({ db, databaseUrl }) => {
    expect(databaseUrl).toBeTruthy()
    const [first, second] = [dailyFile('2026-04-10'), dailyFile('2026-04-16')]
    for (const order of [
      [first, second, first],
      [second, first, second],
    ]) {
      await db.delete(papers)
      for (const file of order) await importing(db, file)
      const moved = await paper(db, '2604.07429')
      expect(moved.listDay).toBe('2026-04-16')
      expect(moved.listedAt).toEqual(new Date('2026-04-16T00:37:41.094Z'))
      expect(await shown(db, '2026-04-10', '2604.07429')).toBeUndefined()
    }
  })

  test('votes count as of the close of the list day', async ({ db }) => {
    await importing(db, dailyFile('2025-07-16'))
    const moments = await db.selectDistinct({ at: signals.observedAt, origin: signals.origin }).from(signals)
    expect(moments).toEqual([{ at: new Date('2025-07-17T02:00:00Z'), origin: 'undated' }])
  })

  test('the seed list keeps its order, and its LaTeX becomes readable', async ({ db }) => {
    const report = await importing(db, seedFile, '2025-03-14')
    expect(report).toMatchObject({ papers: 87, added: 87, signals: 0, bad: [] })
    const before = await everything(db)
    expect(await importing(db, seedFile, '2025-03-14')).toMatchObject({ added: 0, changed: 0 })
    expect(await everything(db)).toEqual(before)

    const given = JSON.parse(await readFile(seedFile, 'utf8')) as { title: string }[]
    const day = await listDay({ db, now: () => LATER, closeHourUtc }, '2025-03-14', { limit: 100 })
    expect(day?.papers.map((row) => row.title)).toEqual(given.map((entry) => readable(entry.title)))
    expect(day?.papers.find((row) => row.title.startsWith('IA-RED'))?.title).toMatch(/^IA-RED²: /)
    expect(day?.papers.every((row) => row.votes === undefined && row.reason === undefined)).toBe(true)
  })
})

describe.skipIf(noRealPapers)('unusual papers of real lists', () => {
  const cases: [
    what: string,
    id: string,
    month: string,
    check: (row: NonNullable<Awaited<ReturnType<typeof shown>>>) => void,
  ][] = [
    [
      '3,303 authors, one of them hidden',
      '2507.06261',
      '2025-07',
      (row) => expect(authorLine(row.authors)).toMatch(/ and 3,299 others$/),
    ],
    ['a title of 6 characters', '2508.10104', '2025-08', (row) => expect(row.title).toHaveLength(6)],
    ['a title of 206 characters', '2504.13099', '2025-04', (row) => expect(row.title.length).toBeGreaterThan(190)],
    [
      'a hard-wrapped title',
      '2507.00316',
      '2025-07',
      (row) => expect(row.title).toMatch(/^μ²Tokenizer: Differentiable .* for Radiology Report Generation$/),
    ],
    ['<think> in a title', '2504.07128', '2025-04', (row) => expect(row.title).toContain("Let's <think> about")],
    [
      '<think> in a title, closed',
      '2509.08358',
      '2025-09',
      (row) => expect(row.title).toContain('</think> Lessons learned'),
    ],
    [
      'money that is no maths',
      '2507.16116',
      '2025-07',
      (row) => expect(row.title).toContain('with $500 Training Cost'),
    ],
    ['an escaped ampersand', '2508.15881', '2025-08', (row) => expect(row.title).toContain('Prefill & Decode')],
    ['π', '2507.13347', '2025-07', (row) => expect(row.title).toMatch(/^π³: /)],
    ['μ', '2508.09752', '2025-08', (row) => expect(row.title).toContain('μ')],
    ['τ', '2508.20931', '2025-08', (row) => expect(row.title).toContain('τ')],
    ['Δ', '2509.07558', '2025-09', (row) => expect(row.title).toContain('Δ')],
    ['no submitter', '2508.08665', '2025-08', (row) => expect(row.title).toMatch(/^Aryabhata/)],
    ['a late riser', '2509.08721', '2025-09', (row) => expect(row).toMatchObject({ votes: 665, comments: 56 })],
  ]
  test('are shown as readable text', async ({ db }) => {
    for (const month of ['2025-04', '2025-07', '2025-08', '2025-09']) await importing(db, monthlyFile(month))
    for (const [what, id, , check] of cases) {
      const found = await paper(db, id)
      expect(found, what).toBeDefined()
      const row = await shown(db, found.listDay, id)
      expect(row, what).toBeDefined()
      check(row!)
      expect(row).toMatchObject({
        url: `https://arxiv.org/abs/${id}`,
        pdfUrl: `https://arxiv.org/pdf/${id}`,
        discussionUrl: `https://huggingface.co/papers/${id}`,
      })
    }
  })

  test('hidden authors are not shown, and the organisation is found in its field of September 2025', async ({ db }) => {
    const entries = JSON.parse((await unpacked(monthlyFile('2025-09'))).toString()) as {
      submitterOrganization?: { fullname: string }
      organization?: object
      paper: { id: string; authors: { name: string; hidden?: boolean }[] }
    }[]
    await importing(db, monthlyFile('2025-09'))
    await importing(db, dailyFile('2025-09-26'))
    for (const { paper: given } of entries.filter((entry) => entry.paper.authors.some((author) => author.hidden))) {
      const hidden = given.authors.filter((author) => author.hidden).map((author) => author.name)
      expect((await paper(db, given.id)).authors).not.toEqual(expect.arrayContaining(hidden))
    }
    const daily = JSON.parse((await unpacked(dailyFile('2025-09-26'))).toString()) as typeof entries
    for (const entry of daily.filter((candidate) => candidate.submitterOrganization)) {
      expect((await paper(db, entry.paper.id)).organization).toBeTruthy()
    }
  })
})

describe('the time at which votes were read', () => {
  const day = '2026-04-10'
  const moments = async (db: Db) =>
    (await db.select().from(signals).orderBy(signals.observedAt)).map(
      ({ observedAt, origin }) => `${observedAt.toISOString()} ${origin}`,
    )
  const list = JSON.stringify([hfEntry('2604.00001', { upvotes: 9 })])
  const importedAt = (db: Db, { changed, observed }: { changed?: Date; observed?: Date }) =>
    withFile(list, async (file) => {
      if (changed) await utimes(file, changed, changed)
      return importFile({ db, now: () => LATER, closeHourUtc }, file, { observed })
    })

  test('is the given one, and replaces an assumed one', async ({ db }) => {
    await importedAt(db, {})
    expect(await moments(db)).toEqual(['2026-04-11T02:00:00.000Z undated'])
    await importedAt(db, { observed: new Date(`${day}T09:05:00Z`) })
    expect(await moments(db)).toEqual([`${day}T09:05:00.000Z file`])
  })

  test('is that of the file, if it was last changed while the list was open', async ({ db }) => {
    await importedAt(db, { changed: new Date(`${day}T09:05:00Z`) })
    expect(await moments(db)).toEqual([`${day}T09:05:00.000Z file`])
  })

  test.for(['2026-04-09T23:59:00Z', '2026-04-11T02:00:00Z', '2026-06-01T00:00:00Z'])(
    'is unknown for a file last changed at %s, so the close is assumed',
    async (changed, { db }) => {
      await importedAt(db, { changed: new Date(changed) })
      expect(await moments(db)).toEqual(['2026-04-11T02:00:00.000Z undated'])
    },
  )

  test('is neither in the future nor before the list', async ({ db }) => {
    for (const observed of ['2100-01-01T00:00:00Z', '2026-04-09T23:59:00Z'])
      await expect(importedAt(db, { observed: new Date(observed) }), observed).rejects.toMatchObject({
        code: 'BAD_IMPORT',
      })
    expect(await db.$count(papers)).toBe(0)
  })
})

describe('a file', () => {
  const day = '2026-04-10'

  test('is unpacked by its content, not its name', async ({ db }) => {
    await withFile(gzipSync(JSON.stringify([hfEntry('2604.00001')])), (file) => importing(db, file), 'list.json')
    await withFile(`\ufeff${JSON.stringify([hfEntry('2604.00002')])}`, (file) => importing(db, file), 'list.json.gz')
    expect(await db.$count(papers)).toBe(2)
  })

  test('reports invalid entries and imports the others', async ({ db }) => {
    const entries = [
      hfEntry('2604.00001'),
      null,
      { paper: 7 },
      hfEntry('2604.00002', { title: ' ' }),
      hfEntry('2604.00003', { submittedOnDailyAt: 'soon' }),
      hfEntry('2604.00001'),
      hfEntry('2604.00004'),
    ]
    const report = await withFile(JSON.stringify(entries), (file) => importing(db, file))
    expect(report.bad.map(({ position, reason }) => `${position} ${reason}`)).toEqual([
      '2 is not an object with a title',
      '3 has no list day. Add it with --date',
      '4 has no title',
      '5 has no "submittedOnDailyAt". Add the list day with --date',
      '6 is the same paper as entry 1',
    ])
    expect(report).toMatchObject({ papers: 2, added: 2 })
    expect(report.bad[0]!.file).toMatch(/list\.json$/)
  })

  test('names entries whose titles show nothing, and drops such authors and keywords', async ({ db }) => {
    const titles = ['\u200b', '{}', '\\vspace{1cm}', '<i></i>', '$\\alpha$', '🚀', '注意力', 'انتباه']
    const list = titles.map((title) => ({
      title,
      date: '2026-04-10',
      authors: ['{}', 'Ada'],
      keywords: ['\u2060', 'x'],
    }))
    await withFile(JSON.stringify(list), async (file) => {
      const { bad } = await importing(db, file)
      expect(bad.map(({ position, reason }) => `${position} ${reason}`)).toEqual(
        [1, 2, 3, 4].map((position) => `${position} has no title`),
      )
    })
    const rows = await db.select().from(papers).orderBy(papers.listPosition)
    expect(rows.map(({ title, authors, keywords }) => [title, authors, keywords])).toEqual(
      titles.slice(4).map((title) => [title, ['Ada'], ['x']]),
    )
  })

  test('may contain text that PostgreSQL cannot store: NUL and lone surrogates', async ({ db }) => {
    const entry = hfEntry('2604.00001', { title: 'A\u0000B \ud83d', summary: '\u0000', 'ke\u0000y': ['\udead'] })
    await withFile(JSON.stringify([entry]), (file) => importing(db, file))
    expect(await paper(db, '2604.00001')).toMatchObject({ title: 'AB �', abstract: '', raw: { paper: { key: ['�'] } } })
  })

  test('keeps the whole entry with unknown fields, and reads changed fields where possible', async ({ db }) => {
    const drifted = hfEntry(
      '2604.00001v3',
      {
        upvotes: '12',
        authors: ['Ada', { name: 'Bo', hidden: true }, { user: { fullname: 'Cy' } }, 7],
        githubRepo: 'javascript:alert(1)',
        projectPage: 'https://a.example/x',
        githubStars: -3,
        ai_keywords: 'none',
        organization: { name: 'lab' },
        tomorrow: { x: 1 },
      },
      { submittedBy: null, numComments: null },
    )
    await withFile(JSON.stringify([drifted]), (file) => importing(db, file))
    expect(await paper(db, '2604.00001')).toMatchObject({
      source: 'arxiv',
      authors: ['Ada', 'Cy'],
      codeUrl: null,
      projectUrl: 'https://a.example/x',
      organization: 'lab',
      submitter: null,
      keywords: [],
      listDay: day,
      raw: drifted,
    })
    expect(await db.select().from(signals)).toMatchObject([{ votes: 12, comments: 0, stars: null }])
  })

  test('is put on the list day of --date', async ({ db }) => {
    await withFile(JSON.stringify([hfEntry('2604.00001')]), (file) => importing(db, file, '2026-04-12'))
    expect(await paper(db, '2604.00001')).toMatchObject({ listDay: '2026-04-12', listedAt: null })
  })

  test('of titles needs --date, and its arXiv links give ids', async ({ db }) => {
    const list = JSON.stringify([
      { title: 'One', abstract: 'a', authors: 'Ada, Bo and Cy', url: 'https://a.example/1' },
      { title: 'Two', url: 'https://arxiv.org/pdf/2604.00009v2' },
      { title: 'ONE!' },
    ])
    await expect(withFile(list, (file) => importing(db, file))).rejects.toMatchObject({
      code: 'BAD_IMPORT',
      message: expect.stringContaining('Add --date'),
    })
    const report = await withFile(list, (file) => importing(db, file, day))
    expect(report.bad).toMatchObject([{ position: 3, reason: 'is the same paper as entry 1' }])
    const rows = await db.select().from(papers).orderBy(papers.listPosition)
    expect(rows).toMatchObject([
      { source: 'title', title: 'One', authors: ['Ada', 'Bo', 'Cy'], url: 'https://a.example/1', listPosition: 1 },
      { source: 'arxiv', sourceId: '2604.00009', url: 'https://arxiv.org/abs/2604.00009' },
    ])
  })

  test('imported while its day is open has current votes', async ({ db }) => {
    const noon = new Date('2026-04-10T12:00:00Z')
    await withFile(JSON.stringify([hfEntry('2604.00001')]), (file) => importing(db, file, undefined, noon))
    expect(await db.select().from(signals)).toMatchObject([{ observedAt: noon }])
  })

  test.for([
    ['[{"title": "a"},\n {"title": b}]', /list\.json is not valid JSON at line 2, column 12: /],
    ['[{"title": "a"},\n {"title": "b"', /is not valid JSON at line 2, column 15: /],
    ['[1 2]', /at line 1, column 4: /],
    ['ada@example.org,active\n', /list\.json is none of: JSON, JSON Lines, arXiv’s feeds and texts, a CSV .*\.$/],
    ['["ada@example.org", ada@example.org]', /is not valid JSON at line 1, column 21: Unexpected token 'a'\.$/],
    ['', /list\.json is empty\.$/],
    [gzipSync(''), /list\.json is empty\.$/],
    ['{"error": "no"}', /is JSON, but not a list of papers/],
    [new Uint8Array([0x5b, 0xff, 0x5d]), /is not UTF-8 text/],
    [gzipSync('[]').subarray(0, 15), /cannot be read: unexpected end of file/],
  ] as const)('that cannot be parsed is an error with the position: %s', async ([content, message], { db }) => {
    await expect(withFile(content, (file) => importing(db, file, day))).rejects.toMatchObject({
      code: 'BAD_IMPORT',
      message: expect.stringMatching(message),
    })
    expect(await db.$count(papers)).toBe(0)
  })

  test('that does not exist, or an invalid date, is an error', async ({ db }) => {
    await expect(importing(db, '/nowhere/list.json')).rejects.toMatchObject({
      code: 'BAD_IMPORT',
      message: '/nowhere/list.json does not exist.',
    })
    await expect(importing(db, '/nowhere', '2026-02-30')).rejects.toMatchObject({
      code: 'BAD_IMPORT',
      message: expect.stringContaining('"2026-02-30" is not a day'),
    })
  })

  test('over the size limit once unpacked is refused early', async ({ db }) => {
    const bomb = gzipSync(Buffer.alloc(201 * 1024 * 1024, 0x20), { level: 1 })
    await expect(withFile(bomb, (file) => importing(db, file, day))).rejects.toMatchObject({
      code: 'BAD_IMPORT',
      message: expect.stringContaining('larger than 100 MB once unpacked'),
    })
  })

  test('with endless nesting does not overflow the stack', async ({ db }) => {
    const deep = `[${'{"paper":'.repeat(5000)}1${'}'.repeat(5000)}]`
    const nested = JSON.stringify([hfEntry('2604.00001')]).replace(
      '"Ada"',
      `"Ada","x":${'['.repeat(5000)}${']'.repeat(5000)}`,
    )
    expect((await withFile(deep, (file) => importing(db, file, day))).bad).toHaveLength(1)
    expect((await withFile(nested, (file) => importing(db, file, day))).bad).toMatchObject([
      { reason: 'is nested more than 60 deep' },
    ])
  })
})

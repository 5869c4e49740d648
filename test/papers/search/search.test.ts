import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { describe, expect, inject, onTestFinished } from 'vitest'
import { checkDatabase } from '../../../src/operate/doctor/database.ts'
import { findByAuthor } from '../../../src/papers/search/find-by-author.ts'
import { indexPapers } from '../../../src/papers/search/index-papers.ts'
import { type SearchQuery, searchPapers } from '../../../src/papers/search/search.ts'
import type { Piece } from '../../../src/papers/search/snippet.ts'
import { topicCounts } from '../../../src/papers/topics/topic-counts.ts'
import { type Db, databaseOn, migrate, openPool } from '../../../src/runtime/db/database.ts'
import { test } from '../../support/database.ts'
import { onDatabase, runSql } from '../../support/global-setup.ts'
import { addPapers } from '../../support/services.ts'
import { fixture, hfEntry, importing, withFile } from '../support.ts'

const now = () => new Date('2026-04-20T12:00:00Z')

const put = (db: Db, entries: object[]) =>
  withFile(JSON.stringify(entries), (file) => importing(db, file, undefined, now()))
/** The papers that have all words. */
const found = async (db: Db, query: SearchQuery) =>
  (await searchPapers({ db, now }, query)).papers.flatMap((paper) => (paper.match === 'all' ? [paper.sourceId] : []))
const marks = (pieces: Piece[]) => pieces.map(({ text, hit }) => (hit ? `[${text}]` : text)).join('')

const library = [
  hfEntry('2604.00001', {
    title: 'Video diffusion with $\\mu^2$ steps',
    summary: 'We generate videos by denoising <script>alert(1)</script> latent frames.',
    authors: [{ name: 'Jürgen Müller' }, { name: 'Wei Jones' }],
    ai_keywords: ['video generation', 'Diffusion Models (DMs)'],
    submittedOnDailyAt: '2026-04-10T01:00:00Z',
    githubRepo: 'https://a.example/c',
  }),
  hfEntry('2604.00002', {
    title: 'Robots that learn from video',
    summary: 'A robot watches. No diffusion here, and no frames.',
    ai_keywords: ['robot learning'],
    submittedOnDailyAt: '2026-04-13T01:00:00Z',
  }),
  hfEntry('2604.00003', {
    title: 'Text-to-video at scale',
    summary: 'Scaling text encoders.',
    authors: [{ name: 'Ada' }],
    ai_keywords: ['text-to-video generation'],
    submittedOnDailyAt: '2026-04-14T01:00:00Z',
  }),
]

const HOSTILE = [
  '',
  ' ',
  '"',
  '"unclosed',
  '-',
  '- -',
  '& | ! <-> :*',
  "'; DROP TABLE papers; --",
  '\u0000',
  'the',
  '-video',
  'a'.repeat(5_000),
  '\ud800',
  '💥',
  '(((',
  'or or or',
  '2604.',
  'x:y:z',
  '%_\\',
  '<b',
  'a<b>c',
  '-'.repeat(300),
  '－'.repeat(300),
  '¨-'.repeat(100),
  '-- '.repeat(100),
  `video ${'(-'.repeat(100)}robots`,
  'video|-'.repeat(40),
]

describe('search', () => {
  test('finds words in title, abstract, authors and keywords, titles first', async ({ db }) => {
    await put(db, library)
    expect(await found(db, { q: 'diffusion' })).toEqual(['2604.00001', '2604.00002'])
    expect(await found(db, { q: 'robots frame' })).toEqual(['2604.00002'])
    expect(await found(db, { q: 'muller' })).toEqual(['2604.00001'])
    expect(await found(db, { q: 'Jones videos' })).toEqual(['2604.00001'])
    expect(await found(db, { q: '"latent frames"' })).toEqual(['2604.00001'])
    expect(await found(db, { q: '"frames latent"' })).toEqual([])
    expect(await found(db, { q: '"video diffusion"' })).toEqual(['2604.00001'])
    expect(await found(db, { q: '"diffusion video"' })).toEqual([])
    expect(await found(db, { q: 'video -robots' })).not.toContain('2604.00002')
  })

  test('an arXiv id, with version or as a link, finds that paper', async ({ db }) => {
    await put(db, library)
    for (const q of ['2604.00002', 'arXiv:2604.00002v3', ' https://arxiv.org/pdf/2604.00002v1.pdf '])
      expect(await found(db, { q })).toEqual(['2604.00002'])
    expect(await found(db, { q: '2604.99999' })).toEqual([])
  })

  test('filters by days, topic and code, with words and without', async ({ db }) => {
    await put(db, library)
    expect(await found(db, {})).toEqual(['2604.00003', '2604.00002', '2604.00001'])
    expect(await found(db, { topic: 'video-generation' })).toEqual(['2604.00003', '2604.00001'])
    expect(await found(db, { topic: 'video-generation', hasCode: true })).toEqual(['2604.00001'])
    expect(await found(db, { from: '2026-04-13', to: '2026-04-13' })).toEqual(['2604.00002'])
    expect(await found(db, { q: 'video', from: '2026-04-14' })).toEqual(['2604.00003'])
  })

  test('marks whole words: not what stands inside another one', async ({ db }) => {
    await put(db, [hfEntry('2604.00031', { title: 'Language age', summary: 'The average age-aware page of AGES.' })])
    const [paper] = (await searchPapers({ db, now }, { q: 'age' })).papers
    expect(marks(paper!.titlePieces)).toBe('Language [age]')
    expect(marks(paper!.snippet)).toBe('The average [age]-aware page of [AGES].')
  })

  test('marks matches; no paper can forge a mark or inject HTML', async ({ db }) => {
    await put(db, [
      ...library,
      hfEntry('2604.00009', {
        title: 'Latent \u0001forged\u0002 marks',
        summary: 'About \u0001forged\u0002 latent marks.',
      }),
    ])
    const { papers } = await searchPapers({ db, now }, { q: 'latent' })
    const [forger, honest] = ['2604.00009', '2604.00001'].map((id) => papers.find((paper) => paper.sourceId === id)!)
    expect(marks(honest!.titlePieces)).toBe('Video diffusion with μ² steps')
    expect(marks(honest!.snippet)).toBe('We generate videos by denoising <script>alert(1)</script> [latent] frames.')
    expect(marks(forger!.titlePieces)).toBe('[Latent] forged marks')
    expect(marks(forger!.snippet)).toBe('About forged [latent] marks.')
  })

  test('pages have no gaps or repetitions, by rank and by day', async ({ db }) => {
    const ids = Array.from({ length: 23 }, (_, index) => `2604.1${String(index).padStart(4, '0')}`)
    await put(
      db,
      ids.map((id, index) =>
        hfEntry(id, {
          title: index % 3 ? 'A common title' : 'A common title, common',
          summary: index === 4 ? 'Unheard of.' : '',
        }),
      ),
    )
    await indexPapers({ db })
    for (const query of [
      { q: 'common' },
      {},
      { q: 'common', order: 'date' as const },
      // One paper has all of the words, and the rest have some.
      { q: 'common unheard' },
      { q: 'common unheard', limit: 1 },
      { q: 'common unheard', order: 'date' as const },
    ]) {
      const seen: string[] = []
      let after: string | undefined
      do {
        const page = await searchPapers({ db, now }, { limit: 5, ...query, after })
        expect(page.papers.length).toBeGreaterThan(0)
        seen.push(...page.papers.map((paper) => paper.sourceId))
        after = page.next
      } while (after)
      expect(seen.length).toBe(23)
      expect(new Set(seen)).toEqual(new Set(ids))
    }
  })

  test('mistyped words are corrected to words of papers and authors, only when nothing is found', async ({ db }) => {
    await put(db, library)
    await indexPapers({ db })
    const corrected = async (q: string) => {
      const { papers, corrected } = await searchPapers({ db, now }, { q })
      return [corrected, ...papers.map((paper) => paper.sourceId)]
    }
    expect(await corrected('difusion')).toEqual(['diffusion', '2604.00001', '2604.00002'])
    expect(await corrected('denoissing latnet')).toEqual(['denoising latent', '2604.00001'])
    expect(await corrected('"latnet frames"')).toEqual(['"latent frames"', '2604.00001'])
    expect(await corrected('Jurgen Mulller')).toEqual(['Jurgen muller', '2604.00001'])
    expect(await corrected('diffusion')).toEqual([undefined, '2604.00001', '2604.00002'])
    expect(await corrected('diffusion robots scaling')).toEqual([undefined, '2604.00002', '2604.00003', '2604.00001'])
    expect(await corrected('qqqqqq')).toEqual([undefined])
    // No paper has "denoised", but "denoising" is the same word.
    expect(await corrected('denoised scaled')).toEqual([undefined, '2604.00003', '2604.00001'])
    const typed = await searchPapers({ db, now }, { q: 'difusion', exact: true })
    expect([typed.papers, typed.corrected]).toEqual([[], undefined])
  })

  test('a form of a stop word is not mistyped, which no collection has among its words', async ({ db }) => {
    await put(db, [
      hfEntry('2604.00001', {
        title: 'Marking and preventing tests',
        summary: 'Approached by a prosing introduction.',
      }),
    ])
    await indexPapers({ db })
    for (const q of ['making', 'presenting', 'approaches', 'proposing', 'introducing'])
      expect([q, (await searchPapers({ db, now }, { q })).corrected]).toEqual([q, undefined])
    expect((await searchPapers({ db, now }, { q: 'markink' })).corrected).toBe('marking')
  })

  test('an author whose name has stop words is found by it, before others of the same surname', async ({ db }) => {
    const by = (id: string, name: string, title = 'Sampling', day = '2026-04-10') =>
      hfEntry(id, { title, authors: [{ name: 'Ada' }, { name }], submittedOnDailyAt: `${day}T01:00:00Z` })
    await put(db, [
      by('2604.00001', 'An Luo'),
      by('2604.00002', 'Yi Luo', 'The Luo sampler of Luo', '2026-04-14'),
      by('2604.00003', 'Will Do'),
      by('2604.00004', 'He She', 'Sampling', '2026-04-09'),
      by('2604.00005', 'Yi Luo', 'Will do, or not', '2026-04-12'),
      by('2604.00006', 'Will Do', 'Sampling', '2026-04-13'),
    ])
    await indexPapers({ db })
    expect(await found(db, { q: 'An Luo' })).toEqual(['2604.00001', '2604.00002', '2604.00005'])
    for (const q of ['an luo', ' AN  LUO', '"An Luo"'])
      expect([q, (await found(db, { q }))[0]]).toEqual([q, '2604.00001'])
    expect(await found(db, { q: 'an luo', order: 'date' })).toEqual(['2604.00002', '2604.00005', '2604.00001'])
    expect(await found(db, { q: 'Will Do' })).toEqual(['2604.00006', '2604.00005', '2604.00003'])
    expect(await found(db, { q: 'will do', order: 'date' })).toEqual(['2604.00006', '2604.00005', '2604.00003'])
    expect(await found(db, { q: 'will do', to: '2026-04-12' })).toEqual(['2604.00005', '2604.00003'])
    expect(await found(db, { q: 'he she' })).toEqual(['2604.00004'])
    const pages: string[] = []
    let after: string | undefined
    do {
      const { papers, next, total } = await searchPapers({ db, now }, { q: 'an luo', limit: 1, after })
      pages.push(...papers.map((paper) => paper.sourceId))
      expect(total.all).toBe(3)
      after = next
    } while (after)
    expect(pages).toEqual(['2604.00001', '2604.00002', '2604.00005'])
  })

  test('no text in the query makes it fail', async ({ db }) => {
    await put(db, library)
    for (const q of HOSTILE) await expect(searchPapers({ db, now }, { q }), q).resolves.toBeDefined()
  })

  test('a malformed cursor returns the first page', async ({ db }) => {
    await put(db, library)
    for (const after of ['', 'x', '1e999:3', 'NaN:1', '2026-02-31:5', '0.1:99999999999999999999', "0';--:1"]) {
      await expect(searchPapers({ db, now }, { after, q: 'video' })).resolves.toBeDefined()
      expect(await found(db, { after })).toHaveLength(3)
    }
  })
})

test('topics are counted', async ({ db }) => {
  await put(db, library)
  const counts = await topicCounts({ db, now }, { fewest: 2 })
  expect(counts).toContainEqual({ slug: 'video-generation', name: 'Video generation', papers: 2 })
})

test('indexing gives topics to papers without any, and leaves the others theirs', async ({ db }) => {
  await put(db, library.slice(0, 2))
  await db.execute(
    sql`UPDATE papers SET topics = CASE source_id WHEN '2604.00001' THEN '{}' ELSE '{by-hand}' END::text[]`,
  )
  await indexPapers({ db })
  const { rows } = await db.execute(sql`SELECT topics FROM papers ORDER BY source_id`)
  expect(rows).toEqual([{ topics: expect.arrayContaining(['video-generation']) }, { topics: ['by-hand'] }])
})

test('an older title with the word comes first, even when more papers have the word than are ranked', async ({
  db,
}) => {
  const ids: number[] = []
  for (let day = 1; day <= 14; day++) ids.push(...(await addPapers(db, `2019-04-${String(day).padStart(2, '0')}`, 25)))
  // One of 350 papers, and not among the newest that are ranked.
  await db.execute(sql`UPDATE papers SET title = 'To show something' WHERE id = ${ids[3]}`)
  for (const q of ['something', '"show something"', 'something -robots']) {
    const { papers } = await searchPapers({ db, now }, { q, from: '2019-04-01', to: '2019-04-30' })
    expect([q, papers[0]!.id]).toEqual([q, ids[3]])
    expect(papers.map((paper) => paper.id).slice(1, 3)).toEqual([ids.at(-1), ids.at(-2)])
  }
  expect((await searchPapers({ db, now }, { q: '"something show"', to: '2019-04-30' })).papers).toEqual([])
})

test('a word that thousands of papers have finds the newest papers and titles', async ({ db }) => {
  await db.execute(sql`
    INSERT INTO papers (source, source_id, title, abstract, authors, raw, list_day, list_position)
    SELECT 'arxiv', '1904.' || lpad(n::text, 5, '0'), 'Of robots', 'They walk.', '{}', '{}', date '2019-04-01' + n / 100, n % 100
    FROM generate_series(100, 6099) n`)
  await db.execute(sql`UPDATE papers SET title = 'Walk' WHERE source_id = '1904.05850'`)
  await db.execute(sql`ANALYZE papers`)
  const { papers } = await searchPapers({ db, now }, { q: 'walk' })
  expect(papers.map((paper) => paper.sourceId).slice(0, 3)).toEqual(['1904.05850', '1904.06099', '1904.06098'])
})

test('the newest hundred titles with words or a phrase are ranked, also when many titles have the words in another order', async ({
  db,
}) => {
  await db.execute(sql`
    INSERT INTO papers (source, source_id, title, abstract, authors, raw, list_day, list_position)
    SELECT 'arxiv', '1904.' || lpad(n::text, 5, '0'), CASE WHEN n % 4 = 0 THEN 'Robots walk' WHEN n % 8 = 1 THEN 'To walk like robots' ELSE 'Legs' END,
      'Robots walk.', '{}', '{}', date '2019-04-01' + n / 100, n % 100
    FROM generate_series(100, 6099) n`)
  await db.execute(sql`ANALYZE papers`)
  // The newest 200 papers, and older ones with the words in their titles: 75 and 50 of the newest have them.
  for (const [q, older] of [
    ['walk', 25],
    ['robots walk', 25],
    ['walk -birds', 25],
    ['"robots walk"', 50],
  ] as const)
    expect([q, (await searchPapers({ db, now }, { q })).total.listed]).toEqual([q, 200 + older])
})

test('a title counts more than keywords or authors, and these more than any number of words in the abstract', async ({
  db,
}) => {
  const plain = { summary: 'We study birds.', authors: [{ name: 'Ada' }] }
  await put(db, [
    hfEntry('2604.00011', {
      ...plain,
      title: 'A plain title',
      summary: 'Herons, herons, herons, and other herons; a heron is a heron.',
    }),
    hfEntry('2604.00012', { ...plain, title: 'Another plain title', authors: [{ name: 'Bo Heron' }] }),
    hfEntry('2604.00013', { ...plain, title: 'The heron of plain titles' }),
    hfEntry('2604.00014', { ...plain, title: 'One more plain title', ai_keywords: ['heron'] }),
  ])
  const [title, ...others] = await found(db, { q: 'heron' })
  expect([title, others.slice(0, 2).sort(), others[2]]).toEqual([
    '2604.00013',
    ['2604.00012', '2604.00014'],
    '2604.00011',
  ])
})

describe('search finds the text that pages show:', () => {
  test.for([
    ['τ-bench', '2511.90011'],
    ['kNN', '2511.90014'],
    ['∞-Bench', '2511.90014'],
    ['LoRA', '2511.90014'],
    ['π_0', '2511.90012'],
    ['Nowak Lukasz', '2511.90012'],
    ['Kowal Lukasz', '2511.90001'],
    ['Łukasz Kowal', '2511.90001'],
    ['Soren Ase', '2511.90001'],
    ['Dang Van', '2511.90013'],
    ['Erdogan Isik', '2511.90013'],
    ['Weiss', '2511.90013'],
    ['Orsted', '2511.90013'],
    ['Aesir', '2511.90013'],
    ['Ana Erdős', '2511.90014'],
    ['注意力', '2511.90003'],
    ['大语言模型', '2511.90003'],
    ['王小明', '2511.90003'],
    ['o3-mini', '2511.90002'],
    ['IA-RED', '2511.90013'],
  ])('%s', async ([q, id], { db }) => {
    await importing(db, fixture('search.jsonl'))
    await importing(db, fixture('search-latex.jsonl'))
    expect(await found(db, { q })).toContain(id)
  })

  test('a minus excludes the word that it stands before; any other hyphen excludes nothing', async ({ db }) => {
    await put(db, library)
    for (const q of [
      'robots - video',
      'robots -- video',
      'robots (-video)',
      'robots|-video',
      'robots（－video）',
      'robots <-video',
      'robots ＜--video',
      'robots ->video',
      '- robots',
    ])
      expect([q, await found(db, { q })]).toEqual([q, ['2604.00002']])
    for (const q of ['video -robots', 'video --robots', 'video －robots', 'video -(robots)', 'video -robot(learning)'])
      expect([q, await found(db, { q })]).toEqual([q, ['2604.00001', '2604.00003']])
    expect(await found(db, { q: '＂video diffusion＂' })).toEqual(['2604.00001'])
    expect(await found(db, { q: '---' })).toEqual([])
  })

  test('a hyphen behind a raised or lowered number, or an ideograph, excludes nothing', async ({ db }) => {
    await put(db, [hfEntry('2604.00021', { title: '$\\tau^2$-Bench for CO$_2$-neutral H₂O₂-free agents 注意力-LLM' })])
    for (const q of ['τ²-Bench', 'CO₂-neutral', 'H₂O₂-free', '注意力-LLM', '"τ²-Bench"'])
      expect([q, await found(db, { q })]).toEqual([q, ['2604.00021']])
    for (const q of ['agents -τ²-Bench', 'agents -bench', 'agents -CO₂-neutral'])
      expect([q, await found(db, { q })]).toEqual([q, []])
  })

  test('the list’s title after arXiv’s record', async ({ db }) => {
    const title = '$\\tau$-bench: A Benchmark'
    await put(db, [hfEntry('2604.00021', { title: 'An older title' })])
    await put(db, [hfEntry('2604.00021', { title, submittedOnDailyAt: '2026-04-11T01:00:00Z' })])
    expect(await found(db, { q: 'τ-bench' })).toEqual(['2604.00021'])
    expect(await found(db, { q: '"older title"' })).toEqual([])
  })
})

test('titles of common words alone are found in any case, also by a database in Turkish', async () => {
  const name = `test_${randomBytes(6).toString('hex')}`
  const server = inject('serverUrl')
  await runSql(
    server,
    `CREATE DATABASE ${name} LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C' ENCODING 'UTF8' TEMPLATE template0`,
  )
  onTestFinished(() => runSql(server, `DROP DATABASE ${name} WITH (FORCE)`))
  await migrate(onDatabase(server, name))
  expect((await checkDatabase(onDatabase(server, name))).diagnoses).toContainEqual(
    expect.objectContaining({ state: 'warning', message: expect.stringContaining('writes I as ı') }),
  )
  const pool = openPool(onDatabase(server, name), () => {})
  onTestFinished(() => pool.end())
  const db = databaseOn(pool)
  await put(db, [hfEntry('2604.00011', { title: 'What Is IT?', summary: 'Frames.' })])
  for (const q of ['What is it?', 'WHAT IS IT']) expect([q, await found(db, { q })]).toEqual([q, ['2604.00011']])
})

test('titles of common words alone are found by them', async ({ db }) => {
  const titled = (id: string, title: string, day: string) =>
    hfEntry(id, { title, summary: 'Frames.', submittedOnDailyAt: `2026-04-${day}T01:00:00Z` })
  await put(db, [
    ...library,
    titled('2604.00011', 'What Is It?', '10'),
    titled('2604.00012', 'To Be, or Not to Be: Robots', '13'),
    titled('2604.00013', 'So what is it that we do', '14'),
    titled('2604.00014', 'Somewhat is item', '14'),
  ])
  await indexPapers({ db })
  for (const q of ['What is it?', 'what is it', '"what is it"'])
    expect(await found(db, { q })).toEqual(['2604.00013', '2604.00011'])
  expect(await found(db, { q: 'What is it?', order: 'date' })).toEqual(['2604.00013', '2604.00011'])
  expect(await found(db, { q: 'What is it?', to: '2026-04-12' })).toEqual(['2604.00011'])
  expect(await found(db, { q: 'to be or not to be' })).toEqual(['2604.00012'])
  expect(await found(db, { q: 'is' }), 'one common word names no paper').toEqual([])
  const first = await searchPapers({ db, now }, { q: 'what is it', limit: 1 })
  const second = await searchPapers({ db, now }, { q: 'what is it', limit: 1, after: first.next })
  expect([first, second].map(({ papers }) => papers[0]!.sourceId)).toEqual(['2604.00013', '2604.00011'])
  expect([first.total.all, second.next]).toEqual([2, undefined])
})

test('an author’s papers are found without reading the others, by the plan that a connection keeps', async ({ db }) => {
  await db.execute(sql`
    INSERT INTO papers (source, source_id, title, abstract, authors, raw, list_day, list_position)
    SELECT 'arxiv', '1904.' || lpad(n::text, 5, '0'), 'Legs', 'Robots walk.', ARRAY['Ada ' || n], '{}', date '2019-04-01' + n / 100, n % 100
    FROM generate_series(100, 8099) n`)
  await db.execute(sql`UPDATE papers SET authors = '{An Luo}' WHERE source_id = '1904.00100'`)
  await db.execute(sql`VACUUM ANALYZE papers`)
  await db.transaction(async (tx) => {
    await tx.execute(sql`SET LOCAL plan_cache_mode = force_generic_plan`)
    expect(await findByAuthor(tx, { q: 'an luo', today: '2026-04-14' })).toHaveLength(1)
    const { rows } = await tx.execute(
      sql`SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_xact_user_tables WHERE relname = 'papers'`,
    )
    expect(Number(rows[0]!.read)).toBeLessThan(10)
  })
})

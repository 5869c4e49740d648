import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { daysLater } from '../../../src/calendar/days.ts'
import type { ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { indexOf } from '../../../src/papers/search/index-papers.ts'
import { countWords } from '../../../src/papers/search/vectorise.ts'
import { wordMatches } from '../../../src/papers/search/word-matches.ts'
import { topicsOf } from '../../../src/papers/topics/topics.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { bigint, queryColumn, queryOne, text } from '../../../src/runtime/db/query.ts'

const CHUNK = 1_000
const A_DAY = 25
const FIRST_DAY = '2015-01-01'
/** More papers are copies of these, each on its original's list day: a word is then in as many more of them. */
const MOST_DIFFERENT = 100_000

interface Made {
  paper: ListedPaper
  topics: string[]
  counts: Map<string, number>
  matches: Map<string, number>
}

type Known = Map<string, { id: number; papers: number }>

/**
 * Fills an empty database with papers made from real ones, as if imported and indexed: word counts are those of the whole library.
 * It creates the indexes at the end, which is faster and gives the same result. A filled database stays as it is, and one that holds
 * the different papers of a larger library only gets their copies.
 */
export async function fillLibrary(db: Db, real: readonly ListedPaper[], count: number): Promise<void> {
  const { filled } = await queryOne(db, { filled: bigint })`SELECT count(*) AS filled FROM papers`
  if (filled !== count) await fill(db, real, count, filled)
  // Topics are named and found by their spellings.
  await db.execute(sql`
    INSERT INTO topic_spellings (slug, spelling, papers)
    SELECT slug, replace(slug, '-', ' '), count(*) FROM papers, unnest(topics) AS slug
    WHERE NOT EXISTS (SELECT FROM topic_spellings) GROUP BY slug`)
}

async function fill(db: Db, real: readonly ListedPaper[], count: number, filled: number) {
  const copies = Math.ceil(count / MOST_DIFFERENT)
  const different = Math.floor(count / copies)
  if ((filled > 0 && filled !== different) || different * copies !== count)
    throw new Error(`A library of ${count} papers cannot be made here.`)
  const indexes = await withoutIndexes(db)
  if (filled === 0) await insertDifferent(db, real, different)
  if (copies > 1) await multiply(db, copies)
  await db.transaction(async (tx) => {
    await tx.execute(sql`SET LOCAL maintenance_work_mem = '1GB'`)
    for (const index of indexes) await tx.execute(sql.raw(index))
  })
  await db.execute(sql`VACUUM ANALYZE`)
}

async function insertDifferent(db: Db, real: readonly ListedPaper[], different: number) {
  const known: Known = new Map()
  for (const { matches } of makePapers(real, different))
    for (const word of matches.keys()) {
      const term = known.get(word)
      if (term) term.papers++
      else known.set(word, { id: known.size + 1, papers: 1 })
    }
  await db.execute(sql`
    INSERT INTO terms (id, term, papers) OVERRIDING SYSTEM VALUE
    SELECT * FROM unnest(${sql.param([...known.values()].map((term) => term.id))}::int[], ${sql.param([...known.keys()])}::text[], ${sql.param([...known.values()].map((term) => term.papers))}::int[])`)
  const search = await withoutGeneratedSearch(db)
  let chunk: Made[] = []
  let first = 0
  for (const paper of makePapers(real, different)) {
    chunk.push(paper)
    if (chunk.length < CHUNK && first + chunk.length < different) continue
    await insert(db, chunk, { first, known, count: different, search })
    first += chunk.length
    chunk = []
  }
}

/**
 * Replaces each paper by copies of it with adjacent ids, on the same list day. PostgreSQL copies the rows, so a million papers take minutes.
 * The words of papers are then in an unlogged table: a crash would empty it.
 */
async function multiply(db: Db, copies: number) {
  const copied = sql`generate_series(0, ${copies - 1}::int) AS copy`
  const idOf = (column: string) => sql`((${sql.raw(column)} - 1) * ${copies}::int + copy + 1)`
  const [id, paperId] = [idOf('id'), idOf('paper_id')]
  await db.transaction(async (tx) => {
    for (const table of ['papers', 'signals', 'paper_vectors', 'paper_terms'])
      await tx.execute(sql.raw(`CREATE TEMPORARY TABLE different_${table} ON COMMIT DROP AS TABLE ${table}`))
    // No checks of foreign keys: the rows are copies of valid ones.
    await tx.execute(sql`SET LOCAL session_replication_role = replica`)
    await tx.execute(sql`TRUNCATE papers, signals, paper_vectors, paper_terms CASCADE`)
    await tx.execute(sql`ALTER TABLE paper_terms SET UNLOGGED`)
    await tx.execute(sql`
      INSERT INTO papers (id, source, source_id, title, abstract, authors, keywords, topics, list_day, list_position, code_url, summary, organization, raw, search)
      OVERRIDING SYSTEM VALUE
      SELECT ${id}, 'arxiv', 1001 + ${id} / 90000 || '.' || lpad((${id} % 90000)::text, 5, '0'), title, abstract, authors, keywords, topics,
        list_day, list_position * ${copies}::int + copy, code_url, summary, organization, raw, search
      FROM different_papers, ${copied}`)
    await tx.execute(sql`
      INSERT INTO signals (paper_id, observed_at, votes, comments, origin)
      SELECT ${paperId}, observed_at, (hashint8(${paperId}) & 127), comments, origin FROM different_signals, ${copied}`)
    await tx.execute(sql`
      INSERT INTO paper_vectors (paper_id, terms, weights, corpus, made_at)
      SELECT ${paperId}, terms, weights, corpus * ${copies}::int, made_at FROM different_paper_vectors, ${copied}`)
    await tx.execute(sql`
      INSERT INTO paper_terms (term_id, paper_id, weight, match)
      SELECT term_id, ${paperId}, weight, match FROM different_paper_terms, ${copied}`)
    await tx.execute(sql`UPDATE terms SET papers = papers * ${copies}::int`)
  })
}

/** Returns words that some papers have, but not many, in the order of their first papers. */
export async function rareWords(db: Db): Promise<string[]> {
  return queryColumn(db, z.string())`
    SELECT term FROM terms CROSS JOIN (SELECT count(*) AS papers, ceil(count(*) / ${MOST_DIFFERENT}::float) AS copies FROM papers) library
    WHERE terms.papers >= 5 * copies AND terms.papers < library.papers / 20 AND term ~ '^[a-z]+$' ORDER BY id`
}

/** Makes the same papers at each call. */
function* makePapers(real: readonly ListedPaper[], count: number): Generator<Made> {
  const random = seeded(1)
  const topics = real.map(topicsOf)
  for (let at = 0; at < count; at++) {
    const own = real[at % real.length]!
    const other = real[Math.floor(random() * real.length)]!
    const paper: ListedPaper = {
      ...own,
      title: at < real.length ? own.title : `${half(own.title, 0)} ${half(other.title, 1)}`,
      abstract: at < real.length ? own.abstract : `${half(own.abstract, 0)} ${half(other.abstract, 1)}`,
      authors: own.authors.slice(0, 12).map(() => {
        const from = real[Math.floor(random() * real.length)]!.authors
        return from[Math.floor(random() * from.length)] ?? 'Ada Lovelace'
      }),
      listDay: daysLater(FIRST_DAY, Math.floor(at / A_DAY)),
      listedAt: undefined,
      raw: {},
    }
    yield {
      paper,
      topics: topics[at % real.length]!,
      counts: countWords(paper),
      matches: wordMatches({ ...paper, summary: paper.summary ?? null, organization: paper.organization ?? null }),
    }
  }
}

interface Filling {
  /** papers before this chunk */
  first: number
  known: Known
  /** papers of the library */
  count: number
  /** expression of a paper's search vector */
  search: string
}

async function insert(db: Db, made: Made[], { first, known, count, search }: Filling) {
  const rows = made.map(({ paper, topics, counts, matches }, at) => ({
    id: first + at + 1,
    title: paper.title,
    abstract: paper.abstract,
    authors: paper.authors,
    keywords: paper.keywords,
    topics,
    list_day: paper.listDay,
    list_position: at % A_DAY,
    code_url: paper.codeUrl,
    summary: paper.summary,
    organization: paper.organization,
    ...indexOf(counts, matches, known, count),
  }))
  // One statement, so that PostgreSQL parses the JSON once.
  await db.execute(sql`
    WITH r AS MATERIALIZED (
      SELECT *, ${sql.raw(search)} AS search FROM (
        SELECT *, NULL::text AS shown_title, NULL::text[] AS shown_keywords, NULL::text[] AS shown_authors, NULL::text AS shown_organization,
          NULL::text AS shown_abstract, NULL::text AS shown_summary
        FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(id bigint, title text, abstract text, authors text[],
          keywords text[], topics text[], list_day date, list_position int, code_url text, summary text, organization text, terms int[], weights real[], words int[], shares real[], matches real[])
      ) papers
    ), added AS (
      INSERT INTO papers (id, source, source_id, title, abstract, authors, keywords, topics, list_day, list_position, code_url, summary, organization, raw, search)
      OVERRIDING SYSTEM VALUE
      SELECT id, 'arxiv', 1001 + id / 90000 || '.' || lpad((id % 90000)::text, 5, '0'), title, abstract, authors, keywords, topics, list_day,
        list_position, code_url, summary, organization, '{}', search FROM r
    ), counted AS (
      INSERT INTO signals (paper_id, observed_at, votes, comments, origin)
      SELECT id, list_day + 1 + time '02:00', (hashint8(id) & 127), 0, 'file' FROM r
    ), read AS (
      INSERT INTO paper_vectors (paper_id, terms, weights, corpus, made_at) SELECT id, terms, weights, ${count}::int, now() FROM r
    )
    INSERT INTO paper_terms (term_id, paper_id, weight, match)
    SELECT word.id, r.id, word.share, word.match FROM r, unnest(words, shares, matches) AS word (id, share, match)`)
}

/** Makes the search vector a plain column, so that copies of a paper need not compute it again. @returns its expression */
async function withoutGeneratedSearch(db: Db): Promise<string> {
  const { expression } = await queryOne(db, { expression: text })`
    SELECT pg_get_expr(d.adbin, d.adrelid) AS expression FROM pg_attrdef d
    JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE d.adrelid = 'papers'::regclass AND a.attname = 'search'`
  await db.execute(sql`ALTER TABLE papers ALTER COLUMN search DROP EXPRESSION`)
  return expression
}

/** Drops indexes and constraints that slow down filling. @returns the statements that create them again */
async function withoutIndexes(db: Db): Promise<string[]> {
  const { rows } = await db.execute<{ name: string; definition: string }>(sql`
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes
    WHERE tablename IN ('papers', 'terms', 'paper_terms') AND indexname NOT IN (SELECT conname FROM pg_constraint)`)
  for (const { name } of rows) await db.execute(sql.raw(`DROP INDEX "${name}"`))
  await db.execute(sql`ALTER TABLE paper_terms DROP CONSTRAINT one_weight_per_paper_and_term`)
  return [
    ...rows.map((row) => row.definition),
    'ALTER TABLE paper_terms ADD CONSTRAINT one_weight_per_paper_and_term PRIMARY KEY (term_id, paper_id) INCLUDE (weight, match)',
  ]
}

/** Returns the first or second half of a text's words. */
function half(text: string, which: 0 | 1): string {
  const words = text.split(/\s+/)
  const middle = Math.ceil(words.length / 2)
  return (which === 0 ? words.slice(0, middle) : words.slice(middle)).join(' ')
}

/** Returns a random generator with the same numbers in every run: linear congruential, from Numerical Recipes. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

import { sql } from 'drizzle-orm'
import { daysLater } from '../../../src/calendar/days.ts'
import type { ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { indexOf } from '../../../src/papers/search/index-papers.ts'
import { countWords } from '../../../src/papers/search/vectorise.ts'
import { wordMatches } from '../../../src/papers/search/word-matches.ts'
import { topicsOf } from '../../../src/papers/topics/topics.ts'
import type { Db } from '../../../src/runtime/db/database.ts'

const CHUNK = 2_000
const A_DAY = 25
const FIRST_DAY = '2015-01-01'

interface Made {
  paper: ListedPaper
  topics: string[]
  counts: Map<string, number>
  matches: Map<string, number>
}

/**
 * Fills an empty database with papers made from real ones, as if imported and indexed: word counts are those of the whole library.
 * It creates the indexes at the end, which is faster and gives the same result.
 * @returns words from the papers, for searching
 */
export async function fillLibrary(db: Db, real: readonly ListedPaper[], count: number): Promise<string[]> {
  const random = seeded(1)
  const topics = real.map(topicsOf)
  const make = (at: number): Made => {
    const own = real[at % real.length]!
    const other = real[Math.floor(random() * real.length)]!
    const paper: ListedPaper = {
      ...own,
      sourceId: `${String(1000 + Math.floor(at / 90_000))}.${String(at % 90_000).padStart(5, '0')}`,
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
    return {
      paper,
      topics: topics[at % real.length]!,
      counts: countWords(paper),
      matches: wordMatches({ ...paper, summary: paper.summary ?? null, organization: paper.organization ?? null }),
    }
  }
  const made = Array.from({ length: count }, (_, at) => make(at))
  const known = new Map<string, { id: number; papers: number }>()
  for (const { matches } of made)
    for (const word of matches.keys()) {
      const term = known.get(word)
      if (term) term.papers++
      else known.set(word, { id: known.size + 1, papers: 1 })
    }
  const indexes = await withoutIndexes(db)
  await db.execute(sql`
    INSERT INTO terms (id, term, papers) OVERRIDING SYSTEM VALUE
    SELECT * FROM unnest(${sql.param([...known.values()].map((term) => term.id))}::int[], ${sql.param([...known.keys()])}::text[], ${sql.param([...known.values()].map((term) => term.papers))}::int[])`)
  for (let at = 0; at < made.length; at += CHUNK) await insert(db, made.slice(at, at + CHUNK), at, known, count)
  for (const index of indexes) await db.execute(sql.raw(index))
  await db.execute(sql`VACUUM ANALYZE`)
  return [...known]
    .filter(([word, { papers }]) => papers >= 5 && papers < count / 20 && /^[a-z]+$/.test(word))
    .map(([word]) => word)
}

async function insert(
  db: Db,
  made: Made[],
  first: number,
  known: Map<string, { id: number; papers: number }>,
  corpus: number,
) {
  const rows = made.map(({ paper, topics, counts, matches }, at) => ({
    id: first + at + 1,
    source_id: paper.sourceId,
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
    ...indexOf(counts, matches, known, corpus),
  }))
  // One statement, so that PostgreSQL parses the JSON once.
  await db.execute(sql`
    WITH r AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(id bigint, source_id text, title text, abstract text, authors text[],
        keywords text[], topics text[], list_day date, list_position int, code_url text, summary text, organization text, terms int[], weights real[], words int[], shares real[], matches real[])
    ), added AS (
      INSERT INTO papers (id, source, source_id, title, abstract, authors, keywords, topics, list_day, list_position, code_url, summary, organization, raw)
      OVERRIDING SYSTEM VALUE
      SELECT id, 'arxiv', source_id, title, abstract, authors, keywords, topics, list_day, list_position, code_url, summary, organization, '{}' FROM r
    ), counted AS (
      INSERT INTO signals (paper_id, observed_at, votes, comments, origin)
      SELECT id, list_day + 1 + time '02:00', (hashint8(id) & 127), 0, 'file' FROM r
    ), read AS (
      INSERT INTO paper_vectors (paper_id, terms, weights, corpus, made_at) SELECT id, terms, weights, ${corpus}::int, now() FROM r
    )
    INSERT INTO paper_terms (term_id, paper_id, weight, match)
    SELECT word.id, r.id, word.share, word.match FROM r, unnest(r.words, r.shares, r.matches) AS word (id, share, match)`)
}

/** Drops indexes and constraints that slow down filling. @returns the statements that create them again */
async function withoutIndexes(db: Db): Promise<string[]> {
  const { rows } = await db.execute<{ name: string; definition: string }>(sql`
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes
    WHERE tablename IN ('papers', 'terms', 'paper_terms') AND indexname NOT IN (SELECT conname FROM pg_constraint)`)
  for (const { name } of rows) await db.execute(sql.raw(`DROP INDEX "${name}"`))
  await db.execute(
    sql`ALTER TABLE paper_terms DROP CONSTRAINT one_weight_per_paper_and_term, DROP CONSTRAINT paper_terms_paper_id_fkey`,
  )
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

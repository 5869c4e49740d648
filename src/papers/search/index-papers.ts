import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query, queryOne } from '../../runtime/db/query.ts'
import { indexLock } from '../locks.ts'
import { readable } from '../readable.ts'
import { topicsOf } from '../topics/topics.ts'
import { countWords, type Vector, vectorise } from './vectorise.ts'
import { wordMatches } from './word-matches.ts'
import { foldedWords } from './words.ts'

/**
 * Papers per transaction. Vectors made in a corpus half as large are made again, so small batches of a new library would be indexed twice.
 * It takes 15 MB more than batches of 500.
 */
const BATCH = 1_500

/**
 * Indexes the words of papers that are new or changed.
 * It also updates vectors made when there were less than half as many papers, because word weights need many papers.
 * Each batch is a transaction, so a stop loses one batch at most.
 *
 * @returns the number of papers; 0 while another process indexes
 */
export async function indexPapers({ db }: { db: Db }, signal?: AbortSignal): Promise<number> {
  let indexed = 0
  while (!signal?.aborted) {
    const size = await db.transaction(async (tx) => {
      // Two processes would wait for each other's rows of `terms`.
      const { ours } = await queryOne(
        tx,
        z.object({ ours: z.boolean() }),
      )`SELECT pg_try_advisory_xact_lock(${indexLock}) AS ours`
      const papers = ours ? await readStale(tx) : []
      await indexBatch(tx, papers)
      return papers.length
    })
    indexed += size
    if (size < BATCH) break
  }
  return indexed
}

const StalePaper = z.object({
  id: bigint,
  title: z.string(),
  abstract: z.string(),
  summary: z.string().nullable(),
  authors: z.array(z.string()),
  organization: z.string().nullable(),
  keywords: z.array(z.string()),
  categories: z.array(z.string()),
  /** whether its words are counted in `terms` */
  counted: z.boolean(),
  /** stored before topics existed, or about none */
  hasTopics: z.boolean(),
})
type StalePaper = z.output<typeof StalePaper>

const readStale = (db: Db): Promise<StalePaper[]> =>
  query(db, StalePaper)`
      SELECT p.id, coalesce(p.shown_title, p.title) AS title, coalesce(p.shown_abstract, p.abstract) AS abstract, p.summary,
        coalesce(p.shown_authors, p.authors) AS authors, p.organization, p.keywords, p.categories, v.paper_id IS NOT NULL AS counted,
        p.topics <> '{}' AS has_topics
      FROM papers p LEFT JOIN paper_vectors v ON v.paper_id = p.id
      WHERE v.paper_id IS NULL OR v.made_at < p.updated_at OR v.corpus * 2 < (SELECT count(*) FROM paper_vectors)
      ORDER BY p.id DESC LIMIT ${BATCH}
      -- Rows that a list being stored holds come next time. Waiting for them would be a deadlock where it waits for ours.
      FOR NO KEY UPDATE OF p SKIP LOCKED`

/** A paper's vector, and its rows of `paper_terms`. */
interface WordIndex extends Vector {
  /** every word of the paper, with its share in the vector and its match for search */
  words: number[]
  shares: number[]
  matches: number[]
}

export function indexOf(
  counts: ReadonlyMap<string, number>,
  matches: ReadonlyMap<string, number>,
  known: ReadonlyMap<string, { id: number; papers: number }>,
  corpus: number,
): WordIndex {
  const vector = vectorise(counts, known, corpus)
  const shares = new Map(vector.terms.map((term, place) => [term, vector.weights[place]!]))
  const words = [...matches].flatMap(([word, match]) => (known.has(word) ? { id: known.get(word)!.id, match } : []))
  return {
    ...vector,
    words: words.map((word) => word.id),
    shares: words.map((word) => shares.get(word.id) ?? 0),
    matches: words.map((word) => word.match),
  }
}

interface IndexedPaper extends WordIndex {
  id: number
  topics: string[]
  summary: string | null
  organization: string | null
  keywords: string[]
}

async function indexBatch(tx: Db, stale: readonly StalePaper[]): Promise<void> {
  if (stale.length === 0) return
  const read = stale.map((row) => {
    const shown = {
      ...row,
      summary: row.summary && readable(row.summary),
      organization: row.organization && readable(row.organization),
      keywords: row.keywords.map(readable),
    }
    return {
      ...shown,
      topics: row.hasTopics ? [] : topicsOf(row),
      counts: countWords(shown),
      matches: wordMatches(shown),
    }
  })
  const added = read.filter((row) => !row.counted)
  await countTerms(tx, added)
  const { terms, corpus } = await readTerms(
    tx,
    read.flatMap((row) => [...row.matches.keys()]),
    added.length,
  )
  await storeIndex(
    tx,
    corpus,
    read.map(({ id, topics, summary, organization, keywords, counts, matches }) => ({
      ...{ id, topics, summary, organization, keywords },
      ...indexOf(counts, matches, terms, corpus),
    })),
  )
}

/** Adds new papers' words and author names to the counts. With the names as written, a mistyped name can be corrected. */
async function countTerms(tx: Db, added: { matches: Map<string, number>; authors: string[] }[]): Promise<void> {
  const papersWith = new Map<string, number>()
  for (const { matches, authors } of added) {
    const names = authors.slice(0, MOST_NAMES).flatMap(foldedWords)
    const words = [...matches.keys(), ...names].filter((word) => word.length > 1 && word.length <= LONGEST_NAME)
    for (const word of new Set(words)) papersWith.set(word, (papersWith.get(word) ?? 0) + 1)
  }
  await tx.execute(sql`
    INSERT INTO terms AS t (term, papers)
    SELECT * FROM unnest(${sql.param([...papersWith.keys()])}::text[], ${sql.param([...papersWith.values()])}::int[])
    ON CONFLICT (term) DO UPDATE SET papers = t.papers + excluded.papers`)
}

/** A paper may have 3,303 authors. Only these are found when mistyped; correctly typed, all are found. */
const MOST_NAMES = 100
const LONGEST_NAME = 40

async function readTerms(tx: Db, words: string[], added: number) {
  const rows = await query(
    tx,
    z.object({ id: z.number(), term: z.string(), papers: z.number() }),
  )`SELECT id, term, papers FROM terms WHERE term = ANY(${sql.param([...new Set(words)])}::text[])`
  const { papers } = await queryOne(
    tx,
    z.object({ papers: z.number() }),
  )`SELECT count(*)::int AS papers FROM paper_vectors`
  return { terms: new Map(rows.map((row) => [row.term, row])), corpus: papers + added }
}

async function storeIndex(tx: Db, corpus: number, found: IndexedPaper[]): Promise<void> {
  /** Some columns of the papers, as the relation `r`. Each statement gets only what it reads: all of it is megabytes. */
  const given = (columns: Partial<Record<keyof IndexedPaper, string>>): SQL => {
    const rows = found.map((row) =>
      Object.fromEntries(Object.keys(columns).map((name) => [name, row[name as keyof IndexedPaper]])),
    )
    const types = sql.raw(
      Object.entries(columns)
        .map((column) => column.join(' '))
        .join(', '),
    )
    return sql`json_to_recordset(${JSON.stringify(rows)}::json) AS r(${types})`
  }
  // Papers stored before topics or readable forms existed have none.
  if (found.some(({ topics }) => topics.length > 0))
    await tx.execute(
      sql`UPDATE papers p SET topics = r.topics FROM ${given({ id: 'bigint', topics: 'text[]' })} WHERE p.id = r.id AND p.topics = '{}' AND r.topics <> '{}'`,
    )
  await tx.execute(sql`
    UPDATE papers p SET shown_summary = nullif(r.summary, p.summary), shown_organization = nullif(r.organization, p.organization),
      shown_keywords = nullif(r.keywords, p.keywords)
    FROM ${given({ id: 'bigint', summary: 'text', organization: 'text', keywords: 'text[]' })}
    WHERE p.id = r.id AND (coalesce(p.shown_summary, p.summary), coalesce(p.shown_organization, p.organization),
      coalesce(p.shown_keywords, p.keywords)) IS DISTINCT FROM (r.summary, r.organization, r.keywords)`)
  await tx.execute(sql`
    INSERT INTO paper_vectors (paper_id, terms, weights, corpus, made_at) SELECT id, terms, weights, ${corpus}::int, now()
    FROM ${given({ id: 'bigint', terms: 'int[]', weights: 'real[]' })}
    ON CONFLICT (paper_id) DO UPDATE SET terms = excluded.terms, weights = excluded.weights, corpus = excluded.corpus, made_at = excluded.made_at`)
  await tx.execute(
    sql`DELETE FROM paper_terms WHERE paper_id = ANY(${sql.param(found.map((row) => row.id))}::bigint[])`,
  )
  await tx.execute(sql`
    INSERT INTO paper_terms (term_id, paper_id, weight, match)
    SELECT word.id, r.id, word.share, word.match
    FROM ${given({ id: 'bigint', words: 'int[]', shares: 'real[]', matches: 'real[]' })}, unnest(r.words, r.shares, r.matches) AS word (id, share, match) ORDER BY 1, 2`)
}

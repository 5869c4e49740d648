import { inArray, sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { papers } from '../../runtime/db/schema.ts'
import { topicsOf } from '../topics/topics.ts'
import { countWords, unaccented, type Vector, vectorise } from './vectorise.ts'

/** Papers per transaction: some 15,000 words. */
const BATCH = 500

/**
 * Updates the vectors of papers that are new or changed.
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
      const { rows } = await tx.execute<{ ours: boolean }>(
        sql`SELECT pg_try_advisory_xact_lock(hashtext('paperboy papers index')) AS ours`,
      )
      const ids = rows[0]!.ours ? await readStale(tx) : []
      await indexBatch(tx, ids)
      return ids.length
    })
    indexed += size
    if (size < BATCH) break
  }
  return indexed
}

async function readStale(db: Db): Promise<number[]> {
  const { rows } = await db.execute<{ id: string }>(sql`
    SELECT p.id FROM papers p LEFT JOIN paper_vectors v ON v.paper_id = p.id
    WHERE v.paper_id IS NULL OR v.made_at < p.updated_at OR v.corpus * 2 < (SELECT count(*) FROM paper_vectors)
    ORDER BY p.id DESC LIMIT ${BATCH}`)
  return rows.map((row) => Number(row.id))
}

async function indexBatch(tx: Db, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const rows = await tx
    .select({
      id: papers.id,
      title: papers.title,
      abstract: papers.abstract,
      authors: papers.authors,
      keywords: papers.keywords,
      categories: papers.categories,
      known: sql<boolean>`EXISTS (SELECT FROM paper_vectors v WHERE v.paper_id = ${papers.id})`,
    })
    .from(papers)
    .where(inArray(papers.id, [...ids]))
  const read = rows.map((row) => ({ ...row, topics: topicsOf(row), counts: countWords(row) }))
  await countTerms(
    tx,
    read.filter((row) => !row.known),
  )
  const { terms, corpus } = await readTerms(
    tx,
    read.flatMap((row) => [...row.counts.keys()]),
    read.filter((row) => !row.known).length,
  )
  await storeIndex(
    tx,
    corpus,
    read.map((row) => ({ id: row.id, topics: row.topics, ...vectorise(row.counts, terms, corpus) })),
  )
}

/** Adds new papers' words and author names to the counts. With the names, a mistyped name can be corrected. */
async function countTerms(tx: Db, added: { counts: Map<string, number>; authors: string[] }[]): Promise<void> {
  const papersWith = new Map<string, number>()
  for (const { counts, authors } of added) {
    const names = authors.slice(0, MOST_NAMES).flatMap((name) => unaccented(name).match(/[\p{L}\p{N}]{2,40}/gu) ?? [])
    for (const word of new Set([...counts.keys(), ...names])) papersWith.set(word, (papersWith.get(word) ?? 0) + 1)
  }
  await tx.execute(sql`
    INSERT INTO terms AS t (term, papers)
    SELECT * FROM unnest(${sql.param([...papersWith.keys()])}::text[], ${sql.param([...papersWith.values()])}::int[])
    ON CONFLICT (term) DO UPDATE SET papers = t.papers + excluded.papers`)
}

/** A paper may have 3,303 authors. Only these are found when mistyped; correctly typed, all are found. */
const MOST_NAMES = 100

async function readTerms(tx: Db, words: string[], added: number) {
  const { rows } = await tx.execute<{ id: number; term: string; papers: number }>(
    sql`SELECT id, term, papers FROM terms WHERE term = ANY(${sql.param([...new Set(words)])}::text[])`,
  )
  const {
    rows: [counted],
  } = await tx.execute<{ papers: number }>(sql`SELECT count(*)::int AS papers FROM paper_vectors`)
  return { terms: new Map(rows.map((row) => [row.term, row])), corpus: counted!.papers + added }
}

async function storeIndex(tx: Db, corpus: number, found: ({ id: number; topics: string[] } & Vector)[]): Promise<void> {
  const rows = sql`jsonb_to_recordset(${JSON.stringify(found)}::jsonb) AS r(id bigint, topics text[], terms int[], weights real[])`
  // Papers stored before topics existed have none.
  await tx.execute(
    sql`UPDATE papers p SET topics = r.topics FROM ${rows} WHERE p.id = r.id AND p.topics = '{}' AND r.topics <> '{}'`,
  )
  await tx.execute(sql`
    INSERT INTO paper_vectors (paper_id, terms, weights, corpus, made_at) SELECT id, terms, weights, ${corpus}::int, now() FROM ${rows}
    ON CONFLICT (paper_id) DO UPDATE SET terms = excluded.terms, weights = excluded.weights, corpus = excluded.corpus, made_at = excluded.made_at`)
  await tx.execute(
    sql`DELETE FROM paper_terms WHERE paper_id = ANY(${sql.param(found.map((row) => row.id))}::bigint[])`,
  )
  await tx.execute(sql`
    INSERT INTO paper_terms (term_id, paper_id, weight)
    SELECT t.term, r.id, t.weight FROM ${rows}, unnest(r.terms, r.weights) AS t (term, weight) ORDER BY 1, 2`)
}

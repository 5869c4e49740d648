import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, bool, query } from '../../runtime/db/query.ts'
import type { Vector } from '../search/vectorise.ts'
import { readTasteVectors } from './read-taste-vectors.ts'
import { authorTerm, tasteVector } from './taste-vector.ts'

/** How many of the newest votes, saves and dislikes count: tastes change. */
const MOST_LEARNED = 200

/**
 * Learns a reader's taste anew from their votes, saved papers and papers of no interest. Call it after each change of these.
 * Does nothing but forget when the reader has not asked for it. Opens and clicks teach nothing.
 */
export async function learnTaste({ db, now }: { db: Db; now: () => Date }, subscriberId: number): Promise<void> {
  await db.transaction(async (tx) => {
    // Two votes at once would each learn without the other, and the later commit would keep only its own.
    const [reader] = await query(tx, {
      likeVoted: bool,
    })`SELECT like_voted FROM subscribers WHERE id = ${subscriberId} FOR NO KEY UPDATE`
    const found = reader?.likeVoted ? await readJudgements(tx, subscriberId) : []
    const unwanted = new Set(found.filter(({ kind }) => kind === 'not interested').map(({ paperId }) => paperId))
    const wanted = [...new Set(found.map(({ paperId }) => paperId))].filter((paperId) => !unwanted.has(paperId))
    if (wanted.length === 0) {
      await tx.execute(sql`DELETE FROM tastes WHERE subscriber_id = ${subscriberId}`)
      return
    }
    const vectors = await readTasteVectors(tx, [...wanted, ...unwanted])
    const of = (ids: Iterable<number>) => [...ids].flatMap((id) => vectors.get(id) ?? [])
    const { terms, weights } = tasteVector(of(wanted), of(unwanted))
    const authors = likedAuthors(
      { terms, weights },
      of(wanted).flatMap((paper) => paper.authors),
    )
    const count = (kind: Judgement['kind']) => found.filter((each) => each.kind === kind).length
    await tx.execute(sql`
      INSERT INTO tastes (subscriber_id, terms, weights, authors, votes, saved, not_interested, learned_at)
      VALUES (${subscriberId}, ${sql.param(terms)}::int[], ${sql.param(weights)}::real[], ${sql.param(authors)}::text[], ${count('vote')}, ${count('saved')},
        ${count('not interested')}, ${now()})
      ON CONFLICT (subscriber_id) DO UPDATE SET terms = excluded.terms, weights = excluded.weights, authors = excluded.authors, votes = excluded.votes,
        saved = excluded.saved, not_interested = excluded.not_interested, learned_at = excluded.learned_at`)
  })
}

/** The names of a taste's authors, the heaviest first, for the reader to see. */
function likedAuthors({ terms, weights }: Vector, names: readonly string[]): string[] {
  const byTerm = new Map(names.map((name) => [authorTerm(name), name]))
  return terms.flatMap((term, at) => (weights[at]! > 0 ? (byTerm.get(term) ?? []) : []))
}

const Judgement = z.object({ paperId: bigint, kind: z.enum(['vote', 'saved', 'not interested']) })
type Judgement = z.output<typeof Judgement>

const readJudgements = (db: Db, subscriberId: number): Promise<Judgement[]> =>
  query(db, Judgement)`
    SELECT paper_id, kind FROM (
      SELECT subscriber_id, paper_id, 'vote' AS kind, cast_at AS at FROM votes
      UNION ALL SELECT subscriber_id, paper_id, kind::text, marked_at FROM marks
    ) AS judgements
    JOIN subscribers s ON s.id = subscriber_id
    WHERE subscriber_id = ${subscriberId} AND at > coalesce(s.learn_since, '-infinity')
    ORDER BY at DESC, paper_id LIMIT ${MOST_LEARNED}`

/**
 * Forgets what a reader's votes and marks taught. They stay, and only later ones teach again.
 */
export async function forgetTaste({ db, now }: { db: Db; now: () => Date }, subscriberId: number): Promise<void> {
  await db.execute(sql`
    WITH forgotten AS (DELETE FROM tastes WHERE subscriber_id = ${subscriberId})
    UPDATE subscribers SET learn_since = ${now()} WHERE id = ${subscriberId}`)
}

/** What a reader's taste is made of, for the reader to see. */
export interface TasteInWords {
  votes: number
  saved: number
  notInterested: number
  /** its heaviest words, then its heaviest authors */
  words: string[]
}

const MOST_WORDS = 12
const MOST_NAMES = 4

/** Reads a reader's taste in words; undefined when nothing is learned. */
export async function describeTaste(db: Db, subscriberId: number): Promise<TasteInWords | undefined> {
  const Row = z.object({ votes: z.number(), saved: z.number(), notInterested: z.number(), words: z.array(z.string()) })
  const [taste] = await query(db, Row)`
    SELECT votes, saved, not_interested, ARRAY(
      SELECT t.term FROM unnest(terms, weights) WITH ORDINALITY AS w (id, weight, place) JOIN terms t ON t.id = w.id
      WHERE w.weight > 0 AND t.term ~ '[[:alpha:]]' ORDER BY w.place LIMIT ${MOST_WORDS}) || authors[1:${sql.raw(String(MOST_NAMES))}] AS words
    FROM tastes WHERE subscriber_id = ${subscriberId}`
  return taste
}

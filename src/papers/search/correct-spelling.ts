import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { query } from '../../runtime/db/query.ts'
import { STOP_WORDS, unaccented, wordsOf } from './words.ts'

/** Shorter words resemble too many others. */
const SHORTEST = 4
/** A swap of two letters changes most trigrams of a short word: "latnet" and "latent" have a similarity of 0.27. */
const LEAST_SIMILARITY = 0.2
/** The most similar words are compared letter by letter. */
const MOST_COMPARED = 60

/**
 * Replaces each word that no paper has by the nearest word of papers and their authors' names.
 * A short word may differ by one edit, a longer one by two. Among equals, the word in most papers wins.
 * @returns undefined when no word is replaced
 */
export async function correctSpelling(db: Db, words: string): Promise<string | undefined> {
  const given = [...new Set(words.match(WORD) ?? [])].filter((word) => word.length >= SHORTEST)
  // Stop words are not among the terms, and are correct.
  const asked = given
    .map((word) => ({ word, terms: [unaccented(word), ...wordsOf(word)] }))
    .filter(({ terms }) => terms.length > 1)
  if (asked.length === 0) return undefined
  const near = await readNear(db, asked)
  const better = new Map<string, string>()
  for (const [word, terms] of Map.groupBy(near, (row) => row.word)) {
    const [best] = terms
      .map((row) => ({ ...row, edits: countEdits(unaccented(word), row.term) }))
      .filter((row) => row.edits <= (word.length > 5 ? 2 : 1))
      .sort((a, b) => a.edits - b.edits || b.papers - a.papers)
    if (best) better.set(word, best.term)
  }
  return better.size === 0 ? undefined : words.replace(WORD, (word) => better.get(word) ?? word)
}

const WORD = /[\p{L}\p{N}]+/gu

const NearTerm = z.object({ word: z.string(), term: z.string(), papers: z.number() })

/** The stem of a word, as the column `terms.stem` has it. */
const stemOf = (word: SQL): SQL => sql`coalesce((ts_lexize('english_stem', ${word}))[1], ${word})`

const readNear = (db: Db, asked: { word: string; terms: string[] }[]) =>
  db.transaction(async (tx) => {
    await tx.execute(sql`SELECT set_config('pg_trgm.similarity_threshold', ${String(LEAST_SIMILARITY)}, true)`)
    return query(tx, NearTerm)`
        -- MATERIALIZED, or PostgreSQL looks for words near the known ones as well, which takes milliseconds each.
        WITH unknown AS MATERIALIZED (
          SELECT word, terms[1] AS term FROM jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) AS asked(word text, terms text[])
          CROSS JOIN LATERAL (SELECT ${stemOf(sql`asked.terms[1]`)} AS stem) own
          WHERE NOT EXISTS (SELECT FROM terms WHERE term = ANY(asked.terms))
            -- Another form of a known word is correct, also of one that is not among the terms, such as "making" of "make".
            AND NOT EXISTS (SELECT FROM terms WHERE stem = own.stem)
            AND NOT EXISTS (SELECT FROM unnest(${sql.param([...STOP_WORDS])}::text[]) AS stop (word) WHERE ${stemOf(sql`stop.word`)} = own.stem)
        )
        SELECT unknown.word, near.term, near.papers FROM unknown CROSS JOIN LATERAL (
          SELECT t.term, t.papers FROM terms t WHERE t.term % unknown.term
          ORDER BY similarity(t.term, unknown.term) DESC, t.papers DESC, t.id LIMIT ${MOST_COMPARED}
        ) near`
  })

/** Counts letters omitted, added, changed, or swapped with their neighbour (optimal string alignment). */
function countEdits(from: string, to: string): number {
  let [before, last]: number[][] = [[], Array.from({ length: to.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const changed = last![j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? before![j - 2]! + 1 : changed
      row.push(Math.min(changed, swapped, last![j]! + 1, row[j - 1]! + 1))
    }
    ;[before, last] = [last!, row]
  }
  return last![to.length]!
}

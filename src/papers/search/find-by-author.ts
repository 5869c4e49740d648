import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { type DatedQuery, dayKey, filters, type Match, readMatches } from './search-query.ts'
import { foldedWords } from './words.ts'

const MOST_FOUND = 100
/** More words are no name. */
const MOST_WORDS = 5

/**
 * Returns the newest papers of the author whose name the whole query is, when a word of it is a stop word: An Luo, Will Do. The index
 * has no such word, so to it An Luo is any Luo, and Will Do is no name. Other queries find nothing here.
 */
export async function findByAuthor(db: Db, query: DatedQuery & { q: string }): Promise<Match[]> {
  const words = foldedWords(query.q)
  if (words.length < 2 || words.length > MOST_WORDS) return []
  const typed = query.q.replaceAll('"', ' ').trim().replace(/\s+/g, ' ')
  const capital = typed.toLowerCase().replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase())
  // MATERIALIZED, or PostgreSQL looks for the newest ones among all papers.
  return readMatches(
    db,
    prepared(sql`
      WITH theirs AS MATERIALIZED (
        SELECT p.id, p.list_day FROM papers p
        WHERE EXISTS (SELECT FROM unnest(${sql.param(words)}::text[]) AS word WHERE numnode(plainto_tsquery('english', word)) = 0)
          AND coalesce(p.shown_authors, p.authors) && ${sql.param([typed, capital])}::text[] AND ${filters(query)}
      )
      SELECT p.id, ${dayKey(query)} AS sort_key FROM theirs p
      ORDER BY p.list_day DESC, p.id DESC LIMIT ${MOST_FOUND}`),
  )
}

import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import type { Matches } from './find-all-words.ts'
import type { ParsedQuery } from './parse-query.ts'
import { type DatedQuery, dayKey, filters, readMatches, tsquery } from './search-query.ts'
import { foldedWords } from './words.ts'

/** The index has no stop words, so titles are read one after another: some 3 µs each. */
const MOST_READ = 20_000
const MOST_FOUND = 100
/** A single one, such as "the", names no paper. */
const FEWEST_WORDS = 2

/**
 * Returns the newest papers with these words in a row in their titles, when all of them are stop words: "To be or not to be".
 * Other queries find nothing here, and read no title.
 */
export async function findStopWords(db: Db, { whole }: ParsedQuery, query: DatedQuery): Promise<Matches> {
  const words = foldedWords(whole)
  if (words.length < FEWEST_WORDS) return { matches: [], total: 0, approximate: false }
  const title = sql`coalesce(p.shown_title, p.title)`
  const matches = await readMatches(
    db,
    sql`
      SELECT p.id, ${dayKey(query)} AS sort_key
      FROM (SELECT * FROM papers ORDER BY list_day DESC, id DESC LIMIT ${MOST_READ}) p
      WHERE numnode(${tsquery(whole)}) = 0 AND ${filters(query)}
        -- Folding a title takes ten times as long. "C", because in Turkish IS and is are two words; all stop words are plain letters.
        AND ${title} COLLATE "C" ILIKE ${`%${words.join('%')}%`}
        AND (' ' || regexp_replace(unaccented(${title}), '[^[:alnum:]]+', ' ', 'g') || ' ') COLLATE "C" ILIKE ${`% ${words.join(' ')} %`}
      ORDER BY p.list_day DESC, p.id DESC LIMIT ${MOST_FOUND}`,
  )
  return { matches, total: matches.length, approximate: false }
}

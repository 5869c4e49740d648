import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import type { ParsedQuery } from './parse-query.ts'
import {
  type DatedQuery,
  estimateMatches,
  filters,
  isFiltered,
  MANY_MATCHES,
  type Match,
  readMatches,
  tsquery,
} from './search-query.ts'

/** More would hardly have to do with the question. */
const MOST_FOUND = 100
/**
 * Most index entries to read for one question: some 10 ms. The rarest word is always read. The commonest only order what the others
 * find.
 */
const MOST_READ = 40_000
/** Best papers by the words read. Those with all words and samples are dropped from them, and with filters many more. */
const CANDIDATES = 200
const CANDIDATES_TO_FILTER = 1_000

/**
 * Returns the papers that have the most, and the rarest, of the words, best first: Okapi BM25 over `paper_terms`.
 * Phrases and exclusions still hold. A word counts in all its forms.
 *
 * @param without papers to leave out, because they have all words
 */
export async function findSomeWords(
  db: Db,
  parsed: ParsedQuery,
  query: DatedQuery,
  without: readonly Match[],
): Promise<Match[]> {
  const words = [...new Set(parsed.loose)]
  // With a single word and nothing else, some words are all words.
  if (words.length < (parsed.hasPhrase ? 1 : 2)) return []
  const isStrict = parsed.strict.trim() !== ''
  const allowed = isStrict ? sql`${filters(query)} AND p.search @@ ${tsquery(parsed.strict)}` : filters(query)
  const isRestricted = isStrict || isFiltered(query)
  // Few allowed papers are looked up first. Of many, enough are among the best candidates.
  const isNarrow = isRestricted && (await estimateMatches(db, allowed)) < MANY_MATCHES
  const candidates = isRestricted && !isNarrow ? CANDIDATES_TO_FILTER : CANDIDATES
  return readMatches(
    db,
    sql`
      WITH words AS MATERIALIZED (
        SELECT t.id, t.papers, least(sum(t.papers) OVER (PARTITION BY t.stem), library.papers) AS with_stem, library.papers AS library
        FROM (SELECT DISTINCT coalesce((ts_lexize('english_stem', word))[1], word) AS stem FROM unnest(${sql.param(words)}::text[]) word) asked
        JOIN terms t ON t.stem = asked.stem
        CROSS JOIN (
          -- Counting a large table would take longer than the search, and only the order of magnitude matters.
          SELECT CASE WHEN reltuples > 10000 THEN reltuples ELSE (SELECT count(*) FROM papers) END::float8 AS papers
          FROM pg_class WHERE oid = 'papers'::regclass
        ) library
      ), weighed AS MATERIALIZED (
        SELECT id, ln(1 + (library - with_stem + 0.5) / (with_stem + 0.5)) AS rarity,
          sum(papers) OVER (ORDER BY with_stem, id) <= ${MOST_READ} OR row_number() OVER (ORDER BY with_stem, id) = 1 AS is_read
        FROM words
      ), candidates AS MATERIALIZED (
        SELECT o.paper_id, sum(o.match * w.rarity) AS score
        FROM weighed w JOIN paper_terms o ON o.term_id = w.id
        WHERE w.is_read ${isNarrow ? sql`AND o.paper_id IN (SELECT p.id FROM papers p WHERE ${allowed})` : sql``}
        GROUP BY o.paper_id ORDER BY score DESC, o.paper_id DESC LIMIT ${candidates}
      )
      SELECT id, ${query.order === 'date' ? sql`list_day` : sql`score`} AS sort_key FROM (
        SELECT p.id, p.list_day::text, to_char((c.score + coalesce(common.score, 0))::numeric, 'FM000.000000') AS score
        FROM candidates c
        JOIN papers p ON p.id = c.paper_id
        LEFT JOIN LATERAL (
          SELECT sum(o.match * w.rarity) AS score FROM weighed w
          -- OFFSET 0, or PostgreSQL may read all words of each paper.
          CROSS JOIN LATERAL (SELECT match FROM paper_terms WHERE term_id = w.id AND paper_id = c.paper_id OFFSET 0) o
          WHERE NOT w.is_read
        ) common ON true
        WHERE ${allowed} AND p.id <> ALL(${sql.param(without.map(({ id }) => id))}::bigint[])
        ORDER BY 3 DESC, 1 DESC LIMIT ${MOST_FOUND}
      ) best ORDER BY 2 DESC, 1 DESC`,
  )
}

import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { findNewest } from '../../../src/papers/search/find-all-words.ts'
import type { DatedQuery, Match } from '../../../src/papers/search/search-query.ts'
import { queryColumn, text } from '../../../src/runtime/db/query.ts'
import { test } from '../../support/database.ts'

/** Enough papers that words of every rarity take every way of finding them: sorting, a scan, and a search by days. */
const PAPERS = 24_000
const WORDS = { common: 'common', half: 'half', third: 'third', early: 'early', rare: 'rare' }

test('the newest papers with some words are the same, whichever way they are found', { timeout: 120_000 }, async ({
  db,
}) => {
  await db.execute(sql`
    INSERT INTO papers (source, source_id, title, abstract, authors, list_day, list_position, topics, raw)
    SELECT 'arxiv', 'x' || n, 'A title', 'common' || CASE WHEN n % 2 = 0 THEN ' half' ELSE '' END
      || CASE WHEN n % 3 = 0 THEN ' third' ELSE '' END || CASE WHEN n < 11000 THEN ' early' ELSE '' END
      || CASE WHEN n % 60 = 0 THEN ' rare' ELSE '' END || CASE WHEN n % 7 = 0 THEN ' third half' ELSE '' END,
      '{}', date '2024-01-01' + n / 40, n % 40, CASE WHEN n % 5 = 0 THEN '{vision}'::text[] ELSE '{}' END, '{}'
    FROM generate_series(1, ${PAPERS}::int) AS n`)
  await db.execute(sql`ANALYZE papers`)
  const expected = (words: string, { topic, from, to, today }: DatedQuery, limit: number, after?: Match) =>
    queryColumn(db, text)`
      SELECT id || ' ' || list_day FROM papers WHERE search @@ websearch_to_tsquery('english', ${words})
        AND (${topic ?? null}::text IS NULL OR topics @> ARRAY[${topic ?? null}::text])
        AND list_day BETWEEN coalesce(${from ?? null}::date, '-infinity') AND least(${to ?? null}::date, ${today}::date)
        AND (${after?.sortKey ?? null}::date IS NULL OR (list_day, id) < (${after?.sortKey ?? null}::date, ${after?.id ?? null}::bigint))
      ORDER BY list_day DESC, id DESC LIMIT ${limit}`

  const { common, half, third, early, rare } = WORDS
  const filters = [{}, { topic: 'vision' }, { to: '2024-12-01' }, { from: '2025-01-01', to: '2025-06-01' }]
  // The last days have not begun.
  const today = '2025-08-01'
  for (const words of [
    common,
    half,
    third,
    early,
    rare,
    `${half} ${third}`,
    `${early} ${half}`,
    '"third half"',
    `${half} -${third}`,
  ]) {
    for (const filter of filters) {
      for (const limit of [21, 200]) {
        const query = { ...filter, today }
        const first = await findNewest(db, query, words, limit)
        const shown = first.matches.map(({ id, sortKey }) => `${id} ${sortKey}`)
        expect(shown, `${words} ${JSON.stringify(filter)}`).toEqual(await expected(words, query, limit))
        const after = first.matches[10]
        if (!after) continue
        const rest = await findNewest(db, query, words, limit, after)
        expect(rest.matches.map(({ id, sortKey }) => `${id} ${sortKey}`)).toEqual(
          await expected(words, query, limit, after),
        )
        const all = await expected(words, query, PAPERS)
        if (first.approximate) expect(first.total / all.length).toBeCloseTo(1, -1)
        else expect(first.total).toBe(all.length)
      }
    }
  }
})

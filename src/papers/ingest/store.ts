import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import type { ListedPaper } from './listed-paper.ts'
import { ASSIGNMENTS, COLUMNS, mayChange, NEW_ROW, OLD_ROW, rowsOf } from './paper-rows.ts'

export interface Stored {
  papers: number
  added: number
  /** known before, and now with other facts */
  changed: number
  /** new snapshots of votes */
  signals: number
}

type Origin = 'hf' | 'arxiv' | 'file' | 'sample'

/** Rows a statement, so that a month's file does not become one parameter of many megabytes. */
const CHUNK = 500

/**
 * Puts a list's papers and their votes into the tables, all or nothing. Storing the same list again touches no row.
 *
 * A paper's facts are replaced unless the row knows better: it is on a later list day already (papers are moved forward, never
 * back), or it has a snapshot newer than `observedAt`. What the newer list does not say is kept, for sources drop fields. A real
 * list always replaces a sample; arXiv's announcement never replaces what a list said, but brings new versions and withdrawals. Snapshots are only added, and only where the votes differ from the newest by `observedAt`.
 *
 * @param observed.observedAt when the list looked like this
 */
export async function storeList(
  { db }: { db: Db },
  papers: readonly ListedPaper[],
  observed: { observedAt: Date; origin: Origin },
): Promise<Stored> {
  const distinct = [
    ...new Map(papers.toReversed().map((paper) => [`${paper.source} ${paper.sourceId}`, paper])).values(),
  ]
  const total: Stored = { papers: distinct.length, added: 0, changed: 0, signals: 0 }
  await db.transaction(async (tx) => {
    for (let i = 0; i < distinct.length; i += CHUNK) {
      const rows = rowsOf(distinct.slice(i, i + CHUNK), observed.observedAt)
      const touched = await storePapers(tx, rows, observed.observedAt)
      total.added += touched.filter((row) => row.added).length
      total.changed += touched.filter((row) => !row.added).length
      if (observed.origin !== 'sample') await dropSampleSignals(tx, rows)
      total.signals += await storeSignals(tx, rows, observed)
    }
  })
  return total
}

async function storePapers(tx: Db, rows: SQL, observedAt: Date): Promise<{ added: boolean }[]> {
  // Sorted, so that two imports at once take the rows' locks in one order. xmax is 0 in a row version that an INSERT made.
  const { rows: touched } = await tx.execute<{ added: boolean }>(sql`
    INSERT INTO papers AS p (source, source_id, ${COLUMNS})
    SELECT source, source_id, ${COLUMNS} FROM ${rows}
    -- A new version of a paper that we do not have is no news of ours.
    WHERE NOT r.revision OR EXISTS (SELECT FROM papers WHERE source = r.source AND source_id = r.source_id)
    ORDER BY source, source_id
    ON CONFLICT (source, source_id) DO UPDATE SET ${ASSIGNMENTS}, updated_at = now()
    WHERE (${OLD_ROW}) IS DISTINCT FROM (${NEW_ROW}) AND (${mayChange(observedAt)})
    RETURNING xmax = 0 AS added`)
  return touched
}

/** Invented votes must not stand in one series with real ones. */
const dropSampleSignals = (tx: Db, rows: SQL) =>
  tx.execute(sql`
    DELETE FROM signals s USING papers p, ${rows}
    WHERE p.source = r.source AND p.source_id = r.source_id AND s.paper_id = p.id AND s.origin = 'sample' AND NOT p.sample`)

async function storeSignals(
  tx: Db,
  rows: SQL,
  { observedAt, origin }: { observedAt: Date; origin: string },
): Promise<number> {
  const { rowCount } = await tx.execute(sql`
    INSERT INTO signals (paper_id, observed_at, votes, comments, stars, origin)
    SELECT p.id, ${observedAt}::timestamptz, r.votes, coalesce(r.comments, 0), r.stars, ${origin}::text
    FROM ${rows}
    JOIN papers p ON p.source = r.source AND p.source_id = r.source_id
    LEFT JOIN LATERAL (
      SELECT * FROM signals WHERE paper_id = p.id AND observed_at <= ${observedAt} ORDER BY observed_at DESC LIMIT 1
    ) s ON true
    WHERE r.votes IS NOT NULL AND (s.votes, s.comments, s.stars) IS DISTINCT FROM (r.votes, coalesce(r.comments, 0), r.stars)
    ON CONFLICT DO NOTHING`)
  return rowCount ?? 0
}

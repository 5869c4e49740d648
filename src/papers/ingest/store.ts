import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bool, query, text } from '../../runtime/db/query.ts'
import { storeLock } from '../locks.ts'
import { formerTitleId } from '../paper-id.ts'
import { countSpellings } from '../topics/count-spellings.ts'
import type { ListedPaper } from './listed-paper.ts'
import { ASSIGNMENTS, COLUMNS, mayChange, NEW_ROW, OLD_ROW, rowsOf, votesOf } from './paper-rows.ts'

export interface Stored {
  papers: number
  added: number
  /** known papers with changed facts */
  changed: number
  /** number of new vote snapshots */
  signals: number
}

/** A source's name, or: `undated`: from a file that does not tell when its votes were read, so the close of its list is assumed */
type Origin = 'file' | 'undated' | 'sample' | (string & {})

/** Rows per statement. A month's file would become one parameter of many megabytes. */
const CHUNK = 500

/**
 * Stores a list's papers and their votes in one transaction. Storing the same list again changes no row.
 *
 * New facts replace stored ones, unless the paper is on a later list day or has a newer snapshot. Papers never move back.
 * Values that the new list omits are kept, because sources drop fields. A real list always replaces a sample.
 * An arXiv announcement never replaces a list's facts, but adds new versions and withdrawals.
 * Snapshots are only added, and only when the votes differ from the newest one by `observedAt`.
 *
 * @param observed.observedAt when the list was read
 */
export async function storeList(
  { db }: { db: Db },
  papers: readonly ListedPaper[],
  observed: { observedAt: Date; origin: Origin },
): Promise<Stored> {
  const byKey = new Map(papers.toReversed().map((paper) => [`${paper.source} ${paper.sourceId}`, paper]))
  const distinct = [...byKey.values()].reverse()
  const total: Stored = { papers: distinct.length, added: 0, changed: 0, signals: 0 }
  await db.transaction(async (tx) => {
    await prepareToStore(tx, papers)
    for (let i = 0; i < distinct.length; i += CHUNK) {
      const chunk = distinct.slice(i, i + CHUNK)
      const touched = await storePapers(tx, rowsOf(chunk, observed.observedAt), observed.observedAt)
      const added = touched.filter((row) => row.added)
      total.added += added.length
      total.changed += touched.length - added.length
      await countSpellings(
        tx,
        added.flatMap(({ keywords }) => keywords),
      )
      const rows = votesOf(chunk)
      if (observed.origin !== 'sample') await dropSampleSignals(tx, rows)
      if (observed.origin !== 'undated') await dropUndatedSignals(tx, rows, observed.observedAt)
      total.signals += await storeSignals(tx, rows, observed)
    }
  })
  return total
}

/**
 * Waits until no other transaction stores a list, and gives stored papers that are known by their title the id of today.
 *
 * One at a time: two lists, files of several lists, and new ids would lock rows in different orders and deadlock, and two papers could
 * become one.
 */
export async function prepareToStore(tx: Db, papers: readonly ListedPaper[]): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${storeLock})`)
  await adoptFormerTitles(tx, papers)
}

/** Without it, readers would get these papers once more. */
async function adoptFormerTitles(db: Db, papers: readonly ListedPaper[]): Promise<void> {
  const ids = papers
    .filter(({ source }) => source === 'title')
    .map(({ sourceId, title }) => ({ id: sourceId, former: formerTitleId(title) }))
    .filter(({ id, former }) => id !== former)
  if (ids.length === 0) return
  const adopted = await query(db, { id: text, former: text })`
    UPDATE papers p SET source_id = r.id
    FROM (
      SELECT DISTINCT ON (r.id) r.id, r.former FROM jsonb_to_recordset(${JSON.stringify(ids)}::jsonb) AS r (id text, former text)
      JOIN papers stored ON stored.source = 'title' AND stored.source_id = r.former
      ORDER BY r.id, stored.id
    ) AS r
    WHERE p.source = 'title' AND p.source_id = r.former
      AND NOT EXISTS (SELECT FROM papers WHERE source = 'title' AND source_id = r.id)
    RETURNING r.id, r.former`
  if (adopted.length === 0) return
  // All at once: no index finds the readers, and a million are read in a third of a second.
  await db.execute(sql`
    UPDATE subscribers SET like_papers = ARRAY(
      SELECT coalesce(r.id, l.id) FROM unnest(like_papers) WITH ORDINALITY AS l (id, place)
      LEFT JOIN jsonb_to_recordset(${JSON.stringify(adopted)}::jsonb) AS r (id text, former text) ON r.former = l.id
      ORDER BY l.place)
    WHERE like_papers && ${sql.param(adopted.map(({ former }) => former))}::text[]`)
}

async function storePapers(tx: Db, rows: SQL, observedAt: Date): Promise<{ added: boolean; keywords: string[] }[]> {
  // xmax is 0 in inserted row versions.
  return query(
    tx,
    { added: bool, keywords: z.array(text) },
    prepared(sql`
    INSERT INTO papers AS p (source, source_id, ${COLUMNS})
    SELECT source, source_id, ${COLUMNS} FROM ${rows}
    -- Ignores new versions of unknown papers.
    WHERE NOT r.revision OR EXISTS (SELECT FROM papers WHERE source = r.source AND source_id = r.source_id)
    ON CONFLICT (source, source_id) DO UPDATE SET ${ASSIGNMENTS}, updated_at = now()
    WHERE (${OLD_ROW}) IS DISTINCT FROM (${NEW_ROW}) AND (${mayChange(observedAt)})
    RETURNING xmax = 0 AS added, p.keywords`),
  )
}

/** Deletes a sample's invented votes once the paper is real. One series must not mix them. */
const dropSampleSignals = (tx: Db, rows: SQL) =>
  tx.execute(sql`
    DELETE FROM signals s USING papers p, ${rows}
    WHERE p.source = r.source AND p.source_id = r.source_id AND s.paper_id = p.id AND s.origin = 'sample' AND NOT p.sample`)

/** Deletes assumed later times of the same votes, now that an earlier read with its real time is known. */
const dropUndatedSignals = (tx: Db, rows: SQL, observedAt: Date) =>
  tx.execute(sql`
    DELETE FROM signals s USING papers p, ${rows}
    WHERE p.source = r.source AND p.source_id = r.source_id AND s.paper_id = p.id AND s.origin = 'undated'
      AND s.votes = r.votes AND s.observed_at >= ${observedAt}`)

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

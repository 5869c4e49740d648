import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import type { SignalRow } from './formats/signal-rows.ts'

/**
 * Adds snapshots of known papers' votes. Rows of unknown papers are skipped, and existing snapshots stay.
 * @returns the number of new snapshots
 */
export const storeSignalRows = ({ db }: { db: Db }, rows: readonly SignalRow[]): Promise<number> =>
  db.transaction(async (tx) => {
    let added = 0
    for (let i = 0; i < rows.length; i += CHUNK) added += await storeChunk(tx, rows.slice(i, i + CHUNK))
    return added
  })

/** Rows per statement. A large file would become one parameter of many megabytes. */
const CHUNK = 10_000

async function storeChunk(tx: Db, rows: readonly SignalRow[]): Promise<number> {
  const { rowCount } = await tx.execute(sql`
    INSERT INTO signals (paper_id, observed_at, votes, comments, stars, origin)
    SELECT p.id, r."observedAt", r.votes, r.comments, r.stars, 'file'
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS r("arxivId" text, "observedAt" timestamptz, votes integer, comments integer, stars integer)
    JOIN papers p ON p.source = 'arxiv' AND p.source_id = r."arxivId" AND NOT p.sample
    ON CONFLICT DO NOTHING`)
  return rowCount ?? 0
}

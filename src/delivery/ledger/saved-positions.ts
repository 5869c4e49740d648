import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query } from '../../runtime/db/query.ts'

const Saved = z.object({ subscriberId: bigint, position: z.number() })

/**
 * Reads which papers of an edition readers saved and still keep, newest first. Readers without any are missing.
 * It says nothing of what they read: opens and clicks teach nothing.
 */
export async function readSavedPositions(
  db: Db,
  editionId: number,
  subscriberIds: readonly number[],
): Promise<Map<number, number[]>> {
  const rows = await query(db, Saved)`
    SELECT m.subscriber_id, c.position FROM marks m
    JOIN edition_papers c ON c.edition_id = ${editionId} AND c.paper_id = m.paper_id AND c.section <> 'rising'
    WHERE m.subscriber_id = ANY(${sql.param(subscriberIds)}::bigint[]) AND m.kind = 'saved' ORDER BY m.marked_at DESC, c.position`
  const saved = new Map<number, number[]>()
  for (const { subscriberId, position } of rows) saved.set(subscriberId, [...(saved.get(subscriberId) ?? []), position])
  return saved
}

import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query } from '../../runtime/db/query.ts'

/** Ids of papers that a reader voted for, and of those they saved. */
export interface Judged {
  voted: ReadonlySet<number>
  saved: ReadonlySet<number>
}

/**
 * Returns which of some papers a reader voted for or saved, for the buttons of a page.
 * @param subscriberId without it, both sets are empty
 */
export async function readJudged(
  db: Db,
  subscriberId: number | undefined,
  papers: readonly { id: number }[],
): Promise<Judged> {
  if (subscriberId === undefined || papers.length === 0) return { voted: new Set(), saved: new Set() }
  const ids = sql`ANY(${sql.param(papers.map(({ id }) => id))}::bigint[])`
  const rows = await query(db, { id: bigint, kind: z.enum(['voted', 'saved']) })`
    SELECT paper_id AS id, 'voted' AS kind FROM votes WHERE subscriber_id = ${subscriberId} AND paper_id = ${ids}
    UNION ALL
    SELECT paper_id, kind::text FROM marks WHERE subscriber_id = ${subscriberId} AND kind = 'saved' AND paper_id = ${ids}`
  const of = (wanted: string) => new Set(rows.filter(({ kind }) => kind === wanted).map(({ id }) => id))
  return { voted: of('voted'), saved: of('saved') }
}

import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { type ListedRow, readListed } from '../lists/listed-rows.ts'

export interface OwnVotes {
  papers: (ListedRow & { castAt: Date })[]
  /** `before` of the next page; undefined on the last one */
  next?: Date | undefined
}

const PAGE = 50

/**
 * Reads the papers that a reader voted for, newest vote first.
 * @param page.before only votes cast before this moment
 */
export async function readOwnVotes(
  { db, now }: { db: Db; now: () => Date },
  subscriberId: number,
  { before, limit = PAGE }: { before?: Date | undefined; limit?: number } = {},
): Promise<OwnVotes> {
  const { rows } = await db.execute<{ id: string; cast_at: string }>(sql`
    SELECT paper_id AS id, cast_at FROM votes
    WHERE subscriber_id = ${subscriberId} AND cast_at < coalesce(${before ?? null}::timestamptz, 'infinity')
    ORDER BY cast_at DESC, paper_id DESC LIMIT ${limit + 1}`)
  const page = rows.slice(0, limit)
  const castAt = new Map(page.map((row) => [Number(row.id), new Date(row.cast_at)]))
  const papers = await readListed(db, [...castAt.keys()], now())
  const last = page.at(-1)
  return {
    papers: papers.map((paper) => ({ ...paper, castAt: castAt.get(paper.id)! })),
    next: rows.length > limit && last ? new Date(last.cast_at) : undefined,
  }
}

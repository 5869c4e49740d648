import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, moment, query } from '../../runtime/db/query.ts'
import { type ListedRow, readListed } from '../lists/listed-rows.ts'

/** One page of a reader's own papers. */
export interface OwnPapers {
  /** `at`: when the reader voted for it or saved it */
  papers: (ListedRow & { at: Date })[]
  /** `before` of the next page; undefined on the last one */
  next?: Date | undefined
}

interface Page {
  /** only papers of before this moment */
  before?: Date | undefined
  limit?: number
}

interface Deps {
  db: Db
  now: () => Date
}

const PAGE = 50

/** Reads the papers that a reader voted for, newest vote first. */
export const readOwnVotes = (deps: Deps, subscriberId: number, page?: Page): Promise<OwnPapers> =>
  readOwn(deps, sql`SELECT paper_id AS id, cast_at AS at FROM votes WHERE subscriber_id = ${subscriberId}`, page)

/** Reads the papers that a reader saved, newest first. */
export const listSaved = (deps: Deps, subscriberId: number, page?: Page): Promise<OwnPapers> =>
  readOwn(
    deps,
    sql`SELECT paper_id AS id, marked_at AS at FROM marks WHERE subscriber_id = ${subscriberId} AND kind = 'saved'`,
    page,
  )

async function readOwn({ db, now }: Deps, own: SQL, { before, limit = PAGE }: Page = {}): Promise<OwnPapers> {
  const rows = await query(db, { id: bigint, at: moment })`
    SELECT id, at FROM (${own}) AS own WHERE at < coalesce(${before ?? null}::timestamptz, 'infinity')
    ORDER BY at DESC, id DESC LIMIT ${limit + 1}`
  const page = rows.slice(0, limit)
  const at = new Map(page.map((row) => [row.id, row.at]))
  const papers = await readListed(db, [...at.keys()], now())
  return {
    papers: papers.map((paper) => ({ ...paper, at: at.get(paper.id)! })),
    next: rows.length > limit ? page.at(-1)?.at : undefined,
  }
}

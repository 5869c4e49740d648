import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { bool, queryOne } from '../../runtime/db/query.ts'
import { notAReader, paperNotFound } from './cast.ts'
import { learnTaste } from './learn-taste.ts'

export type MarkKind = 'saved' | 'not interested'

interface Deps {
  db: Db
  now: () => Date
}

interface Marking {
  subscriberId: number
  paperId: number
  kind: MarkKind
}

/**
 * Saves a paper for a reader, or records that it is of no interest to them. The later of both replaces the other. Repeating it
 * changes nothing. Unlike votes, marks are the reader's alone and rank nothing.
 *
 * @throws PaperboyError PAPER_NOT_FOUND | NOT_A_READER (never confirmed, or no longer active)
 */
export async function markPaper(deps: Deps, { subscriberId, paperId, kind }: Marking): Promise<void> {
  const { paper, reader } = await queryOne(deps.db, { paper: bool, reader: bool })`
    WITH judging AS (
      SELECT s.id AS subscriber_id, p.id AS paper_id FROM subscribers s, papers p
      WHERE s.id = ${subscriberId} AND s.status = 'active' AND p.id = ${paperId}
    ), marked AS (
      INSERT INTO marks (subscriber_id, paper_id, kind, marked_at)
      SELECT subscriber_id, paper_id, ${kind}, ${deps.now()} FROM judging ON CONFLICT DO NOTHING
    ), replaced AS (
      DELETE FROM marks m USING judging j
      WHERE m.subscriber_id = j.subscriber_id AND m.paper_id = j.paper_id AND m.kind <> ${kind}
    )
    SELECT EXISTS (SELECT FROM papers WHERE id = ${paperId}) AS paper,
      EXISTS (SELECT FROM subscribers WHERE id = ${subscriberId} AND status = 'active') AS reader`
  if (!paper) throw paperNotFound()
  if (!reader) throw notAReader()
  await learnTaste(deps, subscriberId)
}

/** Removes a mark, whatever the reader's status. Does nothing when there is none. */
export async function unmarkPaper(deps: Deps, { subscriberId, paperId, kind }: Marking): Promise<void> {
  await deps.db.execute(
    sql`DELETE FROM marks WHERE subscriber_id = ${subscriberId} AND paper_id = ${paperId} AND kind = ${kind}`,
  )
  await learnTaste(deps, subscriberId)
}

/** Returns whether a reader marked a paper so. */
export async function isMarked({ db }: Pick<Deps, 'db'>, { subscriberId, paperId, kind }: Marking): Promise<boolean> {
  const { marked } = await queryOne(db, { marked: bool })`
    SELECT EXISTS (
      SELECT FROM marks WHERE subscriber_id = ${subscriberId} AND paper_id = ${paperId} AND kind = ${kind}) AS marked`
  return marked
}

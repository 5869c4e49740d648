import { sql } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, bool, queryColumn, queryOne } from '../../runtime/db/query.ts'
import { hashNetwork } from './hash-network.ts'
import { learnTaste } from './learn-taste.ts'

interface Deps {
  db: Db
  now: () => Date
  config: { SECRET_KEY: string }
}

interface Ballot {
  subscriberId: number
  paperId: number
}

/**
 * Stores a reader's vote for a paper. Voting again changes nothing.
 *
 * @param origin the reader's network address; only a keyed hash of address and day is stored
 * @throws PaperboyError PAPER_NOT_FOUND | NOT_A_READER (never confirmed, or no longer active)
 */
export async function castVote({ db, now, config }: Deps, { subscriberId, paperId }: Ballot, origin: string) {
  const at = now()
  const { paper, reader } = await queryOne(db, { paper: bool, reader: bool })`
    WITH cast_vote AS (
      INSERT INTO votes (subscriber_id, paper_id, cast_at, network)
      SELECT s.id, p.id, ${at}, ${hashNetwork(config.SECRET_KEY, origin, at)}
      FROM subscribers s, papers p WHERE s.id = ${subscriberId} AND s.status = 'active' AND p.id = ${paperId}
      ON CONFLICT DO NOTHING)
    SELECT EXISTS (SELECT FROM papers WHERE id = ${paperId}) AS paper,
      EXISTS (SELECT FROM subscribers WHERE id = ${subscriberId} AND status = 'active') AS reader`
  if (!paper) throw paperNotFound()
  if (!reader) throw notAReader()
  await learnTaste({ db, now }, subscriberId)
}

/** Deletes a vote, whatever the reader's status. Does nothing when there is no vote. */
export async function undoVote(deps: Pick<Deps, 'db' | 'now'>, { subscriberId, paperId }: Ballot): Promise<void> {
  await deps.db.execute(sql`DELETE FROM votes WHERE subscriber_id = ${subscriberId} AND paper_id = ${paperId}`)
  await learnTaste(deps, subscriberId)
}

/** Returns the ids of those papers that a reader voted for. */
export async function readVotedIds(db: Db, subscriberId: number, paperIds: readonly number[]): Promise<Set<number>> {
  const ids = await queryColumn(db, bigint)`
    SELECT paper_id FROM votes WHERE subscriber_id = ${subscriberId} AND paper_id = ANY(${sql.param(paperIds)}::bigint[])`
  return new Set(ids)
}

/** Records who submitted a paper, so that their own vote is not counted. The paper may not be stored yet. */
export async function recordSubmitter(
  db: Db,
  { subscriberId, source, sourceId }: { subscriberId: number; source: string; sourceId: string },
): Promise<void> {
  await db.execute(sql`
    INSERT INTO paper_submitters (source, source_id, subscriber_id)
    SELECT ${source}, ${sourceId}, id FROM subscribers WHERE id = ${subscriberId} ON CONFLICT DO NOTHING`)
}

export const paperNotFound = (): PaperboyError => new PaperboyError('PAPER_NOT_FOUND', 'There is no such paper here.')

export const notAReader = (): PaperboyError =>
  new PaperboyError('NOT_A_READER', 'Votes are for confirmed readers. Sign up, confirm your address, and vote then.')

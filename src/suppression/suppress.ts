import { sql } from 'drizzle-orm'
import { PaperboyError } from '../lib/errors.ts'
import type { Db } from '../runtime/db/database.ts'

export type SuppressionReason = 'hard bounce' | 'complaint' | 'erasure' | 'manual'

export interface Suppression {
  /** keyed hash of the address, see addressHash */
  hash: Buffer
  reason: SuppressionReason
}

/**
 * From now on nobody mails these addresses; a subscriber behind one learns it from their status at once. A complaint or the
 * operator's word replaces a weaker reason and is never replaced; someone who has left stays "unsubscribed" when they bounce.
 *
 * @returns how many addresses were not suppressed before, and how many got a stronger reason
 */
export async function suppress(
  db: Db,
  suppressions: readonly Suppression[],
  at: Date,
): Promise<{ added: number; strengthened: number }> {
  if (suppressions.length === 0) return { added: 0, strengthened: 0 }
  const { rows } = await db.execute<{ added: number; strengthened: number }>(sql`
    WITH given AS (
      SELECT DISTINCT ON (hash) hash, reason
      FROM unnest(${sql.param(suppressions.map((one) => one.hash))}::bytea[],
                  ${sql.param(suppressions.map((one) => one.reason))}::suppression_reason[]) AS g (hash, reason)
      -- Rows are locked in the same order by everybody, so that two imports at once wait for each other and never in a circle.
      ORDER BY hash, (reason IN ('complaint', 'manual')) DESC
    ), kept AS (
      INSERT INTO suppressions AS x (address_hash, reason, created_at) SELECT hash, reason, ${at} FROM given
      ON CONFLICT (address_hash) DO UPDATE SET reason = excluded.reason, created_at = excluded.created_at
      WHERE x.reason IN ('hard bounce', 'erasure') AND excluded.reason IN ('complaint', 'manual')
      RETURNING xmax = 0 AS added
    ), told AS (
      UPDATE subscribers s SET updated_at = ${at},
        status = CASE g.reason WHEN 'complaint' THEN 'complained' WHEN 'hard bounce' THEN 'bounced'
                               ELSE 'unsubscribed' END::subscriber_status,
        left_at = CASE WHEN g.reason = 'manual' THEN ${at}::timestamptz ELSE left_at END
      FROM given g
      WHERE s.address_hash = g.hash
        AND CASE WHEN g.reason = 'complaint' THEN s.status NOT IN ('complained', 'erased')
                 WHEN g.reason = 'erasure' THEN false
                 ELSE s.status IN ('pending', 'active') END
    )
    SELECT count(*) FILTER (WHERE added)::int AS added, count(*) FILTER (WHERE NOT added)::int AS strengthened FROM kept`)
  return rows[0]!
}

/**
 * The operator takes a suppression back. Nobody is mailed by it: the address may sign up again, and its confirmation decides.
 * @returns the reason it was suppressed for, or undefined when it was not
 */
export async function lift(db: Db, hash: Buffer, at: Date): Promise<SuppressionReason | undefined> {
  const { rows } = await db.execute<{ reason: SuppressionReason }>(sql`
    WITH lifted AS (
      DELETE FROM suppressions WHERE address_hash = ${hash} RETURNING address_hash, reason
    ), told AS (
      UPDATE subscribers s SET status = 'unsubscribed', left_at = ${at}, updated_at = ${at}
      FROM lifted WHERE s.address_hash = lifted.address_hash AND s.status IN ('bounced', 'complained')
    )
    SELECT reason FROM lifted`)
  return rows[0]?.reason
}

/** The same, where it has to be suppressed. @throws PaperboyError BAD_ADDRESS when it is not */
export async function liftOrThrow(db: Db, hash: Buffer, at: Date): Promise<SuppressionReason> {
  const reason = await lift(db, hash, at)
  if (!reason) throw new PaperboyError('BAD_ADDRESS', 'This address is not suppressed. Nothing was changed.')
  return reason
}

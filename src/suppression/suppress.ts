import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { PaperboyError } from '../lib/errors.ts'
import type { Db } from '../runtime/db/database.ts'
import { bool, number, queryColumn, queryOne } from '../runtime/db/query.ts'
import { suppressionReason } from '../runtime/db/schema.ts'

const Reason = z.enum(suppressionReason.enumValues)
export type SuppressionReason = z.output<typeof Reason>

export interface Suppression {
  /** keyed hash of the address, see addressHash */
  hash: Buffer
  reason: SuppressionReason
  /** since when, if it was suppressed elsewhere before */
  since?: Date | undefined
}

/**
 * Suppresses addresses: no email is sent to them from now on. Subscribers behind them change status at once.
 * A complaint or a manual suppression replaces a weaker reason and is never replaced. An unsubscribed reader stays
 * "unsubscribed" after a bounce, and a bounced one becomes so by a manual suppression, which outlasts another address. By an erasure that
 * another list brings, an active one does: they get no email, and can only sign up again once they are not active.
 *
 * @returns how many addresses were newly suppressed, how many got a stronger reason, and how many readers got another status
 */
export async function suppress(
  db: Db,
  suppressions: readonly Suppression[],
  at: Date,
): Promise<{ added: number; strengthened: number; readers: number }> {
  if (suppressions.length === 0) return { added: 0, strengthened: 0, readers: 0 }
  // One statement, so that a status never differs from its suppression. `given` has each address once, with its strongest reason;
  // `kept` upserts them; `updated` sets the status of subscribers behind them.
  const suppressStatement = sql`
    WITH given AS (
      SELECT DISTINCT ON (hash) hash, reason, since
      FROM unnest(${sql.param(suppressions.map((one) => one.hash))}::bytea[],
                  ${sql.param(suppressions.map((one) => one.reason))}::suppression_reason[],
                  ${sql.param(suppressions.map((one) => one.since ?? at))}::timestamptz[]) AS g (hash, reason, since)
      -- Lock rows in one order, so that concurrent imports wait for each other without a deadlock.
      ORDER BY hash, (reason IN ('complaint', 'manual')) DESC
    ), kept AS (
      INSERT INTO suppressions AS x (address_hash, reason, created_at) SELECT hash, reason, since FROM given
      ON CONFLICT (address_hash) DO UPDATE SET reason = excluded.reason, created_at = excluded.created_at
      WHERE x.reason IN ('hard bounce', 'erasure') AND excluded.reason IN ('complaint', 'manual')
      RETURNING xmax = 0 AS added
    ), updated AS (
      UPDATE subscribers s SET updated_at = ${at},
        status = CASE g.reason WHEN 'complaint' THEN 'complained' WHEN 'hard bounce' THEN 'bounced'
                               ELSE 'unsubscribed' END::subscriber_status,
        left_at = CASE WHEN g.reason IN ('manual', 'erasure') THEN ${at}::timestamptz ELSE left_at END
      FROM given g
      WHERE s.address_hash = g.hash
        AND CASE WHEN g.reason = 'complaint' THEN s.status NOT IN ('complained', 'erased')
                 WHEN g.reason = 'erasure' THEN s.status = 'active'
                 WHEN g.reason = 'manual' THEN s.status IN ('pending', 'active', 'bounced')
                 ELSE s.status IN ('pending', 'active') END
      RETURNING s.id
    )
    SELECT count(*) FILTER (WHERE added)::int AS added, count(*) FILTER (WHERE NOT added)::int AS strengthened,
      (SELECT count(*)::int FROM updated) AS readers FROM kept`
  return queryOne(db, { added: number, strengthened: number, readers: number }, suppressStatement)
}

/**
 * Suppresses an address by an operator's order, until it is lifted.
 * @returns whether anything changed: false when it was suppressed so already, or for a complaint
 */
export async function suppressManually(db: Db, hash: Buffer, at: Date): Promise<boolean> {
  const { added, strengthened, readers } = await suppress(db, [{ hash, reason: 'manual' }], at)
  return added + strengthened + readers > 0
}

/**
 * Lifts a suppression. No email follows: the address may sign up again, and must confirm.
 * @returns the reason of the suppression
 * @throws PaperboyError BAD_ADDRESS when there was none
 */
export async function lift(db: Db, hash: Buffer, at: Date): Promise<SuppressionReason> {
  const [reason] = await queryColumn(db, Reason)`
    WITH lifted AS (
      DELETE FROM suppressions WHERE address_hash = ${hash} RETURNING address_hash, reason
    ), updated AS (
      UPDATE subscribers s SET status = 'unsubscribed', left_at = ${at}, updated_at = ${at}
      FROM lifted WHERE s.address_hash = lifted.address_hash AND s.status IN ('bounced', 'complained')
    )
    SELECT reason FROM lifted`
  if (!reason) throw new PaperboyError('BAD_ADDRESS', 'This address is not suppressed. Nothing was changed.')
  return reason
}

/**
 * Lifts a suppression for a hard bounce or an erasure: the owner of the address has just shown that email arrives.
 * @returns false under one for a complaint or by an operator, which stays
 */
export async function liftForOwner(db: Db, hash: Buffer): Promise<boolean> {
  const { lifted } = await queryOne(db, { lifted: bool })`
    WITH own AS (DELETE FROM suppressions WHERE address_hash = ${hash} AND reason IN ('hard bounce', 'erasure'))
    SELECT NOT EXISTS (SELECT FROM suppressions WHERE address_hash = ${hash} AND reason IN ('complaint', 'manual')) AS lifted`
  return lifted
}

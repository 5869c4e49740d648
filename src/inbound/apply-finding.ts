import { eq, sql } from 'drizzle-orm'
import type { Db } from '../runtime/db/database.ts'
import { bool, queryColumn } from '../runtime/db/query.ts'
import { subscribers } from '../runtime/db/schema.ts'
import { unsubscribeReader } from '../subscription/unsubscribe.ts'
import { suppress } from '../suppression/suppress.ts'
import type { Finding } from './finding.ts'
import type { Proof } from './proof.ts'
import { isAboutUs, REASONS_ABOUT_US } from './verdict.ts'

export type InboundAction = 'suppressed' | 'unsubscribed' | 'counted' | 'nothing'

/** This many soft bounces in a row, over at least this many days, count as a hard bounce. */
const SOFT_IN_A_ROW = 5
const SOFT_DAYS = 7
/** A relay retries for up to five days (RFC 5321 § 4.5.4.1). Only then does silence mean delivery. */
const QUIET_DAYS = 5

/**
 * Applies a proven finding. Hard bounces and complaints suppress at once; soft bounces are counted.
 * A proof by unsubscribe link alone may only unsubscribe.
 * A refusal of our sender, relay or content never affects the reader, however often it comes. Findings older than the
 * reader's last confirmation do not count.
 */
export async function applyFinding(db: Db, finding: Finding, proof: Proof, at: Date): Promise<InboundAction> {
  const { class: kind, delayed } = finding
  const onlyLink = proof.by === 'unsubscribe link'
  if (kind === 'unsubscribe' || (kind === 'complaint' && onlyLink)) {
    return (await unsubscribeReader({ db, now: () => at }, proof.subscriberId)) ? 'unsubscribed' : 'nothing'
  }
  if (onlyLink || delayed || (kind !== 'hard' && kind !== 'soft' && kind !== 'complaint')) return 'nothing'
  if (kind === 'soft' && isAboutUs(finding)) return 'nothing'
  const [reader] = await db.select().from(subscribers).where(eq(subscribers.id, proof.subscriberId)).for('update')
  if (!reader?.addressHash || reader.status === 'erased') return 'nothing'
  if (await isOutdated(db, proof, reader.confirmedAt)) return 'nothing'
  if (kind === 'soft' && !(await isSoftLimitReached(db, reader.id, reader.confirmedAt, at))) return 'counted'
  const reason = kind === 'complaint' ? 'complaint' : 'hard bounce'
  await suppress(db, [{ hash: reader.addressHash, reason }], at)
  return 'suppressed'
}

/**
 * Returns whether the email was sent before the last confirmation, which showed that the address works and is wanted.
 */
async function isOutdated(db: Db, { subscriberId, mail }: Proof, confirmedAt: Date | null): Promise<boolean> {
  if (!mail || !confirmedAt) return false
  const sentBefore = queryColumn(db, bool.nullable())
  const [outdated] = await (mail.kind === 'digest'
    ? sentBefore`
      SELECT handed_at < ${confirmedAt} FROM deliveries WHERE edition_id = ${mail.reference} AND subscriber_id = ${subscriberId}`
    : sentBefore`SELECT created_at < ${confirmedAt} FROM outbox WHERE id = ${mail.reference} AND subscriber_id = ${subscriberId}`)
  return outdated ?? false
}

/**
 * Returns whether the soft bounces since the last delivered email are enough to suppress. One email counts once, on
 * the day it was sent.
 * An accepted email without a bounce for five days counts as delivered.
 */
async function isSoftLimitReached(db: Db, subscriberId: number, confirmedAt: Date | null, at: Date): Promise<boolean> {
  // arrived: the last delivered email. bounced: one time per email with a soft bounce about the reader.
  const [enough] = await queryColumn(db, bool.nullable())`
    WITH arrived AS (
      SELECT max(d.handed_at) AS at FROM deliveries d
      WHERE d.subscriber_id = ${subscriberId} AND d.state = 'accepted'
        AND d.handed_at < ${at}::timestamptz - make_interval(days => ${QUIET_DAYS})
        AND NOT EXISTS (SELECT FROM inbound_events e WHERE e.subscriber_id = d.subscriber_id
                        AND e.edition_id = d.edition_id AND e.class IN ('soft', 'hard'))
    ), bounced AS (
      SELECT min(coalesce(d.handed_at, e.received_at)) AS at
      FROM inbound_events e LEFT JOIN deliveries d ON d.edition_id = e.edition_id AND d.subscriber_id = e.subscriber_id
      WHERE e.subscriber_id = ${subscriberId} AND e.class = 'soft' AND e.reason <> ALL (${sql.param([...REASONS_ABOUT_US])}::text[])
        AND e.authority <> 'unsubscribe link'
      GROUP BY coalesce(e.edition_id, -e.id)
    )
    SELECT count(*) >= ${SOFT_IN_A_ROW} AND max(b.at) - min(b.at) >= make_interval(days => ${SOFT_DAYS})
    FROM bounced b, arrived a
    WHERE b.at > coalesce(a.at, '-infinity') AND b.at > ${confirmedAt ?? new Date(0)}`
  return enough ?? false
}

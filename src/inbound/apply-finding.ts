import { eq, sql } from 'drizzle-orm'
import type { Db } from '../runtime/db/database.ts'
import { subscribers } from '../runtime/db/schema.ts'
import { unsubscribeReader } from '../subscription/unsubscribe.ts'
import { suppress } from '../suppression/suppress.ts'
import type { Finding } from './finding.ts'
import type { Proof } from './proof.ts'
import { isAboutUs, REASONS_ABOUT_US } from './verdict.ts'

export type InboundAction = 'suppressed' | 'left' | 'counted' | 'nothing'

/** So many soft bounces in a row, over at least so many days, and the address is given up. */
const SOFT_IN_A_ROW = 5
const SOFT_DAYS = 7
/** A relay goes on trying for up to five days (RFC 5321 § 4.5.4.1); only then is no bounce a good sign. */
const QUIET_DAYS = 5

/**
 * What a proven finding changes. A hard bounce and a complaint suppress at once, soft ones are counted; a proof by the unsubscribe
 * link alone lets the reader leave and no more. A refusal of our sender, our relay or what we send never touches the reader, however
 * often it comes. Nothing that is older than the reader's own last confirmation counts.
 */
export async function applyFinding(db: Db, finding: Finding, proof: Proof, at: Date): Promise<InboundAction> {
  const { class: kind, delayed } = finding
  const onlyLink = proof.by === 'unsubscribe link'
  if (kind === 'unsubscribe' || (kind === 'complaint' && onlyLink)) {
    return (await unsubscribeReader({ db, now: () => at }, proof.subscriberId)) ? 'left' : 'nothing'
  }
  if (onlyLink || delayed || (kind !== 'hard' && kind !== 'soft' && kind !== 'complaint')) return 'nothing'
  if (kind === 'soft' && isAboutUs(finding)) return 'nothing'
  const [reader] = await db.select().from(subscribers).where(eq(subscribers.id, proof.subscriberId)).for('update')
  if (!reader?.addressHash || reader.status === 'erased') return 'nothing'
  if (await isOutdated(db, proof, reader.confirmedAt)) return 'nothing'
  if (kind === 'soft' && !(await isLastStraw(db, reader.id, reader.confirmedAt, at))) return 'counted'
  const reason = kind === 'complaint' ? 'complaint' : 'hard bounce'
  await suppress(db, [{ hash: reader.addressHash, reason }], at)
  return 'suppressed'
}

/** Whether the mail was handed over before the reader confirmed anew: they have shown since that the address works and is wanted. */
async function isOutdated(db: Db, { subscriberId, mail }: Proof, confirmedAt: Date | null): Promise<boolean> {
  if (!mail || !confirmedAt) return false
  const { rows } = await db.execute<{ outdated: boolean }>(
    mail.kind === 'digest'
      ? sql`SELECT handed_at < ${confirmedAt} AS outdated FROM deliveries
            WHERE edition_id = ${mail.reference} AND subscriber_id = ${subscriberId}`
      : sql`SELECT created_at < ${confirmedAt} AS outdated FROM outbox
            WHERE id = ${mail.reference} AND subscriber_id = ${subscriberId}`,
  )
  return rows[0]?.outdated ?? false
}

/**
 * Whether the soft bounces since the last mail that arrived, this one included, are enough. A mail counts once, on the day it was
 * handed over; one that was accepted and for five days brought no bounce counts as arrived.
 */
async function isLastStraw(db: Db, subscriberId: number, confirmedAt: Date | null, at: Date): Promise<boolean> {
  const { rows } = await db.execute<{ enough: boolean }>(sql`
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
    SELECT count(*) >= ${SOFT_IN_A_ROW} AND max(b.at) - min(b.at) >= make_interval(days => ${SOFT_DAYS}) AS enough
    FROM bounced b, arrived a
    WHERE b.at > coalesce(a.at, '-infinity') AND b.at > ${confirmedAt ?? new Date(0)}`)
  return rows[0]!.enough ?? false
}

import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Selection } from '../../edition/select/select-papers.ts'
import type { Db } from '../../runtime/db/database.ts'
import { withEarlierReply } from '../../runtime/db/earlier-reply.ts'
import { knownZone } from '../../runtime/db/known-zone.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, bytes, number, query, text } from '../../runtime/db/query.ts'
import { isFor } from '../plan/audience.ts'
import type { Lease } from './batches.ts'
import { deliveryNeedsAttempt, NO_MORE_RESENDS, NOT_HALTED, SENDABLE_EDITION } from './conditions.ts'
import type { Chosen } from './deliveries.ts'
import { type RecordedOutcome, recordAccepted } from './record-outcomes.ts'
import { areReleases, lockReaders, type Releases } from './repeats.ts'
import { fromBitmap, toBitmap } from './shown-bitmap.ts'

/** A delivery that a committed statement has marked `handed`. */
export interface StartedAttempt {
  subscriberId: number
  email: string
  /** the reader's language and format */
  locale: string
  format: 'html' | 'text'
  /** how the reader wants titles and summaries (CardStyle) */
  sourceLinks: boolean
  abstracts: boolean
  chosen: Selection
  /** date, in the reader's time zone, of an earlier digest that was too late to send */
  missedOn: string | null
  /** attempt number, starting at 1; an outcome is recorded for its own attempt only */
  attempt: number
}

interface StartOptions {
  /** those that had happened when the papers were chosen */
  releases: Releases
  policy: 'resend' | 'hold'
  at: Date
  /** accepted attempts of this edition to record in the same commit, whether or not any delivery is marked */
  accepted?: readonly RecordedOutcome[]
}

/**
 * Marks a group's deliveries `handed`, in one committed statement, and returns them.
 *
 * Rule 3 is checked inside the statement: a delivery whose reader may not be emailed at that moment becomes `skipped` or `expired` with
 * the reason. None is marked if the batch lease is lost, the edition paused or cancelled, or sending halted. The same holds if an edition
 * was released since the papers were chosen: the batch then starts over.
 *
 * Locks the batch row, so that no other worker leases the batch between check and commit. Locks the readers, so that editions with
 * papers in common are chosen one after another (repeats.ts).
 */
export async function startAttempts(
  db: Db,
  lease: Lease,
  group: readonly Chosen[],
  options: StartOptions,
): Promise<StartedAttempt[]> {
  const judged = await query(db, Judged, prepared(startStatement(lease, group, options)))
  return judged
    .filter(({ state }) => state === 'handed')
    .map(({ shown, own, email, locale, format, ...row }) => ({
      ...{ subscriberId: row.subscriberId, missedOn: row.missedOn, attempt: row.attempt },
      ...{ email: email!, locale: locale!, format: format! },
      ...{ sourceLinks: row.sourceLinks!, abstracts: row.abstracts! },
      chosen: { shown: fromBitmap(shown), own },
    }))
}

const Judged = z.object({
  subscriberId: bigint,
  state: text,
  email: text.nullable(),
  locale: text.nullable(),
  format: z.enum(['html', 'text']).nullable(),
  sourceLinks: z.boolean().nullable(),
  abstracts: z.boolean().nullable(),
  missedOn: text.nullable(),
  shown: bytes,
  own: number,
  attempt: number,
})

/**
 * The statement that marks. CTEs in order: `leased` (may this batch send?), `wanted` (the group's choices), `locked` (its readers),
 * `judged` (each delivery with one reason not to send it, or NULL), `verdict` (the state that follows from the
 * reason). `recorded` stands for itself. PostgreSQL runs it last, so that the batch is locked before its deliveries, as in `leaseBatch`.
 */
const startStatement = (
  { batchId, lease, editionId, ...edition }: Lease,
  group: readonly Chosen[],
  { releases, policy, at, accepted = [] }: StartOptions,
) => sql`
  WITH leased AS MATERIALIZED (
    SELECT b.id FROM batches b JOIN editions e ON e.id = b.edition_id
    WHERE b.id = ${batchId} AND b.lease = ${lease} AND b.lease_until > now() AND ${SENDABLE_EDITION} AND ${NOT_HALTED}
      AND ${areReleases(releases)}
    FOR SHARE OF b
  ), wanted AS (
    SELECT * FROM unnest(${sql.param(group.map((one) => one.subscriberId))}::bigint[],
                         ${sql.param(group.map((one) => toBitmap(one.chosen.shown)))}::bytea[],
                         ${sql.param(group.map((one) => one.chosen.own))}::smallint[]) AS w (subscriber_id, shown, own)
  ), locked AS MATERIALIZED (
    ${lockReaders(group)}
  ), judged AS (
    SELECT d.subscriber_id, coalesce(d.shown, w.shown) AS shown, CASE WHEN d.shown IS NULL THEN w.own ELSE d.own END AS own,
      s.email, s.locale, s.format, s.source_links, s.abstracts, d.state = 'unknown' AS was_unknown,
      CASE WHEN s.missed_at IS NOT NULL THEN
        (s.missed_at AT TIME ZONE ${knownZone(sql`s.zone`)})::date::text END AS missed_on,
      CASE
        WHEN d.expires_at <= ${at} THEN ${TOO_LATE}
        WHEN s.status IS DISTINCT FROM 'active' THEN coalesce(s.status::text, 'gone')
        WHEN s.paused_until > ${at} THEN 'paused'
        WHEN x.address_hash IS NOT NULL THEN 'suppressed'
        -- The page that saved their new schedule has named another day.
        WHEN NOT ${isFor(edition)} THEN 'moved to ' || s.cadence
        WHEN length(coalesce(d.shown, w.shown)) = 0 THEN 'nothing new'
      END AS reason
    FROM wanted w
    -- OFFSET 0 forces one lookup by primary key per delivery. Without it each group reads the whole batch.
    -- Skips a locked delivery, which stays in the batch: this statement would wait, then mark readers who unsubscribed during the wait.
    CROSS JOIN LATERAL (
      SELECT * FROM deliveries WHERE edition_id = ${editionId} AND subscriber_id = w.subscriber_id OFFSET 0 FOR UPDATE SKIP LOCKED
    ) d
    LEFT JOIN subscribers s ON s.id = d.subscriber_id
    LEFT JOIN suppressions x ON x.address_hash = s.address_hash
    WHERE EXISTS (SELECT FROM leased) AND (SELECT count(*) FROM locked) > 0 AND d.batch_id = ${batchId} AND ${deliveryNeedsAttempt(policy)}
  ), verdict AS MATERIALIZED (
    SELECT *, reason IS NULL AS may_send, CASE
        WHEN reason IS NULL THEN 'handed'
        -- It may have arrived: not sending it again does not make that known.
        WHEN was_unknown THEN 'unknown'
        WHEN reason = ${TOO_LATE} THEN 'expired'
        ELSE 'skipped'
      END::delivery_state AS state
    FROM judged
  ), announced AS (
    -- This digest tells its reader about the missed one. Skips a locked row, as above: an import may hold it for minutes.
    UPDATE subscribers s SET missed_at = NULL
    FROM (
      SELECT m.id FROM verdict v JOIN subscribers m ON m.id = v.subscriber_id
      WHERE v.may_send AND v.missed_on IS NOT NULL FOR NO KEY UPDATE OF m SKIP LOCKED
    ) AS told WHERE s.id = told.id
  ), recorded AS (
    ${recordAccepted(editionId, accepted, at)}
  )
  UPDATE deliveries d SET shown = v.shown, own = v.own, state = v.state,
    reply = CASE WHEN v.may_send THEN NULL WHEN v.reason = ${TOO_LATE} THEN coalesce(d.reply, v.reason) ELSE ${withEarlierReply(sql`v.reason`)} END,
    crashes = CASE WHEN v.state = 'unknown' THEN ${NO_MORE_RESENDS} ELSE crashes END,
    hand_overs = hand_overs + v.may_send::int,
    handed_at = CASE WHEN v.may_send THEN ${at} ELSE handed_at END,
    settled_at = CASE WHEN NOT v.may_send THEN ${at}::timestamptz END
  FROM verdict v
  WHERE d.edition_id = ${editionId} AND d.subscriber_id = v.subscriber_id
  RETURNING d.subscriber_id, d.state, v.email, v.locale, v.format, v.source_links, v.abstracts, v.missed_on, d.shown, d.own, d.hand_overs AS attempt`

/** The one reason that makes a delivery `expired`; all others make it `skipped`. */
const TOO_LATE = sql.raw(`'too late'`)

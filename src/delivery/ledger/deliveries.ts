import { sql } from 'drizzle-orm'
import type { Selection, SelectionPreferences } from '../../edition/select/select-papers.ts'
import type { Outcome } from '../../relay/outcome.ts'
import type { Db } from '../../runtime/db/database.ts'
import { executePrepared } from '../../runtime/db/prepared.ts'
import { suppress } from '../../suppression/suppress.ts'
import { afterOutcome, isHandOver, withEarlierReply } from './attempts.ts'
import type { Lease } from './batches.ts'
import { GIVEN_UP, LIVE, NOT_HALTED, toDo } from './conditions.ts'
import { waitAfter } from './later-batches.ts'
import { countReleases, lockReaders, type Releases } from './repeats.ts'
import { fromBitmap, toBitmap } from './shown-bitmap.ts'

/** A delivery still to be handed over, and what decides which papers it shows. */
export interface Pending {
  subscriberId: number
  /** the receiving domain, lower case; a rate may be kept for it */
  domain: string
  wishes: Omit<SelectionPreferences, 'liked'> & { likeVoted: boolean }
  /** what was chosen for an earlier hand-over: a resend shows the same */
  chosen: Selection | null
}

/** What a reader is to be shown; of no papers where they had everything before. */
export interface Chosen {
  subscriberId: number
  chosen: Selection
}

/** A delivery that a committed statement has marked `handed`. */
export interface Handed {
  subscriberId: number
  email: string
  /** the language and form they chose */
  locale: string
  format: 'html' | 'text'
  chosen: Selection
  /** the day, on their calendar, of a digest that came too late to be sent */
  missedOn: string | null
  /** the how-manieth hand-over this is; an outcome is recorded only for the one it belongs to */
  handOvers: number
}

export async function readPending(
  db: Db,
  { editionId, batchId }: Lease,
  policy: 'resend' | 'hold',
): Promise<Pending[]> {
  const { rows } = await db.execute<{
    subscriber_id: string
    size: number
    topics: string[]
    keywords: string[]
    like_voted: boolean
    shown: Buffer | null
    own: number
    domain: string
  }>(sql`
    SELECT d.subscriber_id, lower(split_part(coalesce(s.email, ''), '@', 2)) AS domain, coalesce(s.size, 1) AS size, coalesce(s.topics, '{}') AS topics,
      coalesce(s.keywords, '{}') AS keywords, coalesce(s.like_voted, false) AS like_voted, d.shown, d.own
    FROM deliveries d
    -- OFFSET 0 has each reader looked up by id. Joined freely, ten thousand readers were all read for each batch.
    LEFT JOIN LATERAL (SELECT * FROM subscribers WHERE id = d.subscriber_id OFFSET 0) s ON true
    WHERE d.edition_id = ${editionId} AND d.batch_id = ${batchId} AND ${toDo(policy)}
    ORDER BY d.subscriber_id`)
  return rows.map(({ size, topics, keywords, ...row }) => ({
    subscriberId: Number(row.subscriber_id),
    domain: row.domain,
    wishes: { size, topics, keywords, likeVoted: row.like_voted },
    chosen: row.shown && { shown: fromBitmap(row.shown), own: row.own },
  }))
}

/**
 * Marks a group `handed`, in one committed statement, and only whoever may still be mailed at that moment: active, not paused,
 * not suppressed, not expired, the edition neither paused nor cancelled, the batch still ours. Who may not becomes `skipped` or
 * `expired` with the reason. Locking the batch row keeps a successor from taking the batch between this check and its commit.
 *
 * Readers are locked as well: what the same reader is shown of another edition at this moment is waited for (repeats.ts). Once an
 * edition was released since these choices were made, nobody is marked, and the batch begins anew.
 *
 * @param releases what `releasesNow` said when the choices were made
 *
 * Whose last digest was missed is told by this one, and that is then forgotten.
 *
 * @returns the handed ones; the rest are settled or somebody else's
 */
export async function markHanded(
  db: Db,
  { editionId, batchId, lease }: Lease,
  group: readonly Chosen[],
  releases: Releases,
  policy: 'resend' | 'hold',
  at: Date,
): Promise<Handed[]> {
  const { rows } = await executePrepared<{
    subscriber_id: string
    state: string
    email: string | null
    locale: string | null
    format: 'html' | 'text' | null
    shown: Buffer
    own: number
    missed_on: string | null
    hand_overs: number
  }>(
    db,
    sql`
    WITH mine AS MATERIALIZED (
      SELECT b.id FROM batches b JOIN editions e ON e.id = b.edition_id
      WHERE b.id = ${batchId} AND b.lease = ${lease} AND b.lease_until > now() AND ${LIVE} AND ${NOT_HALTED}
        AND ${countReleases(releases.since)} = ${releases.count}
      FOR SHARE OF b
    ), wanted AS (
      SELECT * FROM unnest(${sql.param(group.map((one) => one.subscriberId))}::bigint[],
                           ${sql.param(group.map((one) => toBitmap(one.chosen.shown)))}::bytea[],
                           ${sql.param(group.map((one) => one.chosen.own))}::smallint[]) AS w (subscriber_id, shown, own)
    ), locked AS MATERIALIZED (
      ${lockReaders(group)}
    ), judged AS (
      SELECT d.subscriber_id, coalesce(d.shown, w.shown) AS shown, CASE WHEN d.shown IS NULL THEN w.own ELSE d.own END AS own, s.email, s.locale, s.format, d.state = 'unknown' AS was_unknown,
        CASE WHEN s.missed_at IS NOT NULL THEN
          (s.missed_at AT TIME ZONE CASE WHEN is_zone(s.zone) THEN s.zone ELSE 'UTC' END)::date::text END AS missed_on,
        CASE
          WHEN d.expires_at <= ${at} THEN 'expired'
          WHEN s.status IS DISTINCT FROM 'active' OR s.paused_until > ${at} OR x.address_hash IS NOT NULL
            OR length(coalesce(d.shown, w.shown)) = 0 THEN 'skipped'
          ELSE 'handed'
        END::delivery_state AS state,
        CASE
          WHEN d.expires_at <= ${at} THEN 'too late'
          WHEN s.status IS DISTINCT FROM 'active' THEN coalesce(s.status::text, 'gone')
          WHEN s.paused_until > ${at} THEN 'paused'
          WHEN x.address_hash IS NOT NULL THEN 'suppressed'
          WHEN length(coalesce(d.shown, w.shown)) = 0 THEN 'nothing new'
        END AS why
      FROM wanted w
      -- OFFSET 0: by the primary key, one by one. Else the whole batch is read for each group of it.
      CROSS JOIN LATERAL (
        SELECT * FROM deliveries WHERE edition_id = ${editionId} AND subscriber_id = w.subscriber_id OFFSET 0 FOR UPDATE
      ) d
      LEFT JOIN subscribers s ON s.id = d.subscriber_id
      LEFT JOIN suppressions x ON x.address_hash = s.address_hash
      WHERE EXISTS (SELECT FROM mine) AND (SELECT count(*) FROM locked) > 0 AND d.batch_id = ${batchId} AND ${toDo(policy)}
    ), told AS (
      UPDATE subscribers s SET missed_at = NULL FROM judged j WHERE s.id = j.subscriber_id AND j.state = 'handed' AND j.missed_on IS NOT NULL
    )
    UPDATE deliveries d SET shown = j.shown, own = j.own,
      reply = CASE j.state WHEN 'handed' THEN NULL WHEN 'expired' THEN coalesce(d.reply, j.why) ELSE ${withEarlierReply(sql`j.why`)} END,
      -- It may have arrived the first time: not handing it over again does not make that known.
      state = CASE WHEN j.was_unknown AND j.state <> 'handed' THEN 'unknown' ELSE j.state END,
      crashes = CASE WHEN j.was_unknown AND j.state <> 'handed' THEN ${GIVEN_UP} ELSE crashes END,
      hand_overs = hand_overs + (j.state = 'handed')::int,
      handed_at = CASE WHEN j.state = 'handed' THEN ${at} ELSE handed_at END,
      settled_at = CASE WHEN j.state <> 'handed' THEN ${at}::timestamptz END
    FROM judged j
    WHERE d.edition_id = ${editionId} AND d.subscriber_id = j.subscriber_id
    RETURNING d.subscriber_id, d.state, j.email, j.locale, j.format, j.missed_on, d.shown, d.own, d.hand_overs`,
  )
  return rows
    .filter((row) => row.state === 'handed')
    .map((row) => ({
      subscriberId: Number(row.subscriber_id),
      email: row.email!,
      locale: row.locale!,
      format: row.format!,
      missedOn: row.missed_on,
      chosen: { shown: fromBitmap(row.shown), own: row.own },
      handOvers: row.hand_overs,
    }))
}

/** What is to be recorded of one hand-over. `later` is the batch that takes it from here when it is to be tried again. */
export interface Settled {
  subscriberId: number
  handOvers: number
  /** of the address it went to, where that is to be suppressed */
  addressHash?: Buffer
  outcome: Outcome
  later?: number | undefined
}

/**
 * Records outcomes. Applies also to a row that a successor called `unknown` meanwhile, since we know better, but never to a
 * later hand-over of it. A batch that was worked to its end meanwhile, and now has something to do again, is opened again.
 */
export async function recordOutcomes(
  db: Db,
  lease: Pick<Lease, 'editionId' | 'batchId'>,
  settled: readonly Settled[],
  at: Date,
): Promise<void> {
  const gone = settled.filter(({ outcome }) => outcome.hardBounce)
  if (gone.length === 0) return recordStates(db, lease, settled, at)
  // Together or not at all: a mailbox that is not there must not be asked for again with the next edition.
  await db.transaction(async (tx) => {
    await recordStates(tx, lease, settled, at)
    const hashes = gone.map(({ addressHash }) => addressHash!)
    await suppress(
      tx,
      hashes.map((hash) => ({ hash, reason: 'hard bounce' })),
      at,
    )
  })
}

async function recordStates(
  db: Db,
  { editionId, batchId }: Pick<Lease, 'editionId' | 'batchId'>,
  settled: readonly Settled[],
  at: Date,
): Promise<void> {
  const again = new Date(at.getTime() + waitAfter(1))
  const next = afterOutcome(sql`d`, sql`r.state`)
  await executePrepared(
    db,
    sql`
    WITH r AS (
      SELECT * FROM unnest(${sql.param(settled.map((one) => one.subscriberId))}::bigint[],
                           ${sql.param(settled.map((one) => one.handOvers))}::int[],
                           ${sql.param(settled.map((one) => one.outcome.state))}::delivery_state[],
                           ${sql.param(settled.map((one) => one.outcome.reply))}::text[],
                           ${sql.param(settled.map((one) => one.later ?? null))}::bigint[],
                           ${sql.param(settled.map((one) => one.outcome.relay ?? null))}::text[]
                    ) AS r (subscriber_id, hand_overs, state, reply, later, relay)
    ), kept_open AS (
      UPDATE batches SET
        due_at = CASE WHEN state = 'done' THEN ${again} ELSE due_at END,
        state = CASE WHEN state = 'done' THEN 'open' ELSE state END
      -- By their ids alone: joined with "or", the conditions had every batch read.
      WHERE id = ANY(ARRAY(
          SELECT later FROM r WHERE later IS NOT NULL
          UNION ALL SELECT ${batchId}::bigint WHERE EXISTS (SELECT FROM r WHERE later IS NULL AND r.state IN ('deferred', 'unknown'))
        )) AND (id <> ${batchId}::bigint OR state = 'done')
    )
    UPDATE deliveries d SET reply = r.reply, relay = coalesce(r.relay, d.relay), settled_at = ${at},
      state = ${next.state}, hand_overs = ${next.handOvers}, cuts = ${next.cuts}, batch_id = coalesce(r.later, d.batch_id)
    FROM r
    WHERE d.edition_id = ${editionId} AND d.subscriber_id = r.subscriber_id AND ${isHandOver(sql`d`, sql`r.hand_overs`)}`,
  )
}

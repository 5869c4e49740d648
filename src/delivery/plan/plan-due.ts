import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { daysLater, openListDay } from '../../calendar/days.ts'
import { MISSED_HOURS } from '../../calendar/promised-digest.ts'
import { editionsToMake, IS_AWAITED } from '../../edition/draft/edition-age.ts'
import { listedIn } from '../../papers/ranking/list-votes.ts'
import { bigint, bool, queryColumn, queryOne } from '../../runtime/db/query.ts'
import { cadence as cadences } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { type Cadence, kindOf, newestEditions } from './newest-editions.ts'
import {
  BATCH_SIZE,
  BATCHES_A_STEP,
  insertBatchesAndDeliveries,
  type OnPlanned,
  PLANNED,
  type Planned,
  SELECT_PLANNED,
} from './plan-deliveries.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/**
 * Plans the newest edition of their kind for every reader whose hour has come, and sets their next hour. Editions too old to be news
 * (edition/draft/edition-age.ts) are skipped.
 *
 * A weekdays reader gets the five lists of Monday to Friday; Friday's arrives on Monday. East of about UTC+6 their morning is before the
 * previous day's list closes. Thursday's list is then too late for Friday, would lose to Friday's on Monday, and Tuesday had nothing
 * new. So readers who have the newest list get the newest one they missed since their last weekday: Thursday's on Tuesday.
 *
 * While the newest edition is not released, readers wait up to DIGEST_FRESHNESS_HOURS after their hour. Then this day is skipped, and
 * their next digest says so (`missed_at`).
 *
 * Safe to repeat and to run in several workers at once: readers are locked, and the ledger has one row per reader and edition.
 *
 * @param onPlanned receives batches as soon as they can be sent, long before millions of readers of one hour are planned
 */
export async function planDue(deps: Deps, onPlanned: OnPlanned = () => {}): Promise<Planned> {
  const total: Planned = { batchIds: [], deliveries: 0 }
  const due = await dueCadences(deps)
  // One batch first, so that sending starts at once.
  for (let more = due.length > 0, limit = BATCH_SIZE; more; limit = BATCH_SIZE * BATCHES_A_STEP) {
    // Chosen for each step: millions of readers take minutes, and an edition may be recalled in between.
    const choices: EditionChoice[] = []
    for (const cadence of due) choices.push(await chooseEditions(deps, cadence))
    const step = await planStep(deps, choices, limit)
    onPlanned(step.batchIds)
    total.batchIds.push(...step.batchIds)
    total.deliveries += step.planned
    more = step.more
  }
  return total
}

/** Returns the cadences with due readers; none in most minutes. */
const dueCadences = ({ db, now }: Deps): Promise<Cadence[]> =>
  queryColumn(db, z.enum(cadences.enumValues))`
    SELECT cadence FROM unnest(enum_range(NULL::cadence)) AS known (cadence)
    WHERE EXISTS (SELECT FROM subscribers s WHERE s.status = 'active' AND s.cadence = known.cadence AND s.next_digest_at <= ${now()})`

/** Edition ids, newest first, and whether a newer edition has closed and waits for its release. */
type EditionChoice = { cadence: Cadence; editionIds: number[]; wait: boolean }

/** More lists than close in these hours plus a planning delay. */
const MOST_EDITIONS = 8

/** Returns the newest released edition for a cadence; for weekdays readers also earlier ones. */
async function chooseEditions({ db, config, now }: Deps, cadence: Cadence): Promise<EditionChoice> {
  const newest = await newestEditions({ db, config, now }, cadence, cadence === 'weekdays' ? MOST_EDITIONS : 1)
  const kind = kindOf(cadence)
  const span = kind === 'weekly' ? 7 : 1
  const editionIds = newest.map(({ id }) => id)
  // The day whose list is open. Before it, no list after the newest edition's can have closed.
  const open = openListDay(now(), config.EDITION_CLOSE_HOUR_UTC)
  if (newest[0] && daysLater(newest[0].date, 2 * span - 1) >= open) return { cadence, editionIds, wait: false }
  const closed = editionsToMake(now(), config.EDITION_CLOSE_HOUR_UTC).filter((edition) => edition.kind === kind)
  const dates = closed.map(({ date }) => date)
  const statement = sql`
    SELECT EXISTS (
      SELECT FROM unnest(${sql.param(dates)}::date[]) AS c (date)
      WHERE c.date > ${newest[0]?.date ?? '-infinity'}::date
        AND (${cadence} <> 'weekdays' OR extract(isodow FROM c.date) <= 5)
        AND EXISTS (SELECT FROM papers p ${listedIn(sql`p.list_day >= c.date AND p.list_day < c.date + ${span}::int`)})
        AND NOT EXISTS (
          SELECT FROM editions e
          WHERE e.kind = ${kind}::edition_kind AND e.date = c.date AND (e.state <> 'draft' OR NOT ${IS_AWAITED}))
    ) AS wait`
  return { cadence, editionIds, ...(await queryOne(db, { wait: bool }, statement)) }
}

/** Plans up to `limit` due readers of each cadence, oldest hour first. Readers of an edition share batches, whatever their cadence. */
async function planStep({ db, config, now }: Deps, choices: readonly EditionChoice[], limit: number) {
  const stale = new Date(now().getTime() - config.DIGEST_FRESHNESS_HOURS * 3_600_000)
  const ids = sql`${sql.param(choices.flatMap(({ editionIds }) => editionIds))}::bigint[]`
  // A part for each cadence, since one for all would read all due readers to find the oldest hours.
  const dueOf = ({ cadence, editionIds, wait }: EditionChoice) => {
    const until = wait ? stale : now()
    return sql`SELECT * FROM (
        SELECT id, cadence, next_digest_at AS due_at, zone, hour, weekday, paused_until > ${now()} IS TRUE AS paused,
          -- After a long outage, a recent hour is still served although an earlier one was missed.
          greatest(CASE WHEN next_digest_at <= ${stale} THEN ${stale} ELSE ${now()}::timestamptz END,
            -- One microsecond earlier: the end of a pause may be the reader's hour.
            paused_until - interval '1 microsecond') AS start,
          ${sql.param(editionIds)}::bigint[] AS edition_ids, ${wait}::boolean AS wait, ${until}::timestamptz AS until
        FROM subscribers
        WHERE status = 'active' AND cadence = ${cadence} AND next_digest_at <= ${until}
        ORDER BY next_digest_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      ) AS of_cadence`
  }
  // One statement, so that no reader's hour moves on without their delivery. `due` are locked; `theirs` has each one's edition.
  // It joins no two of its parts: with statistics of yesterday the planner expects one row, and would compare each with each.
  const planStatement = sql`
    WITH due AS (
      ${sql.join(choices.map(dueOf), sql` UNION ALL `)}
    ), grouped AS (
      SELECT *, dense_rank() OVER (ORDER BY cadence, zone, hour, weekday, start) AS nr FROM due
    ), moments AS MATERIALIZED (
      -- Readers of one hour and zone share their next hour: computing it for each takes longer than planning them.
      SELECT array_agg(next_digest_at(zone, hour, cadence, weekday::int, start) ORDER BY nr) AS list
      FROM (SELECT DISTINCT nr, cadence, zone, hour, weekday, start FROM grouped) AS groups
    ), theirs AS MATERIALIZED (
      SELECT s.*, CASE WHEN NOT paused THEN (
          -- The lowest position is the newest. Sorting for each reader took 50 times as long.
          SELECT s.edition_ids[min(array_position(s.edition_ids, e.id))] FROM editions e
          WHERE e.id = ANY(s.edition_ids)
            AND (e.id = s.edition_ids[1] OR e.closes_at > s.due_at - make_interval(hours => ${MISSED_HOURS}))
            -- Repeats the condition so that partitions of other editions are not opened.
            AND NOT EXISTS (
              SELECT FROM deliveries d WHERE d.edition_id = e.id AND d.subscriber_id = s.id AND d.edition_id = ANY(${ids})
            )
        ) END AS edition_id
      FROM grouped s
    ), wanted AS (
      SELECT id, due_at, edition_id FROM theirs WHERE edition_id IS NOT NULL AND due_at > ${stale} AND NOT wait
    ), ${insertBatchesAndDeliveries(now(), sql`wanted.due_at + make_interval(secs => ${config.DIGEST_EXPIRY_HOURS * 3600})`)},
    advanced AS (
      UPDATE subscribers s
      SET next_digest_at = (SELECT list FROM moments)[theirs.nr],
        missed_at = CASE
          WHEN theirs.due_at <= ${stale} AND NOT theirs.paused AND (theirs.wait OR theirs.edition_id IS NOT NULL) THEN theirs.due_at
          ELSE missed_at
        END
      FROM theirs WHERE s.id = theirs.id
        -- Readers of an edition that was recalled or cancelled since it was chosen stay due, for the next choice.
        AND (theirs.edition_id IS NULL OR theirs.due_at <= ${stale} OR theirs.wait OR theirs.edition_id = ANY(ARRAY(SELECT id FROM live)))
      RETURNING s.next_digest_at, theirs.until
    )
    SELECT (SELECT count(*) FROM due) AS due, EXISTS (SELECT FROM advanced WHERE next_digest_at <= until) AS again, ${SELECT_PLANNED}`
  const { due, again, deliveries, batchIds } = await queryOne(
    db,
    { due: bigint, again: bool, ...PLANNED },
    planStatement,
  )
  // A reader who missed one hour may already be due at the next.
  return { more: again || due >= limit, batchIds, planned: deliveries }
}

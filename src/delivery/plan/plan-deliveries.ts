import { and, desc, eq, getTableColumns, inArray, sql } from 'drizzle-orm'
import { dayOf, daysLater } from '../../calendar/days.ts'
import { isRecent } from '../../edition/draft/edition-age.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { asksFor, canBePlanned } from './audience.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/** Deliveries in a batch: enough that its lease costs nothing, few enough that several workers share an edition evenly. */
export const BATCH_SIZE = 250

/** How many batches one statement makes for everybody. */
const BATCHES_A_STEP = 10

/** Batches made, so that workers can be woken for them, and how many readers were due in all. */
export interface Planned {
  batchIds: number[]
  deliveries: number
}

/**
 * Gives every reader whose hour has come the newest edition of their kind that they did not have, and sets their next hour. Old
 * news (edition/draft/edition-age.ts) is given to none.
 *
 * A weekdays reader has five mails for the lists of Monday to Friday, and their Monday's is Friday's list. East of about UTC+6 their
 * morning is before the list of the day before has closed, so that Thursday's, too late for Friday's mail, would be passed over for
 * Friday's and never come, while on Tuesday there was nothing new. So where they had the newest list, they get the newest that they
 * missed of the days since their last weekday before: Thursday's on Tuesday.
 *
 * While the newest edition is still to be released they wait, up to DIGEST_FRESHNESS_HOURS after their hour; then this day is skipped
 * for them, and their next digest says so (`missed_at`). Repeating it, or running it in several workers at once, plans nobody twice: readers are locked, the ledger has one row each.
 */
export async function planDue(deps: Deps): Promise<Planned> {
  const total: Planned = { batchIds: [], deliveries: 0 }
  for (const cadence of await dueCadences(deps)) {
    const choice = await chooseEditions(deps, cadence)
    for (let more = true; more; ) {
      const step = await planStep(deps, cadence, choice)
      total.batchIds.push(...step.batchIds)
      total.deliveries += step.planned
      more = step.more
    }
  }
  return total
}

/** In most minutes nobody is due. */
async function dueCadences({ db, now }: Deps): Promise<Cadence[]> {
  const { rows } = await db.execute<{ cadence: Cadence }>(sql`
    SELECT cadence FROM unnest(enum_range(NULL::cadence)) AS known (cadence)
    WHERE EXISTS (SELECT FROM subscribers s WHERE s.status = 'active' AND s.cadence = known.cadence AND s.next_digest_at <= ${now()})`)
  return rows.map(({ cadence }) => cadence)
}

/**
 * Gives an edition to every active reader of its kind at once, whatever their hour, as the operator ordered by `send --now`; to readers
 * of other kinds too where the order says everyone. Goes on where it stopped after a crash; readers in the ledger keep their row. One
 * process at a time plans an edition: two would make each batch twice, one of them empty.
 *
 * @param options.onPlanned told of batches as soon as they can be worked, long before a million readers are planned
 * @param options.orLeave whether to leave it to another process that is at it, instead of waiting until that is done
 */
export async function planAll(
  deps: Deps,
  editionId: number,
  { onPlanned = () => {}, orLeave = false }: { onPlanned?: OnPlanned; orLeave?: boolean } = {},
): Promise<Planned> {
  // The lock has a connection of its own and ends with it. Two planners, should it be lost, make empty batches and nothing twice.
  return deps.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ mine: boolean }>(
      orLeave
        ? sql`SELECT pg_try_advisory_xact_lock(${LOCK}, ${editionId}::int) AS mine`
        : sql`SELECT true AS mine FROM pg_advisory_xact_lock(${LOCK}, ${editionId}::int)`,
    )
    const [edition] = await tx
      .select({ ...getTableColumns(editions), order: ORDER })
      .from(editions)
      .where(eq(editions.id, editionId))
    if (!rows[0]!.mine || !edition || edition.plannedAt) return { batchIds: [], deliveries: 0 }
    const planned = await planRest(deps, edition, onPlanned)
    // An order that came meanwhile is one for those who came meanwhile.
    await deps.db
      .update(editions)
      .set({ plannedAt: deps.now() })
      .where(and(eq(editions.id, editionId), sql`${ORDER} IS NOT DISTINCT FROM ${edition.order}`))
    return planned
  })
}

type OnPlanned = (batchIds: readonly number[]) => void

/** The first number of the advisory locks under which editions are planned; any would do that nobody else uses. */
const LOCK = 0x9a9e5

/** When everybody was last ordered to get it, to the microsecond. */
const ORDER = sql<string | null>`${editions.sendAllAt}::text`

async function planRest(
  { db, config, now }: Deps,
  edition: typeof editions.$inferSelect,
  onPlanned: OnPlanned,
): Promise<Planned> {
  const editionId = edition.id
  const wished = edition.toEveryone ? sql`true` : asksFor(edition)
  // From the order on: one that an outage of days cut short is over.
  const expiresAt = expiry(edition.sendAllAt ?? now(), config.DIGEST_EXPIRY_HOURS)
  const total: Planned = { batchIds: [], deliveries: 0 }
  // One batch first, so that mail leaves at once.
  for (let cursor = 0, size = BATCH_SIZE; ; size = BATCH_SIZE * BATCHES_A_STEP) {
    const { rows } = await db.execute<{ last: string | null } & PlannedRow>(sql`
      WITH wanted AS (
        SELECT s.id, ${editionId}::bigint AS edition_id FROM subscribers s
        WHERE s.id > ${cursor} AND ${canBePlanned(now())} AND ${wished}
          -- The cursor is named twice, so that the ledger is not read from its beginning for every batch.
          AND NOT EXISTS (
            SELECT FROM deliveries d WHERE d.edition_id = ${editionId} AND d.subscriber_id = s.id AND d.subscriber_id > ${cursor}
          )
        ORDER BY s.id LIMIT ${size}
      ), ${batchAndRows(now(), sql`${expiresAt}::timestamptz`)}
      SELECT (SELECT max(id) FROM wanted) AS last, ${WHAT_WAS_PLANNED}`)
    const { last, ...row } = rows[0]!
    if (last === null) break
    cursor = Number(last)
    const planned = plannedOf(row)
    onPlanned(planned.batchIds)
    total.deliveries += planned.deliveries
    total.batchIds.push(...planned.batchIds)
  }
  if (total.deliveries >= BULK) await analyse(db, editionId)
  return total
}

/** So many new rows at once that what the database believes of the table is wrong until somebody counts. */
const BULK = 1_000

/** Without it the first claims of a fresh partition were planned for an empty one, and ran 20 × slower. */
async function analyse(db: Db, editionId: number): Promise<void> {
  const { rows } = await db.execute<{ partition: string }>(sql`
    SELECT tableoid::regclass::text AS partition FROM deliveries WHERE edition_id = ${editionId} LIMIT 1`)
  if (rows[0]) await db.execute(sql.raw(`ANALYZE ${rows[0].partition}, batches`))
}

/** Editions whose "send to all" is not planned to its end: its process may have died. */
export const unplannedEditions = (db: Db): Promise<{ id: number }[]> =>
  db
    .select({ id: editions.id })
    .from(editions)
    .where(
      and(
        sql`${editions.sendAllAt} IS NOT NULL AND ${editions.plannedAt} IS NULL`,
        inArray(editions.state, ['released', 'sending', 'sent']),
      ),
    )

type Cadence = 'daily' | 'weekdays' | 'weekly'
/** Ids, newest first, and whether a newer edition is closed and only awaits its release. */
type Choice = { editionIds: number[]; wait: boolean }

/** A list that closed so long before a weekdays reader's hour may still be theirs: from Friday's close until their Tuesday. */
const MISSED_HOURS = 96
/** No more lists than that close in these hours and those that planning may be late. */
const MOST_EDITIONS = 8

/** The newest released edition for a cadence, for weekdays readers those before it as well. */
async function chooseEditions({ db, config, now }: Deps, cadence: Cadence): Promise<Choice> {
  const newest = await newestEditions({ db, config, now }, cadence, cadence === 'weekdays' ? MOST_EDITIONS : 1)
  const kind = kindOf(cadence)
  const span = kind === 'weekly' ? 7 : 1
  const editionIds = newest.map(({ id }) => id)
  // The day whose list is open. Until then no list can have closed that begins after the newest edition's.
  const open = dayOf(new Date(now().getTime() - config.EDITION_CLOSE_HOUR_UTC * 3_600_000))
  if (newest[0] && daysLater(newest[0].date, 2 * span - 1) >= open) return { editionIds, wait: false }
  const { rows } = await db.execute<{ wait: boolean }>(sql`
    WITH closed AS (
      SELECT CASE WHEN ${kind} = 'weekly' THEN date_trunc('week', ${open}::date)::date - 7 ELSE ${open}::date - 1 END AS date
    )
    SELECT EXISTS (
      SELECT FROM closed c
      WHERE c.date > ${newest[0]?.date ?? '-infinity'}::date
        AND (${cadence} <> 'weekdays' OR extract(isodow FROM c.date) <= 5)
        AND EXISTS (SELECT FROM papers p WHERE p.list_day >= c.date AND p.list_day < c.date + ${span}::int)
        AND NOT EXISTS (SELECT FROM editions e WHERE e.kind = ${kind}::edition_kind AND e.date = c.date AND e.state <> 'draft')
    ) AS wait`)
  return { editionIds, wait: rows[0]!.wait }
}

const kindOf = (cadence: Cadence) => (cadence === 'weekly' ? 'weekly' : 'daily')

/** The released editions that readers of a cadence get, newest first; old news is none. */
export async function newestEditions(
  { db, config, now }: Deps,
  cadence: Cadence,
  limit: number,
): Promise<{ id: number; date: string }[]> {
  // A weekdays reader's Monday mail is Friday's list, even where a weekend has one.
  const wanted = cadence === 'weekdays' ? sql`extract(isodow FROM ${editions.date}) <= 5` : undefined
  return db
    .select({ id: editions.id, date: editions.date })
    .from(editions)
    .where(
      and(
        eq(editions.kind, kindOf(cadence)),
        inArray(editions.state, ['released', 'sending', 'paused', 'sent']),
        isRecent(now(), config),
        wanted,
      ),
    )
    .orderBy(desc(editions.date))
    .limit(limit)
}

/** One transaction's worth of due readers of a cadence, oldest hour first. */
async function planStep({ db, config, now }: Deps, cadence: Cadence, { editionIds, wait }: Choice) {
  const stale = new Date(now().getTime() - config.DIGEST_FRESHNESS_HOURS * 3_600_000)
  const until = wait ? stale : now()
  const ids = sql`${sql.param(editionIds)}::bigint[]`
  const { rows } = await db.execute<{ due: string; again: boolean } & PlannedRow>(sql`
    WITH due AS (
      SELECT id, next_digest_at AS due_at FROM subscribers
      WHERE status = 'active' AND cadence = ${cadence} AND next_digest_at <= ${until}
      ORDER BY next_digest_at LIMIT ${BATCH_SIZE} FOR UPDATE SKIP LOCKED
    ), theirs AS (
      SELECT s.id, due.due_at, (
          -- The newest is the first of them. A sort for every reader took fifty times as long as what it sorted.
          SELECT (${ids})[min(array_position(${ids}, e.id))] FROM editions e
          WHERE e.id = ANY(${ids})
            AND (e.id = ${editionIds[0] ?? null}::bigint OR e.closes_at > due.due_at - make_interval(hours => ${MISSED_HOURS}))
            -- Named twice, so that partitions of other editions are not even opened.
            AND NOT EXISTS (
              SELECT FROM deliveries d WHERE d.edition_id = e.id AND d.subscriber_id = s.id AND d.edition_id = ANY(${ids})
            )
        ) AS edition_id
      FROM due JOIN subscribers s ON s.id = due.id
      WHERE s.paused_until IS NULL OR s.paused_until <= ${now()}
    ), advanced AS (
      UPDATE subscribers s
      -- After an outage of more than a day: an hour that is not long ago is caught up with, though an earlier one was missed.
      SET next_digest_at = next_digest_at(s.zone, s.hour, s.cadence, s.weekday,
          greatest(CASE WHEN due.due_at <= ${stale} THEN ${stale} ELSE ${now()}::timestamptz END, s.paused_until)),
        missed_at = CASE
          WHEN due.due_at <= ${stale} AND theirs.id IS NOT NULL AND (${wait} OR theirs.edition_id IS NOT NULL) THEN due.due_at
          ELSE missed_at
        END
      FROM due LEFT JOIN theirs ON theirs.id = due.id WHERE s.id = due.id
      RETURNING s.next_digest_at
    ), wanted AS (
      SELECT id, due_at, edition_id FROM theirs WHERE edition_id IS NOT NULL AND due_at > ${stale} AND NOT ${wait}
    ), ${batchAndRows(now(), sql`wanted.due_at + make_interval(secs => ${config.DIGEST_EXPIRY_HOURS * 3600})`)}
    SELECT (SELECT count(*) FROM due) AS due, EXISTS (SELECT FROM advanced WHERE next_digest_at <= ${until}) AS again, ${WHAT_WAS_PLANNED}`)
  const { due, again, ...row } = rows[0]!
  const { deliveries, batchIds } = plannedOf(row)
  // Whose hour was missed may be due again with the one after it.
  return { more: again || Number(due) === BATCH_SIZE, batchIds, planned: deliveries }
}

/**
 * The rest of a planning statement: batches for each edition in `wanted` (id, edition_id), their rows in the ledger in one order for
 * all planners, and the editions under way. These are locked, so that none is cancelled or called `sent` meanwhile; one that is
 * cancelled gets none.
 */
export const batchAndRows = (at: Date, expiresAt: ReturnType<typeof sql>) => sql`
  live AS MATERIALIZED (
    SELECT id FROM editions
    WHERE id IN (SELECT edition_id FROM wanted) AND state IN ('released', 'sending', 'paused', 'sent')
    ORDER BY id FOR NO KEY UPDATE
  ), sorted AS (
    SELECT *, (row_number() OVER (PARTITION BY edition_id ORDER BY id) - 1) / ${BATCH_SIZE} AS nth FROM wanted
  ), batch AS (
    INSERT INTO batches (edition_id, due_at)
    SELECT live.id, ${at}::timestamptz FROM live, LATERAL (SELECT DISTINCT nth FROM sorted WHERE edition_id = live.id) AS each
    RETURNING id, edition_id
  ), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY edition_id ORDER BY id) - 1 AS nth FROM batch
  ), planned AS (
    INSERT INTO deliveries (edition_id, subscriber_id, batch_id, expires_at)
    SELECT wanted.edition_id, wanted.id, numbered.id, ${expiresAt}
    FROM sorted AS wanted JOIN numbered USING (edition_id, nth) ORDER BY wanted.edition_id, wanted.id
    ON CONFLICT DO NOTHING
    RETURNING subscriber_id
  ), under_way AS (
    UPDATE editions SET state = 'sending', sent_at = NULL
    WHERE id IN (SELECT edition_id FROM wanted) AND state IN ('released', 'sent')
  )`

/** What such a statement answers. */
export type PlannedRow = { batch_ids: string[]; planned: string }
export const WHAT_WAS_PLANNED = sql`ARRAY(SELECT id::text FROM batch) AS batch_ids, (SELECT count(*) FROM planned) AS planned`
export const plannedOf = ({ batch_ids, planned }: PlannedRow): Planned => ({
  batchIds: batch_ids.map(Number),
  deliveries: Number(planned),
})

const expiry = (at: Date, hours: number): Date => new Date(at.getTime() + hours * 3_600_000)

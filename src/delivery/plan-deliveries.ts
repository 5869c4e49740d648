import { and, desc, eq, inArray, sql } from 'drizzle-orm'
import type { Db } from '../db/database.ts'
import { editions } from '../db/schema.ts'
import type { Services } from '../services.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/** Deliveries in a batch: enough that its lease costs nothing, few enough that several workers share an edition evenly. */
const BATCH_SIZE = 250

/** Batches made, so that workers can be woken for them, and how many readers were due in all. */
export interface Planned {
  batchIds: number[]
  deliveries: number
}

/**
 * Gives every reader whose hour has come the newest edition of their kind that they did not have, and sets their next hour.
 *
 * While that edition is still to be released they wait, up to DIGEST_FRESHNESS_HOURS after their hour; then this day is skipped
 * for them. Repeating it, or running it in several workers at once, plans nobody twice: readers are locked, the ledger has one row each.
 */
export async function planDue(deps: Deps): Promise<Planned> {
  const total: Planned = { batchIds: [], deliveries: 0 }
  for (const cadence of ['daily', 'weekdays', 'weekly'] as const) {
    const choice = await chooseEdition(deps, cadence)
    for (let more = true; more; ) {
      const step = await planStep(deps, cadence, choice)
      if (step.batchId !== null) total.batchIds.push(step.batchId)
      total.deliveries += step.planned
      more = step.due === BATCH_SIZE
    }
  }
  return total
}

/**
 * Gives an edition to every active reader at once, whatever their hour and kind, as the operator ordered by `send --now`. Goes
 * on where it stopped after a crash; readers in the ledger keep their row.
 */
export async function planAll({ db, config, now }: Deps, editionId: number): Promise<Planned> {
  const total: Planned = { batchIds: [], deliveries: 0 }
  for (let cursor = 0; ; ) {
    const { rows } = await db.execute<{ last: string | null; batch_id: string | null; planned: string }>(sql`
      WITH wanted AS (
        SELECT s.id FROM subscribers s
        WHERE s.status = 'active' AND s.id > ${cursor} AND (s.paused_until IS NULL OR s.paused_until <= ${now()})
          AND NOT EXISTS (SELECT FROM deliveries d WHERE d.edition_id = ${editionId} AND d.subscriber_id = s.id)
        ORDER BY s.id LIMIT ${BATCH_SIZE}
      ), ${batchAndRows(editionId, now(), sql`${expiry(now(), config.DIGEST_EXPIRY_HOURS)}::timestamptz`)}
      SELECT (SELECT max(id) FROM wanted) AS last, (SELECT id FROM batch) AS batch_id, (SELECT count(*) FROM planned) AS planned`)
    const { last, batch_id, planned } = rows[0]!
    if (last === null) break
    cursor = Number(last)
    total.deliveries += Number(planned)
    if (batch_id !== null) total.batchIds.push(Number(batch_id))
  }
  await db.update(editions).set({ plannedAt: now() }).where(eq(editions.id, editionId))
  return total
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
type Choice = { editionId: number | null; wait: boolean }

/** The newest released edition for a cadence, and whether a newer one is closed and only awaits its release. */
async function chooseEdition({ db, config, now }: Deps, cadence: Cadence): Promise<Choice> {
  const kind = cadence === 'weekly' ? 'weekly' : 'daily'
  // A weekdays reader's Monday mail is Friday's list, even where a weekend has one.
  const wanted = cadence === 'weekdays' ? sql`extract(isodow FROM ${editions.date}) <= 5` : undefined
  const [newest] = await db
    .select({ id: editions.id, date: editions.date })
    .from(editions)
    .where(and(eq(editions.kind, kind), inArray(editions.state, ['released', 'sending', 'paused', 'sent']), wanted))
    .orderBy(desc(editions.date))
    .limit(1)
  const span = kind === 'weekly' ? 7 : 1
  const { rows } = await db.execute<{ wait: boolean }>(sql`
    WITH closed AS (
      SELECT CASE WHEN ${kind} = 'weekly' THEN date_trunc('week', day)::date - 7 ELSE day - 1 END AS date
      FROM (SELECT ((${now()}::timestamptz - make_interval(hours => ${config.EDITION_CLOSE_HOUR_UTC})) AT TIME ZONE 'UTC')::date AS day) AS today
    )
    SELECT EXISTS (
      SELECT FROM closed c
      WHERE c.date > ${newest?.date ?? '-infinity'}::date
        AND (${cadence} <> 'weekdays' OR extract(isodow FROM c.date) <= 5)
        AND EXISTS (SELECT FROM papers p WHERE p.list_day >= c.date AND p.list_day < c.date + ${span}::int)
        AND NOT EXISTS (SELECT FROM editions e WHERE e.kind = ${kind}::edition_kind AND e.date = c.date AND e.state <> 'draft')
    ) AS wait`)
  return { editionId: newest?.id ?? null, wait: rows[0]!.wait }
}

/** One transaction's worth of due readers of a cadence, oldest hour first. */
async function planStep({ db, config, now }: Deps, cadence: Cadence, { editionId, wait }: Choice) {
  const stale = new Date(now().getTime() - config.DIGEST_FRESHNESS_HOURS * 3_600_000)
  const until = wait ? stale : now()
  const edition = wait ? null : editionId
  const { rows } = await db.execute<{ due: string; batch_id: string | null; planned: string }>(sql`
    WITH due AS (
      SELECT id, next_digest_at AS due_at FROM subscribers
      WHERE status = 'active' AND cadence = ${cadence} AND next_digest_at <= ${until}
      ORDER BY next_digest_at LIMIT ${BATCH_SIZE} FOR UPDATE SKIP LOCKED
    ), advanced AS (
      UPDATE subscribers s
      SET next_digest_at = next_digest_at(s.zone, s.hour, s.cadence, s.weekday, greatest(${now()}::timestamptz, s.paused_until))
      FROM due WHERE s.id = due.id
    ), wanted AS (
      SELECT s.id, due.due_at FROM due JOIN subscribers s ON s.id = due.id
      WHERE ${edition}::bigint IS NOT NULL AND due.due_at > ${stale}
        AND (s.paused_until IS NULL OR s.paused_until <= ${now()})
        AND NOT EXISTS (SELECT FROM deliveries d WHERE d.edition_id = ${edition}::bigint AND d.subscriber_id = s.id)
    ), ${batchAndRows(edition, now(), sql`wanted.due_at + make_interval(secs => ${config.DIGEST_EXPIRY_HOURS * 3600})`)}
    SELECT (SELECT count(*) FROM due) AS due, (SELECT id FROM batch) AS batch_id, (SELECT count(*) FROM planned) AS planned`)
  const { due, batch_id, planned } = rows[0]!
  return { due: Number(due), batchId: batch_id === null ? null : Number(batch_id), planned: Number(planned) }
}

/**
 * The rest of a planning statement: a batch for `wanted`, their rows in the ledger in one order for all planners, and the edition
 * under way. The edition is locked, so that it is neither cancelled nor called `sent` meanwhile; one that is cancelled gets none.
 */
const batchAndRows = (editionId: number | null, at: Date, expiresAt: ReturnType<typeof sql>) => sql`
  live AS MATERIALIZED (
    SELECT id FROM editions
    WHERE id = ${editionId}::bigint AND state IN ('released', 'sending', 'paused', 'sent') FOR NO KEY UPDATE
  ), batch AS (
    INSERT INTO batches (edition_id, due_at)
    SELECT live.id, ${at}::timestamptz FROM live WHERE EXISTS (SELECT FROM wanted)
    RETURNING id
  ), planned AS (
    INSERT INTO deliveries (edition_id, subscriber_id, batch_id, expires_at)
    SELECT ${editionId}::bigint, wanted.id, batch.id, ${expiresAt} FROM wanted, batch ORDER BY wanted.id
    ON CONFLICT DO NOTHING
    RETURNING subscriber_id
  ), under_way AS (
    UPDATE editions SET state = 'sending', sent_at = NULL
    WHERE id = ${editionId}::bigint AND state IN ('released', 'sent') AND EXISTS (SELECT FROM wanted)
  )`

const expiry = (at: Date, hours: number): Date => new Date(at.getTime() + hours * 3_600_000)

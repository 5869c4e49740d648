import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inArray, sql } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { withEarlierReply } from './attempts.ts'

type Deps = Pick<Services, 'db' | 'log' | 'restoreMarker'>

/**
 * After a restore from a backup the ledger has forgotten what was mailed since, and would mail it again. So nothing is mailed from a
 * database that does not look like the one that mailed last, until `paperboy resume --after-restore`.
 *
 * No single sign tells every kind of restore, so there are three, looked at whenever a batch or a service mail is taken in hand:
 *
 * - *What the database is*: the cluster's system identifier and the object ids of the database and of `deliveries`, noted at the first
 *   mail. Every restore of a dump has others, into a new server, a new database or the same one. A fail-over to a replica keeps them.
 * - *Where its files are*, where this process can see them, as on the embedded default: inode and birth of a file of the cluster, which
 *   no copy keeps. It tells a folder that was copied back whole, the second witness's memory with it.
 * - *How far it was*: a counter that goes up with each batch, kept in the database and, outside of it, in DATA_DIR and in Redis where
 *   there is one. A database that is behind its witness has gone back in time, however that was done: a file-level copy, a
 *   snapshot, a replica that had not heard everything.
 *
 * What none of them sees: a machine set back whole, with all its markers, as by a snapshot of it. `paperboy halt` is for that, and
 * for whoever does not like to rely on signs. Age alone was refused as a sign: a laptop that slept is no restore.
 */
export async function passRestoreGuard({ db, log, restoreMarker }: Deps): Promise<boolean> {
  const { cluster, installation } = await lookAt(db)
  // Asked before the step is taken: another worker's that is seen here was committed before, so ours is further.
  const word = installation === null ? undefined : await restoreMarker.read(installation)
  const { rows } = await db.execute<Row>(sql`
    UPDATE mailing SET tick = tick + 1, ticked_at = now(), installation = coalesce(installation, gen_random_uuid()),
      cluster = coalesce(cluster, ${cluster})
    WHERE halted_at IS NULL RETURNING installation, tick, cluster`)
  const row = rows[0]
  if (!row) return false
  const tick = Number(row.tick)
  const why = whatIsWrong(row.cluster, cluster, tick, word)
  if (why !== undefined) {
    log.error({ reason: why }, 'nothing is mailed until the operator says so: paperboy resume --after-restore')
    await raise(db, why)
    return false
  }
  await restoreMarker.write(row.installation, { tick, halted: false })
  return true
}

interface Row extends Record<string, unknown> {
  installation: string
  tick: string
  cluster: string
}

/** @returns why the database looks restored, in words for the operator */
function whatIsWrong(
  noted: string,
  cluster: string,
  tick: number,
  word: { tick: number; halted: boolean } | undefined,
): string | undefined {
  if (word?.halted) return BY_OPERATOR
  if (word && tick <= word.tick)
    return `the database has forgotten what was mailed: it is at step ${tick}, ${word.tick} was seen`
  const [known, here] = [JSON.parse(noted) as Cluster, JSON.parse(cluster) as Cluster]
  if (known.server !== here.server || known.database !== here.database || known.table !== here.table) {
    return 'this is not the database that mailed last, but a copy or a restored one'
  }
  if (known.files !== null && here.files !== null && known.files !== here.files)
    return 'the database’s files were copied'
  return undefined
}

interface Cluster {
  server: string
  database: string
  table: string
  files: string | null
}

/** @returns what the database is now, and its name for the markers; null before its first mail */
async function lookAt(db: Db): Promise<{ cluster: string; installation: string | null }> {
  const { rows } = await db.execute<{
    server: string
    database: string
    tbl: string
    folder: string | null
    installation: string | null
  }>(sql`
    SELECT (SELECT installation FROM mailing) AS installation, CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
                THEN (SELECT system_identifier::text FROM pg_control_system()) ELSE '' END AS server,
      (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database, 'deliveries'::regclass::oid::text AS tbl,
      CASE WHEN pg_has_role('pg_read_all_settings', 'MEMBER') THEN current_setting('data_directory', true) END AS folder`)
  const { server, database, tbl, folder, installation } = rows[0]!
  const cluster: Cluster = { server, database, table: tbl, files: await filesOf(folder) }
  return { cluster: JSON.stringify(cluster), installation }
}

/** A file that PostgreSQL writes once for a cluster's life, as this file system knows it. */
async function filesOf(folder: string | null): Promise<string | null> {
  if (!folder) return null
  const found = await stat(join(folder, 'PG_VERSION'), { bigint: true }).catch(() => undefined)
  return found && found.birthtimeNs > 0n ? `${found.ino} ${found.birthtimeNs}` : null
}

const raise = (db: Db, why: string) =>
  db.execute(sql`UPDATE mailing SET halted_at = coalesce(halted_at, now()), halted_why = coalesce(halted_why, ${why})`)

const BY_OPERATOR = 'the operator halted it'

/** The operator's word, also kept outside the database, so that a restore that follows does not undo it. */
export async function halt({ db, restoreMarker }: Deps): Promise<void> {
  await raise(db, BY_OPERATOR)
  const { rows } = await db.execute<{ installation: string | null; tick: string }>(
    sql`SELECT installation, tick FROM mailing`,
  )
  const { installation, tick } = rows[0]!
  if (installation === null) return
  const word = await restoreMarker.read(installation)
  const halted = { tick: Math.max(Number(tick), word?.tick ?? 0), halted: true }
  await restoreMarker.write(installation, halted)
  // A worker that took its step just before may still have written its own word over ours.
  await delay(A_MOMENT_MS)
  await restoreMarker.write(installation, halted)
}

const A_MOMENT_MS = 500

/** @returns why nothing is mailed, and since when; undefined when it is */
export async function whyHalted(db: Db): Promise<{ since: Date; why: string; mailedLast: Date | null } | undefined> {
  const { rows } = await db.execute<{ halted_at: string | null; halted_why: string; ticked_at: string | null }>(
    sql`SELECT halted_at, halted_why, ticked_at FROM mailing`,
  )
  const row = rows[0]
  if (!row || row.halted_at === null) return undefined
  return {
    since: new Date(row.halted_at),
    why: row.halted_why,
    mailedLast: row.ticked_at === null ? null : new Date(row.ticked_at),
  }
}

/**
 * Ends the operator's halt. Nothing is cancelled.
 * @throws PaperboyError MAILING_HALTED where the guard halted, or the database looks restored since
 */
export async function resumeAfterHalt({ db, restoreMarker }: Deps): Promise<void> {
  const { cluster } = await lookAt(db)
  await db.transaction(async (tx) => {
    const { rows } = await tx.execute<{
      installation: string | null
      tick: string
      cluster: string | null
      why: string
    }>(sql`SELECT installation, tick, cluster, halted_why AS why FROM mailing FOR UPDATE`)
    const { installation, tick, cluster: noted, why } = rows[0]!
    const seen = installation === null ? undefined : await restoreMarker.read(installation)
    // The step that comes next is judged, as when mailing goes on; the halt itself is what is ended here.
    const word = seen && { tick: seen.tick, halted: false }
    const restored = why === BY_OPERATOR ? whatIsWrong(noted ?? cluster, cluster, Number(tick) + 1, word) : why
    if (restored !== undefined)
      throw new PaperboyError('MAILING_HALTED', `${restored}. See: paperboy resume --after-restore --help`)
    await tx.execute(sql`UPDATE mailing SET halted_at = NULL, halted_why = NULL`)
    if (installation !== null) await restoreMarker.write(installation, { tick: Number(tick), halted: false })
  })
}

/** Further than any witness elsewhere that has not heard of the resuming. */
const LEAP = 1_000_000_000

type CancelledEdition = Pick<typeof editions.$inferSelect, 'kind' | 'date' | 'state'>

/** The editions that resuming after a restore cancels: those that are not over. */
export const editionsToCancel = (db: Db): Promise<CancelledEdition[]> =>
  db
    .select({ kind: editions.kind, date: editions.date, state: editions.state })
    .from(editions)
    .where(inArray(editions.state, ['draft', 'released', 'sending', 'paused']))
    .orderBy(editions.date, editions.kind)

/**
 * Sends again. Editions that were open are cancelled, since their emails may be out already. So may those of lists that closed since
 * the backup, which the database does not know: their drafts are held when they are made.
 *
 * @param keepEditions the operator knows that they are not
 * @returns the editions that were cancelled, with their states before
 */
export async function resumeAfterRestore(
  { db, restoreMarker, now }: Deps & Pick<Services, 'now'>,
  keepEditions: boolean,
): Promise<{ cancelled: CancelledEdition[] }> {
  const { cluster } = await lookAt(db)
  return db.transaction(async (tx) => {
    const cancelled = keepEditions ? [] : await cancelOpen(tx, now())
    const { rows } = await tx.execute<{ installation: string | null; tick: string }>(
      sql`SELECT installation, tick FROM mailing FOR UPDATE`,
    )
    const { installation, tick } = rows[0]!
    const seen = installation === null ? undefined : await restoreMarker.read(installation)
    const next = Math.max(Number(tick), seen?.tick ?? 0) + LEAP
    await tx.execute(sql`
      UPDATE mailing SET halted_at = NULL, halted_why = NULL, tick = ${next},
        restored_at = CASE WHEN ${keepEditions} THEN restored_at ELSE ${now()}::timestamptz END,
        cluster = CASE WHEN installation IS NULL THEN NULL ELSE ${cluster} END`)
    if (installation !== null) await restoreMarker.write(installation, { tick: next, halted: false })
    return { cancelled }
  })
}

async function cancelOpen(tx: Db, at: Date): Promise<CancelledEdition[]> {
  await tx.execute(sql`
    WITH open AS (
      SELECT id FROM editions WHERE state IN ('draft', 'released', 'sending', 'paused') FOR UPDATE
    ), ended AS (
      UPDATE batches b SET state = 'done', lease = NULL, lease_until = NULL FROM open WHERE b.edition_id = open.id AND b.state <> 'done'
    )
    UPDATE deliveries d SET settled_at = ${at}, reply = ${withEarlierReply('cancelled after a restore')},
      state = CASE WHEN d.state IN ('handed', 'unknown') THEN 'unknown' ELSE 'skipped' END::delivery_state
    FROM open WHERE d.edition_id = open.id AND d.state IN ('queued', 'deferred', 'handed', 'unknown')`)
  const cancelled = await editionsToCancel(tx)
  await tx
    .update(editions)
    .set({ state: 'cancelled' })
    .where(inArray(editions.state, ['draft', 'released', 'sending', 'paused']))
  return cancelled
}

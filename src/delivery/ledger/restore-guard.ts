import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inArray, sql } from 'drizzle-orm'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import type { Db } from '../../runtime/db/database.ts'
import { withEarlierReply } from '../../runtime/db/earlier-reply.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, moment, query, queryOne, text } from '../../runtime/db/query.ts'
import { editions } from '../../runtime/db/schema.ts'
import { SKIP_IDS } from '../../runtime/db/skip-ids.ts'
import type { RestoreMarker } from '../../runtime/restore-marker.ts'
import type { Services } from '../../runtime/services.ts'

type Deps = Pick<Services, 'db' | 'log' | 'restoreMarkers'>

/**
 * Advances the send counter and returns whether email and webhooks may be sent. Halts sending when the database looks restored.
 *
 * After a restore from a backup, the ledger lacks later emails and would send them again. So a database that does not look like
 * the one that sent last sends nothing until `paperboy resume --after-restore`.
 *
 * No single sign reveals every kind of restore. Three are checked before batches, service emails and webhooks:
 *
 * - *Identity*: the cluster's system identifier and the object ids of the database and of `deliveries`, stored with the first email. A
 *   restored dump has other ids, on a new server, in a new database or in the same one. A fail-over to a replica keeps them.
 * - *Files*, if this process can see them, as with embedded PostgreSQL: inode and birth time of a file of the cluster, which no copy
 *   keeps. This reveals a folder copied back whole, together with the marker in it.
 * - *Counter*: incremented by each check, in the database and in the restore marker outside it (DATA_DIR, and Redis if configured). A
 *   database behind its marker was set back, by any means: a file copy, a snapshot, a replica that lagged.
 *
 * None of them reveals a snapshot of the whole machine, markers included. For that, and for extra safety, there is `paperboy halt`. The
 * age of the last email is not a sign: a laptop that slept is no restore.
 */
export async function passRestoreGuard({ db, log, restoreMarkers }: Deps): Promise<boolean> {
  const { cluster, installation } = await identify(db)
  // Read before the increment: any counter seen here was committed before, so ours is higher.
  const marker = installation === null ? undefined : await restoreMarkers.read(installation)
  const statement = sql`
    UPDATE mailing SET tick = tick + 1, ticked_at = now(), installation = coalesce(installation, gen_random_uuid()),
      cluster = coalesce(cluster, ${cluster})
    WHERE halted_at IS NULL RETURNING installation, tick, cluster`
  const [row] = await query(db, { installation: text, tick: bigint, cluster: text }, prepared(statement))
  if (!row) return false
  const { tick } = row
  const why = restoreSign(row.cluster, cluster, tick, marker)
  if (why !== undefined) {
    await haltRestored({ db, log }, why)
    return false
  }
  await restoreMarkers.write(row.installation, { step: tick, halted: false })
  return true
}

/** Returns why the database looks restored, for the operator; undefined when it does not. */
function restoreSign(
  noted: string,
  cluster: string,
  tick: number,
  marker: RestoreMarker | undefined,
): string | undefined {
  if (marker && tick <= marker.step)
    return `the database lacks emails that were sent: its counter is ${tick}, ${marker.step} was seen`
  const [known, here] = [JSON.parse(noted) as Cluster, JSON.parse(cluster) as Cluster]
  if (known.server !== here.server || known.database !== here.database || known.table !== here.table) {
    return 'this is not the database that sent last, but a copy or a restored one'
  }
  if (known.files !== null && here.files !== null && known.files !== here.files)
    return 'the database’s files were copied'
  // Last: a halt ordered before a restore does not hide the restore.
  return marker?.halted ? BY_OPERATOR : undefined
}

type Cluster = z.output<typeof Identity> & { files: string | null }

/** The cluster's system identifier, and the object ids of the database and of `deliveries`. */
const Identity = z.object({ server: text, database: text, table: text })
/** The row that counts emails; without `installation` before a queue is opened. */
const Counter = { installation: text.nullable(), tick: bigint }

/** Returns the database's identity now, and its id in the restore marker; null before a queue is opened. */
async function identify(db: Db): Promise<{ cluster: string; installation: string | null }> {
  const statement = sql`
    SELECT (SELECT installation FROM mailing) AS installation, CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
                THEN (SELECT system_identifier::text FROM pg_control_system()) ELSE '' END AS server,
      (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database, 'deliveries'::regclass::oid::text AS "table",
      CASE WHEN pg_has_role('pg_read_all_settings', 'MEMBER') THEN current_setting('data_directory', true) END AS folder`
  const columns = Identity.extend({ folder: text.nullable(), installation: text.nullable() })
  const { folder, installation, ...identity } = await queryOne(db, columns, prepared(statement))
  const cluster: Cluster = { ...identity, files: await filesOf(folder) }
  return { cluster: JSON.stringify(cluster), installation }
}

/** Returns inode and birth time of a file that PostgreSQL writes once in a cluster's life. */
async function filesOf(folder: string | null): Promise<string | null> {
  if (!folder) return null
  const found = await stat(join(folder, 'PG_VERSION'), { bigint: true }).catch(() => undefined)
  return found && found.birthtimeNs > 0n ? `${found.ino} ${found.birthtimeNs}` : null
}

/**
 * Checks a starting process's database with `haltIfRestored`. Never throws, and ends after five seconds, since a marker may be in a Redis
 * that does not answer.
 */
export async function checkForRestore(deps: Deps): Promise<void> {
  const checked = haltIfRestored(deps).catch((error) => deps.log.warn({ err: error }, 'could not check for a restore'))
  await Promise.race([checked, delay(CHECK_PATIENCE_MS, undefined, { ref: false })])
}

const CHECK_PATIENCE_MS = 5_000

/**
 * Halts sending when the database looks restored, before an email is due. Otherwise the next person to sign up could get the id of a
 * reader that the database has forgotten.
 */
export async function haltIfRestored({ db, log, restoreMarkers }: Deps): Promise<void> {
  const why = await findRestore({ db, restoreMarkers })
  if (why !== undefined) await haltRestored({ db, log }, why)
}

async function haltRestored({ db, log }: Pick<Deps, 'db' | 'log'>, why: string): Promise<void> {
  if (!(await raiseHalt(db, why)) && !(await replaceOrder(db, why))) return
  log.error({ reason: why }, 'sending halted until the operator runs: paperboy resume --after-restore')
  if (why !== BY_OPERATOR) await db.execute(sql.raw(SKIP_IDS))
}

/** Returns why the database looks restored: what the guard would find before the next email. */
async function findRestore({ db, restoreMarkers }: Pick<Deps, 'db' | 'restoreMarkers'>): Promise<string | undefined> {
  const { cluster, installation } = await identify(db)
  if (installation === null) return undefined
  // Read before the counter, as in the guard: another worker may increment both in between.
  const seen = await restoreMarkers.read(installation)
  const { tick, noted } = await queryOne(db, { tick: bigint, noted: text.nullable() })`
    SELECT tick, cluster AS noted FROM mailing`
  // Opening the queue names the installation, and the first email notes the cluster: a backup from before it may have a marker. A halt in
  // the marker is the operator's.
  return restoreSign(noted ?? cluster, cluster, tick + 1, seen && { step: seen.step, halted: false })
}

/** @returns whether it was not halted before */
async function raiseHalt(db: Db, why: string): Promise<boolean> {
  const { rowCount } = await db.execute(
    sql`UPDATE mailing SET halted_at = now(), halted_why = ${why} WHERE halted_at IS NULL`,
  )
  return rowCount !== 0
}

/** A halt that the operator ordered becomes the guard's. @returns whether it was the operator's */
async function replaceOrder(db: Db, why: string): Promise<boolean> {
  const { rowCount } = await db.execute(
    sql`UPDATE mailing SET halted_why = ${why} WHERE halted_why = ${BY_OPERATOR} AND ${why} <> ${BY_OPERATOR}`,
  )
  return rowCount !== 0
}

/** The reason of a halt by `paperboy halt`. Any other is the guard's. */
export const BY_OPERATOR = 'the operator halted it'

/**
 * Halts sending by the operator's order. Also stored outside the database, so that a later restore does not undo it.
 * @returns whether it was not halted before
 */
export async function halt({ db, restoreMarkers }: Deps): Promise<boolean> {
  const changed = await raiseHalt(db, BY_OPERATOR)
  // While sending is halted, the guard checks nothing. Only now, since a marker may be in a Redis that does not answer.
  const restored = changed ? await findRestore({ db, restoreMarkers }) : undefined
  if (restored !== undefined && (await replaceOrder(db, restored))) await db.execute(sql.raw(SKIP_IDS))
  const { installation, tick } = await queryOne(db, Counter)`SELECT installation, tick FROM mailing`
  if (installation === null) return changed
  const marker = await restoreMarkers.read(installation)
  const halted = { step: Math.max(tick, marker?.step ?? 0), halted: true }
  await restoreMarkers.write(installation, halted)
  // A worker that incremented just before may overwrite the marker: write it again.
  await delay(REWRITE_AFTER_MS)
  await restoreMarkers.write(installation, halted)
  return changed
}

const REWRITE_AFTER_MS = 500

/** Returns why and since when sending is halted; undefined when it is not. */
export async function whyHalted(db: Db): Promise<{ since: Date; why: string; mailedLast: Date | null } | undefined> {
  const columns = { since: moment, why: text, mailedLast: moment.nullable() }
  const [halted] = await query(db, columns)`
    SELECT halted_at AS since, halted_why AS why, ticked_at AS mailed_last FROM mailing WHERE halted_at IS NOT NULL`
  return halted
}

/**
 * Ends the operator's halt. Cancels no edition.
 * @throws PaperboyError MAILING_HALTED where the guard halted, or the database looks restored since
 */
export async function resumeAfterHalt({ db, restoreMarkers }: Deps): Promise<void> {
  await db.transaction(async (tx) => {
    const { installation, tick, why } = await queryOne(tx, { ...Counter, why: text.nullable() })`
      SELECT installation, tick, halted_why AS why FROM mailing FOR UPDATE`
    const restored = why === BY_OPERATOR ? await findRestore({ db: tx, restoreMarkers }) : why
    if (restored != null)
      throw new PaperboyError('MAILING_HALTED', `${restored}. See: paperboy resume --after-restore --help`)
    await tx.execute(sql`UPDATE mailing SET halted_at = NULL, halted_why = NULL`)
    if (installation !== null) await restoreMarkers.write(installation, { step: tick, halted: false })
  })
}

/** Added to the counter after a restore: higher than any marker that missed the resuming. */
const LEAP = 1_000_000_000

type CancelledEdition = Pick<typeof editions.$inferSelect, 'kind' | 'date' | 'state'>

/** Returns the unfinished editions, which resuming after a restore cancels. */
export const editionsToCancel = (db: Db): Promise<CancelledEdition[]> =>
  db
    .select({ kind: editions.kind, date: editions.date, state: editions.state })
    .from(editions)
    .where(inArray(editions.state, ['draft', 'released', 'sending', 'paused']))
    .orderBy(editions.date, editions.kind)

/**
 * Resumes sending after a restore. Cancels unfinished editions, since their emails may already be sent. The same holds for lists that
 * closed since the backup, which the database does not know: their drafts will be held.
 *
 * @param keepEditions the operator knows that they were not sent
 * @returns the cancelled editions, with their earlier states
 */
export async function resumeAfterRestore(
  { db, restoreMarkers, now }: Deps & Pick<Services, 'now'>,
  keepEditions: boolean,
): Promise<{ cancelled: CancelledEdition[] }> {
  const { cluster } = await identify(db)
  return db.transaction(async (tx) => {
    const cancelled = keepEditions ? [] : await cancelOpen(tx, now())
    const { installation, tick, why } = await queryOne(tx, { ...Counter, why: text.nullable() })`
      SELECT installation, tick, halted_why AS why FROM mailing FOR UPDATE`
    // No sign revealed the restore, such as that of a whole machine.
    if (why === BY_OPERATOR) await tx.execute(sql.raw(SKIP_IDS))
    const seen = installation === null ? undefined : await restoreMarkers.read(installation)
    const next = Math.max(tick, seen?.step ?? 0) + LEAP
    await tx.execute(sql`
      UPDATE mailing SET halted_at = NULL, halted_why = NULL, tick = ${next},
        restored_at = CASE WHEN ${keepEditions} THEN restored_at ELSE ${now()}::timestamptz END,
        cluster = CASE WHEN installation IS NULL THEN NULL ELSE ${cluster} END`)
    if (installation !== null) await restoreMarkers.write(installation, { step: next, halted: false })
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

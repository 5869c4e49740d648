import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { test as base, expect, inject, onTestFinished } from 'vitest'
import { type Db, databaseOn, openPool } from '../../src/runtime/db/database.ts'
import { onDatabase, runSql, TEMPLATE } from './global-setup.ts'

/** Clones the migrated template into a new database. FILE_COPY is faster here than logging every page. */
export async function freshDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const server = inject('serverUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  await runSql(server, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE} STRATEGY FILE_COPY`)
  return { url: onDatabase(server, name), drop: () => runSql(server, `DROP DATABASE ${name} WITH (FORCE)`) }
}

export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures a fixture needs from this pattern
  .extend('databaseUrl', { scope: 'test' }, async ({}, { onCleanup }) => {
    const database = await freshDatabase()
    onCleanup(database.drop)
    return database.url
  })
  .extend('db', { scope: 'test' }, async ({ databaseUrl }, { onCleanup }): Promise<Db> => {
    const pool = openPool(databaseUrl, () => {})
    onCleanup(() => pool.end())
    return databaseOn(pool)
  })

/** Makes a second database for the test. */
export async function secondDatabase(): Promise<{ url: string; db: Db }> {
  const { url, drop } = await freshDatabase()
  onTestFinished(drop)
  const pool = openPool(url, () => {})
  onTestFinished(() => pool.end())
  return { url, db: databaseOn(pool) }
}

/** Makes the database refuse the first writes of an accepted outcome, as a full disk does. */
export async function refuseFirstOutcomes(db: Db, table: 'deliveries' | 'outbox'): Promise<void> {
  // A sequence counts refused writes too: it is not rolled back.
  await db.execute(sql`CREATE SEQUENCE refused_writes`)
  await db.execute(sql`
    CREATE FUNCTION refuse_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.state = 'accepted' AND nextval('refused_writes') <= 2 THEN RAISE 'no space left on device'; END IF;
      RETURN NEW;
    END $$`)
  await db.execute(
    sql`CREATE TRIGGER refuse_first BEFORE UPDATE ON ${sql.identifier(table)} FOR EACH ROW EXECUTE FUNCTION refuse_first()`,
  )
}

/** Waits until this many statements of the database wait for a lock. */
export const someoneWaits = (db: Db, statements = 1) =>
  expect.poll(() => waitingStatements(db), { timeout: 10_000 }).toBeGreaterThanOrEqual(statements)

/** Returns how many statements wait for a lock. */
export async function waitingStatements(db: Db): Promise<number> {
  const { rows } = await db.execute(
    sql`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  )
  return rows.length
}

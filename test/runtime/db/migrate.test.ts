import { readdir, readFile } from 'node:fs/promises'
import { sql } from 'drizzle-orm'
import pg from 'pg'
import { describe, expect, onTestFinished } from 'vitest'
import { migrate } from '../../../src/runtime/db/database.ts'
import { secondDatabase, someoneWaits, test } from '../../support/database.ts'

/** Journal time of the last migration before the set was squashed. */
const LAST_OF_DEVELOPMENT = 1795536063000

test('a database of this version migrates again without change', async ({ db, databaseUrl }) => {
  const applied = () => db.execute(sql`SELECT * FROM drizzle.__drizzle_migrations ORDER BY id`)
  const { rows } = await applied()
  await migrate(databaseUrl)
  expect((await applied()).rows).toEqual(rows)
})

test('the journal has every migration, in the order of the files, each later than the one before', async () => {
  const folder = new URL('../../../migrations/', import.meta.url)
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const { entries } = JSON.parse(await readFile(new URL('meta/_journal.json', folder), 'utf8')) as {
    entries: { idx: number; tag: string; when: number }[]
  }
  expect(entries.map(({ tag }) => `${tag}.sql`)).toEqual(files)
  expect(entries.map(({ idx }) => idx)).toEqual(files.map((_, index) => index))
  // drizzle skips one that is dated before the last that ran, and says nothing.
  const times = entries.map(({ when }) => when)
  expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b))
})

test('a database of a development version stays as it is, and the error says how to keep the readers', async ({
  db,
  databaseUrl,
}) => {
  await db.execute(sql`DELETE FROM drizzle.__drizzle_migrations`)
  await db.execute(sql`
    INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('a', 1795536000000), ('b', ${LAST_OF_DEVELOPMENT})`)
  const error = await migrate(databaseUrl).then(
    () => undefined,
    (error: Error) => error,
  )
  expect(error?.name, 'shown without a stack').toBe('ConfigError')
  for (const word of ['development version', 'suppressions export', 'subscribers export', 'import', 'SUPPRESSION_KEY'])
    expect(error!.message).toContain(word)
  expect((await db.execute(sql`SELECT hash FROM drizzle.__drizzle_migrations`)).rows).toHaveLength(2)
})

test('a database of a later version does not count as one of a development version', async ({ db, databaseUrl }) => {
  await db.execute(sql`INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999)`)
  await migrate(databaseUrl)
})

describe('while a long statement reads, such as a backup', () => {
  /** A database of an earlier version: of the next migrations, only 0028 needs `subscribers` for itself. */
  const earlierDatabase = async () => {
    const { db, url } = await secondDatabase()
    await db.execute(sql`DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA drizzle CASCADE`)
    const journal = await readFile(new URL('../../../migrations/meta/_journal.json', import.meta.url), 'utf8')
    const { entries } = JSON.parse(journal) as { entries: { tag: string; when: number }[] }
    await migrate(url, { upTo: entries.find(({ tag }) => tag.startsWith('0026'))!.when })
    const backup = new pg.Client({ connectionString: url })
    await backup.connect()
    onTestFinished(() => backup.end())
    await backup.query('BEGIN; SELECT FROM subscribers')
    return { db, url, backup }
  }
  const columns = sql`
    SELECT FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'subscribers' AND column_name = 'asked'`

  test('sign-ups go on, and the tables change when it has ended', async () => {
    const { db, url, backup } = await earlierDatabase()
    const migrated = migrate(url)
    await someoneWaits(db)
    await db.transaction(async (signUp) => {
      await signUp.execute(sql`SET LOCAL statement_timeout = '10s'`)
      await signUp.execute(sql`LOCK TABLE subscribers IN ROW EXCLUSIVE MODE`)
    })
    await backup.query('COMMIT')
    await migrated
    expect((await db.execute(columns)).rowCount).toBe(1)
  })

  test('an attempt waits for a vacuum until PostgreSQL would end it', async () => {
    const { db, url, backup: vacuum } = await earlierDatabase()
    await vacuum.query('LOCK TABLE subscribers IN SHARE UPDATE EXCLUSIVE MODE')
    const migrated = migrate(url)
    const waitsFor = async () => {
      const { rows } = await db.execute<{ ms: number }>(sql`
        SELECT 1000 * extract(epoch FROM clock_timestamp() - waitstart)::float8 AS ms FROM pg_locks
        WHERE NOT granted AND relation = 'subscribers'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
      return rows[0]?.ms ?? 0
    }
    await expect.poll(waitsFor, { timeout: 20_000 }).toBeGreaterThan(1_000) // deadlock_timeout
    await vacuum.query('COMMIT')
    await migrated
  })

  test('it gives up in the end: earlier migrations stay, and the error says what to do', async () => {
    const { db, url, backup } = await earlierDatabase()
    const given = migrate(url, { patienceMs: 0 })
    await expect(given).rejects.toMatchObject({ name: 'ConfigError', message: expect.stringContaining('backup') })
    expect((await db.execute(columns)).rowCount).toBe(0)
    expect((await db.execute(sql`SELECT FROM drizzle.__drizzle_migrations`)).rowCount, 'with 0027').toBe(27)
    await backup.query('COMMIT')
    await migrate(url)
  })
})

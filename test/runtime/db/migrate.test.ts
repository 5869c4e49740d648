import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { migrate } from '../../../src/runtime/db/database.ts'
import { test } from '../../support/database.ts'

/** Journal time of the last migration before the set was squashed. */
const LAST_OF_DEVELOPMENT = 1795536063000

test('a database of this version migrates again without change', async ({ db, databaseUrl }) => {
  const applied = () => db.execute(sql`SELECT * FROM drizzle.__drizzle_migrations ORDER BY id`)
  const { rows } = await applied()
  await migrate(databaseUrl)
  expect((await applied()).rows).toEqual(rows)
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

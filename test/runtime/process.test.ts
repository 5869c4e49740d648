import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { isConnectionTrouble } from '../../src/lib/connection-trouble.ts'
import { databaseOn, openPool } from '../../src/runtime/db/database.ts'
import { inWords } from '../../src/runtime/process.ts'
import { test } from '../support/database.ts'

const failureOf = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => expect.fail('it did not fail'),
    (error) => error,
  )

test('a statement that fails is told without the statement, its parameters or an address', async ({ db }) => {
  const failures = [
    () => db.execute(sql`SELECT ${'ada@lab.org'}::int AS number`),
    () =>
      db.execute(
        sql`INSERT INTO subscribers (email, email_key, zone) VALUES (${'ada@lab.org'}, ${'ada@lab.org'}, ${null})`,
      ),
    () => db.transaction((tx) => tx.execute(sql`SELECT * FROM no_such_table WHERE email = ${'ada@lab.org'}`)),
  ]
  for (const failure of failures) {
    const words = inWords(await failureOf(failure()))
    expect(words).toMatch(/^The database refused: .+ \([0-9A-Z]{5}\)$/)
    expect(words).not.toMatch(/ada|lab\.org|Failed query|SELECT|INSERT|params/)
  }
})

test('a bug keeps its stack and loses what its words may quote', () => {
  const words = inWords(new TypeError('cannot read ada@lab.org of SGVsbG8gdGhpcyBpcyBhIHRva2VuIG9mIG91cnM'))
  expect(words).toMatch(/^TypeError: cannot read \[address\] of \[token\]\n\s+at /)
})

test('a server that is gone is connection trouble, a statement that is wrong is not', async ({ db, databaseUrl }) => {
  const pool = openPool('postgres://nobody@127.0.0.1:1/nothing', () => {})
  const refused = await failureOf(databaseOn(pool).execute(sql`SELECT 1`))
  await pool.end()
  expect(isConnectionTrouble(refused)).toBe(true)
  expect(inWords(refused)).toBe('Nothing answers at 127.0.0.1:1. Is the database (DATABASE_URL) running?')

  const other = openPool(databaseUrl, () => {})
  const killed = failureOf(databaseOn(other).execute(sql`SELECT pg_sleep(60)`))
  await expect
    .poll(async () => {
      const { rows } = await db.execute<{ ended: boolean }>(
        sql`SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`,
      )
      return rows.length
    })
    .toBe(1)
  expect(isConnectionTrouble(await killed)).toBe(true)
  await other.end()

  const nameless = openPool(databaseUrl.replace(/\/[^/]*$/, '/no_such_database'), () => {})
  expect(isConnectionTrouble(await failureOf(databaseOn(nameless).execute(sql`SELECT 1`)))).toBe(false)
  await nameless.end()
  expect(isConnectionTrouble(await failureOf(db.execute(sql`SELECT 1 / 0`)))).toBe(false)
  expect(isConnectionTrouble(new Error('timeout exceeded when trying to connect'))).toBe(true)
  for (const [code, is] of [
    ['57P03', true],
    ['08006', true],
    ['53300', true],
    ['EAI_AGAIN', true],
    ['57014', false],
    ['23505', false],
  ])
    expect([code, isConnectionTrouble(Object.assign(new Error('x'), { code }))]).toEqual([code, is])
})

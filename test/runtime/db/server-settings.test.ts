import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { describe, expect, inject } from 'vitest'
import { checkDatabase } from '../../../src/operate/doctor/database.ts'
import { waitForDatabase } from '../../../src/operate/wait-for-database.ts'
import { migrate } from '../../../src/runtime/db/database.ts'
import { test } from '../../support/database.ts'
import { onDatabase, runSql } from '../../support/global-setup.ts'

const start = (databaseUrl: string) =>
  waitForDatabase(databaseUrl, { log: { warn() {} }, tables: 'refuse', stopping: AbortSignal.timeout(20_000) })

const failureOf = (work: Promise<unknown>): Promise<Error | undefined> =>
  work.then(
    () => undefined,
    (error: Error) => error,
  )

describe.each([
  ['default_transaction_isolation', `'repeatable read'`],
  ['default_transaction_isolation', `'serializable'`],
  ['DateStyle', `'German'`],
  ['DateStyle', `'SQL, DMY'`],
  ['default_transaction_read_only', 'on'],
])('a database with %s = %s', (name, value) => {
  test('is refused by name, and works after the statement that the error gives', async ({ databaseUrl }) => {
    const database = new URL(databaseUrl).pathname.slice(1)
    await runSql(databaseUrl, `ALTER DATABASE ${database} SET ${name} = ${value}`)
    const errors = [await failureOf(start(databaseUrl)), await failureOf(migrate(databaseUrl))]
    for (const error of errors) {
      expect(error?.name, 'shown without a stack').toBe('ConfigError')
      expect(error!.message).toContain(name)
    }
    const { usable, diagnoses } = await checkDatabase(databaseUrl)
    expect({ usable, diagnoses }).toMatchObject({ usable: false, diagnoses: [{ state: 'error' }] })

    const [, fix] = /Run in psql: (.*)$/.exec(errors[0]!.message)!
    expect(diagnoses[0]).toMatchObject({ remedy: fix })
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    for (const statement of fix!.split('; ')) await client.query(statement)
    await client.end()
    expect(await start(databaseUrl)).toBe(true)
    await migrate(databaseUrl)
    expect(await checkDatabase(databaseUrl)).toMatchObject({ usable: true })
  })
})

test.each([
  ['default_transaction_isolation', 'repeatable\\ read'],
  ['DateStyle', 'German'],
  ['default_transaction_read_only', 'on'],
])(
  '%s in the options of DATABASE_URL, which no statement overrides, is to be taken out of them',
  async (name, value) => {
    const url = new URL(inject('serverUrl'))
    url.searchParams.set('options', `-c ${name}=${value}`)
    const error = await failureOf(start(url.href))
    expect(error?.message).toContain(`To correct it: take ${name} out of the options in DATABASE_URL`)
    expect(error?.message).not.toContain('ALTER ROLE')
    const { diagnoses } = await checkDatabase(url.href)
    expect(diagnoses[0]).toMatchObject({ remedy: expect.stringContaining(`take ${name} out of`) })
  },
)

test('a database that is not in UTF-8 is refused before a table is made', async () => {
  const name = `test_${randomBytes(6).toString('hex')}`
  await runSql(inject('serverUrl'), `CREATE DATABASE ${name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`)
  const url = onDatabase(inject('serverUrl'), name)
  try {
    const error = await failureOf(migrate(url))
    expect(error?.name).toBe('ConfigError')
    expect(error!.message).toContain(`encoding is SQL_ASCII`)
    const [fix] = new RegExp(`CREATE DATABASE ${name} ENCODING 'UTF8'.* TEMPLATE template0`).exec(error!.message)!
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query(`SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace`)
    await client.end()
    expect(rows).toEqual([])
    await runSql(inject('serverUrl'), `DROP DATABASE ${name}`)
    await runSql(inject('serverUrl'), fix)
    await migrate(url)
  } finally {
    await runSql(inject('serverUrl'), `DROP DATABASE ${name} WITH (FORCE)`)
  }
})

test('a time zone, a language or an output form of the server’s own choice is none of these', async ({
  databaseUrl,
}) => {
  const database = new URL(databaseUrl).pathname.slice(1)
  for (const setting of [
    `TimeZone = 'Asia/Kathmandu'`,
    `IntervalStyle = 'sql_standard'`,
    `bytea_output = 'escape'`,
    `DateStyle = 'ISO, DMY'`,
  ])
    await runSql(databaseUrl, `ALTER DATABASE ${database} SET ${setting}`)
  expect(await start(databaseUrl)).toBe(true)
})

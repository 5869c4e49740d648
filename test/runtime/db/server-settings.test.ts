import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import pg from 'pg'
import { describe, expect, inject, onTestFinished } from 'vitest'
import { ownClient } from '../../../src/lib/own-client.ts'
import { openBackup } from '../../../src/operate/backup/open-backup.ts'
import { restoreBackup } from '../../../src/operate/backup/restore-backup.ts'
import { checkDatabase } from '../../../src/operate/doctor/database.ts'
import { waitForDatabase } from '../../../src/operate/wait-for-database.ts'
import { migrate } from '../../../src/runtime/db/database.ts'
import { liftTimeLimits } from '../../../src/runtime/db/server-settings.ts'
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
  ['standard_conforming_strings', 'off'],
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

const LIMIT_MS = 400

/** Returns what releases a lock that it took, once another connection has waited for it for longer than the database's limits. */
async function holding(databaseUrl: string, lock: string) {
  const client = ownClient({ connectionString: databaseUrl })
  await client.connect()
  onTestFinished(() => client.end())
  await liftTimeLimits(client)
  await client.query(`BEGIN; ${lock}`)
  return async () => {
    await expect
      .poll(
        async () => {
          const { rows } = await client.query(
            `SELECT max(clock_timestamp() - waitstart) > '${LIMIT_MS * 2} ms' AS waits FROM pg_locks
             WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
          )
          return rows[0].waits
        },
        { timeout: 10_000 },
      )
      .toBe(true)
    await client.query('SELECT pg_advisory_unlock_all(); COMMIT')
  }
}
describe.each(['statement_timeout', 'lock_timeout', 'transaction_timeout'])(
  'a database with a short %s, as hosts set it',
  (name) => {
    const limit = (databaseUrl: string) =>
      runSql(databaseUrl, `ALTER DATABASE ${new URL(databaseUrl).pathname.slice(1)} SET ${name} = ${LIMIT_MS}`)

    test('lets a migration wait for another one', async ({ databaseUrl }) => {
      const release = await holding(databaseUrl, `SELECT pg_advisory_lock(hashtext('paperboy migrate'))`)
      await limit(databaseUrl)
      const failure = failureOf(migrate(databaseUrl))
      await Promise.race([release(), failure.then((error) => error && Promise.reject(error))])
      expect(await failure).toBeUndefined()
    })

    test('lets a backup and a restore take their time', async ({ databaseUrl }) => {
      await limit(databaseUrl)
      let file = ''
      const backUp = async () => {
        for await (const chunk of openBackup(databaseUrl, new Date()).chunks) file += chunk
      }
      const restore = () => restoreBackup(databaseUrl, Readable.from([Buffer.from(file)]), 'test')
      for (const work of [backUp, restore]) {
        const release = await holding(databaseUrl, 'LOCK TABLE subscribers')
        const failure = failureOf(work())
        await Promise.race([release(), failure.then((error) => error && Promise.reject(error))])
        expect(await failure).toBeUndefined()
      }
    })
  },
)

test('a database that soon ends idle connections can be restored: one waits for the migrations', async ({
  databaseUrl,
}) => {
  const file: Buffer[] = []
  for await (const chunk of openBackup(databaseUrl, new Date()).chunks) file.push(Buffer.from(chunk))
  const name = `test_${randomBytes(6).toString('hex')}`
  await runSql(inject('serverUrl'), `CREATE DATABASE ${name}`)
  onTestFinished(() => runSql(inject('serverUrl'), `DROP DATABASE ${name} WITH (FORCE)`))
  const url = onDatabase(inject('serverUrl'), name)
  await runSql(url, `ALTER DATABASE ${name} SET idle_session_timeout = 20`)
  expect(await failureOf(restoreBackup(url, Readable.from([Buffer.concat(file)]), 'test'))).toBeUndefined()
})

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

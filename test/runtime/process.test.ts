import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { sql } from 'drizzle-orm'
import pg from 'pg'
import { generate } from 'selfsigned'
import { describe, expect, onTestFinished } from 'vitest'
import { isConnectionError } from '../../src/lib/connection-error.ts'
import { databaseOn, openPool } from '../../src/runtime/db/database.ts'
import { describeError } from '../../src/runtime/process.ts'
import { serveMetrics } from '../../workers/metrics.ts'
import { test } from '../support/database.ts'

const failureOf = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => expect.fail('expected a failure'),
    (error) => error,
  )

test('a failed statement is described without the statement, its parameters or an address', async ({ db }) => {
  const failures = [
    () => db.execute(sql`SELECT ${'ada@lab.org'}::int AS number`),
    () =>
      db.execute(
        sql`INSERT INTO subscribers (email, email_key, zone) VALUES (${'ada@lab.org'}, ${'ada@lab.org'}, ${null})`,
      ),
    () => db.transaction((tx) => tx.execute(sql`SELECT * FROM no_such_table WHERE email = ${'ada@lab.org'}`)),
  ]
  for (const failure of failures) {
    const words = describeError(await failureOf(failure()))
    expect(words).toMatch(/^The database refused: .+ \([0-9A-Z]{5}\)$/)
    expect(words).not.toMatch(/ada|lab\.org|Failed query|SELECT|INSERT|params/)
  }
})

test('a bug is described with its stack, and without addresses and tokens', () => {
  const words = describeError(new TypeError('cannot read ada@lab.org of SGVsbG8gdGhpcyBpcyBhIHRva2VuIG9mIG91cnM'))
  expect(words).toMatch(/^TypeError: cannot read \[address\] of \[token\]\n\s+at /)
})

test('a lost server is a connection error, a wrong statement is not', async ({ db, databaseUrl }) => {
  const pool = openPool('postgres://nobody@127.0.0.1:1/nothing', () => {})
  const refused = await failureOf(databaseOn(pool).execute(sql`SELECT 1`))
  await pool.end()
  expect(isConnectionError(refused)).toBe(true)
  expect(describeError(refused)).toBe('Nothing answers at 127.0.0.1:1. Is the database (DATABASE_URL) running?')

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
  expect(isConnectionError(await killed)).toBe(true)
  await other.end()

  const nameless = openPool(databaseUrl.replace(/\/[^/]*$/, '/no_such_database'), () => {})
  expect(isConnectionError(await failureOf(databaseOn(nameless).execute(sql`SELECT 1`)))).toBe(false)
  await nameless.end()
  expect(isConnectionError(await failureOf(db.execute(sql`SELECT 1 / 0`)))).toBe(false)
  expect(isConnectionError(new Error('timeout exceeded when trying to connect'))).toBe(true)
  for (const [code, is] of [
    ['57P03', true],
    ['08006', true],
    ['53300', true],
    ['EAI_AGAIN', true],
    ['57014', false],
    ['23505', false],
  ])
    expect([code, isConnectionError(Object.assign(new Error('x'), { code }))]).toEqual([code, is])
})

test.each([
  [{ host: '192.0.2.1', port: 0 }, /^This machine has no address 192\.0\.2\.1\. Set HOST /],
  [{ host: 'no-such-host.invalid', port: 0 }, /^No machine is found under the name no-such-host\.invalid .* HOST\.$/],
])('listening on %j fails in words', async (where, words) => {
  const failed = once(createServer().listen(where), 'listening')
  expect(describeError(await failureOf(failed))).toMatch(words)
})

test('a port of a worker’s metrics that is in use is named with its own setting', async () => {
  const other = createServer()
  await once(other.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const settings = { HOST: '127.0.0.1', WORKER_METRICS_PORT: port, METRICS_TOKEN: undefined }
  expect(describeError(await failureOf(serveMetrics(settings, async () => [])))).toBe(
    `Port ${port} on 127.0.0.1 is in use by another program. Stop it, or choose another with WORKER_METRICS_PORT.`,
  )
})

describe('a login to the database that fails before it is asked for names DATABASE_URL and the remedy:', () => {
  const problem = async (url: string) => {
    const client = new pg.Client({ connectionString: url })
    const error = await failureOf(client.connect())
    await client.end()
    return { is: isConnectionError(error), text: describeError(error) }
  }
  /** A server that answers the question for TLS. */
  const answering = async (answer: (socket: Socket) => void): Promise<string> => {
    const server = createServer((socket) => socket.on('error', () => {}).once('data', () => answer(socket)))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    return `postgres://paperboy:secret@127.0.0.1:${(server.address() as AddressInfo).port}/paperboy?sslmode=verify-full`
  }

  test('a Unix socket that is not there yet, which is waited for', async () => {
    const { is, text } = await problem('postgres://paperboy@%2Fnowhere/paperboy')
    expect(is).toBe(true)
    expect(text).toBe('Nothing answers at /nowhere/.s.PGSQL.5432. Is the database (DATABASE_URL) running?')
  })

  test('no password', async ({ databaseUrl }) => {
    const { is, text } = await problem(databaseUrl.replace(/:[^:@]+@/, '@'))
    expect(is).toBe(false)
    expect(text).toMatch(/^The database asks for a password, and DATABASE_URL has none\./)
  })

  test('a server without TLS', async () => {
    const { text } = await problem(await answering((socket) => socket.write('N')))
    expect(text).toMatch(/^The database \(DATABASE_URL\) offers no TLS\. .*sslmode=disable/)
  })

  test('a certificate of its own', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }])
    const url = await answering((socket) => {
      socket.write('S')
      new TLSSocket(socket, { isServer: true, key, cert }).on('error', () => {})
    })
    const { text } = await problem(url)
    expect(text).toMatch(
      /^The certificate of the database's server \(DATABASE_URL\) is not accepted: self-signed certificate \(DEPTH_ZERO_SELF_SIGNED_CERT\)\. .*sslrootcert=/,
    )
  })

  test.each([
    ['CERT_HAS_EXPIRED', /\. Renew it, or/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /\. Write a name of the certificate in DATABASE_URL, or/],
  ])('a certificate that its authority does not help: %s', (code, remedy) => {
    const text = describeError(Object.assign(new Error('not this one'), { code }))
    expect(text).toMatch(remedy)
    expect(text).not.toContain('sslrootcert')
  })
})

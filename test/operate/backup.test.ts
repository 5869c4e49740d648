import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { lstat, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import pg from 'pg'
import { afterEach, expect, inject } from 'vitest'
import { passRestoreGuard, whyHalted } from '../../src/delivery/ledger/restore-guard.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { createSignInLink, findAdmin, signIn } from '../../src/operate/admins/sessions.ts'
import { databaseOn, migrate, openPool } from '../../src/runtime/db/database.ts'
import type { Services } from '../../src/runtime/services.ts'
import { test } from '../support/database.ts'
import { onDatabase, runSql } from '../support/global-setup.ts'
import { start } from '../support/processes.ts'
import { addReaders, addSubscriber, releasedEdition, servicesOn } from '../support/services.ts'

const stack: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close()
})

/** A database without tables. */
async function emptyDatabase(): Promise<string> {
  const server = inject('serverUrl')
  const name = `empty_${randomBytes(6).toString('hex')}`
  await runSql(server, `CREATE DATABASE ${name}`)
  stack.push(() => runSql(server, `DROP DATABASE ${name} WITH (FORCE)`))
  return onDatabase(server, name)
}

function temporaryFile(): string {
  const file = join(tmpdir(), `paperboy-backup-${randomBytes(6).toString('hex')}.sql.gz`)
  stack.push(() => rm(file, { force: true }))
  return file
}

async function paperboy(databaseUrl: string, ...args: string[]) {
  const command = start('src/cli/main.ts', args, {
    DATABASE_URL: databaseUrl,
    DATA_DIR: join(tmpdir(), 'paperboy-none'),
  })
  stack.push(() => command.end('SIGKILL'))
  await expect.poll(() => command.child.exitCode, { timeout: 60_000 }).not.toBeNull()
  return { code: command.child.exitCode, output: command.output() }
}

/** Every row of every table, as text. */
async function contents(databaseUrl: string): Promise<Record<string, string[]>> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>(`
      SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1`)
    const tables: Record<string, string[]> = {}
    for (const { name } of rows) {
      const found = await client.query<{ row: string }>(`SELECT t::text AS row FROM public."${name}" t ORDER BY 1`)
      tables[name] = found.rows.map(({ row }) => row)
    }
    return tables
  } finally {
    await client.end()
  }
}

const ODD = 'tab\there, line\nbreak, back\\slash, \\N, \\., "quotes", 中文, 🙂'

test('a backup restores every row, number and partition, and nothing is sent until the operator resumes', async ({
  db,
  databaseUrl,
}) => {
  const services = servicesOn(db, { ADMIN_EMAILS: 'ak@example.org, ed@example.org' })
  await addReaders(db, 20)
  const ada = await addSubscriber(db, 'ada@example.org', { keywords: [ODD] })
  await planAll(services, await releasedEdition(services))
  expect(await passRestoreGuard(services)).toBe(true)
  await runSql(
    databaseUrl,
    `INSERT INTO votes (paper_id, subscriber_id, cast_at, network) SELECT min(id), ${ada}, now(), '' FROM papers`,
  )
  // The number of a deleted reader must not be given to another: their links would work for the wrong person.
  const gone = await addSubscriber(db, 'gone@example.org')
  await runSql(databaseUrl, `DELETE FROM subscribers WHERE id = ${gone}`)

  await runSql(
    databaseUrl,
    `CREATE TABLE others_notes (id serial, note text); INSERT INTO others_notes (note) VALUES ('x')`,
  )

  const file = temporaryFile()
  const made = await paperboy(databaseUrl, 'backup', file)
  await runSql(databaseUrl, 'DROP TABLE others_notes')
  expect(made).toMatchObject({ code: 0, output: expect.stringMatching(/\d+ tables, \d+ rows, 1 MB/) })
  expect((await stat(file)).mode & 0o077, 'only its owner may read it').toBe(0)
  const later = await addSubscriber(db, 'later@example.org')
  const cookieOf = async (on: Services, address: string) =>
    signIn(on, (await createSignInLink(on, address)).split('/').at(-1)!)
  const lost = await cookieOf(services, 'ak@example.org')
  expect(gunzipSync(await readFile(file)).toString()).not.toContain('others_')
  const target = await emptyDatabase()
  await runSql(target, `CREATE TABLE public.foreign_notes AS SELECT 'keep me' AS note`)
  const loaded = await paperboy(target, 'restore', file)
  expect(loaded).toMatchObject({ code: 0, output: expect.stringContaining('resume --after-restore') })

  await runSql(
    databaseUrl,
    `DELETE FROM subscribers WHERE email = 'later@example.org'; DELETE FROM admin_sessions; DELETE FROM audit_log`,
  )
  const [before, { foreign_notes, ...after }] = [await contents(databaseUrl), await contents(target)]
  expect(foreign_notes, 'another program’s table is not touched').toEqual(['("keep me")'])
  expect(after).toEqual({ ...before, mailing: after.mailing, audit_log: after.audit_log })
  expect(after.audit_log).toEqual([expect.stringMatching(/"command line \(.+\)",restored,"the backup of 2\d{3}-/)])
  expect(before.deliveries).toHaveLength(21)
  expect(before.subscribers!.join()).toContain('🙂')

  const pool = openPool(target, () => {})
  stack.push(() => pool.end())
  const restored = { ...services, db: databaseOn(pool) }
  expect(await passRestoreGuard(restored)).toBe(false)
  expect((await whyHalted(restored.db))?.why).toContain('restored from the backup of')
  const other = await addSubscriber(restored.db, 'new@example.org')
  expect(other).toBeGreaterThan(gone)
  expect(other, 'the links of a reader that the backup lacks do not work for another one').toBeGreaterThan(later)
  await cookieOf(restored, 'ed@example.org')
  expect(await findAdmin(restored, lost), 'nor does the browser of an admin').toBeUndefined()
  const edition = await releasedEdition(services, '2026-04-15', 3)
  const another = await releasedEdition(restored, '2026-04-16', 3)
  expect(another).toBeGreaterThan(edition)
  expect(await planAll(restored, another)).toMatchObject({ deliveries: 22 })
})

test('a file that is cut off, foreign or changed loads nothing', async ({ db, databaseUrl }) => {
  await addReaders(db, 200)
  const file = temporaryFile()
  expect((await paperboy(databaseUrl, 'backup', file)).code).toBe(0)
  const whole = await readFile(file)
  const text = gunzipSync(whole).toString()
  const target = await emptyDatabase()
  const attempt = async (bytes: Buffer) => {
    await writeFile(file, bytes)
    return paperboy(target, 'restore', file)
  }
  const cases: [Buffer, RegExp][] = [
    [whole.subarray(0, whole.length / 2), /not a whole gzip file/],
    [gzipSync(text.slice(0, -200)), /cut off|part of a backup/],
    [gzipSync(text.replace(/^.*reader-7@example.org.*\n/m, '')), /rows were read/],
    [
      gzipSync(text.replace('COPY public."editions"', 'DROP TABLE papers;\nCOPY public."editions"')),
      /Line \d+.*not part/,
    ],
    [gzipSync(text.replace('COPY public."editions"', 'COPY public."unheard"')), /Line \d+.*does not know/],
    [gzipSync('CREATE TABLE readers ();\n'), /not a backup of Paperboy/],
  ]
  for (const [bytes, message] of cases) {
    expect(await attempt(bytes)).toMatchObject({ code: 1, output: expect.stringMatching(message) })
    const { subscribers = [] } = await contents(target)
    expect(subscribers).toEqual([])
  }
  expect(await attempt(whole)).toMatchObject({ code: 0 })
  expect((await contents(target)).subscribers).toHaveLength(200)
}, 120_000)

/** Starts backups that all wait for the table of readers. Returns them and the function that lets them go on. */
async function begun(databaseUrl: string, files: string[]) {
  const holder = new pg.Client({ connectionString: databaseUrl })
  await holder.connect()
  stack.push(() => holder.end())
  await holder.query('BEGIN; LOCK TABLE subscribers IN ACCESS EXCLUSIVE MODE')
  const env = { DATABASE_URL: databaseUrl, DATA_DIR: join(tmpdir(), 'paperboy-none') }
  const running = files.map((file) => start('src/cli/main.ts', ['backup', file], env))
  for (const each of running) stack.push(() => each.end('SIGKILL'))
  // Databases made from one template have the same numbers for their tables.
  const waiting = async () =>
    (
      await holder.query(`SELECT FROM pg_locks WHERE relation = 'subscribers'::regclass AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
    ).rowCount
  await expect.poll(waiting, { timeout: 30_000 }).toBe(files.length)
  return { running, goOn: () => holder.query('COMMIT') }
}

/** Names of files that begin with a backup's. */
const besides = async (file: string) => (await readdir(tmpdir())).filter((name) => name.startsWith(basename(file)))

test('two backups into one file at once are both done, and the file is whole', async ({ db, databaseUrl }) => {
  await addReaders(db, 20)
  const file = temporaryFile()
  const { running, goOn } = await begun(databaseUrl, [file, file])
  await goOn()
  for (const { child } of running) await expect.poll(() => child.exitCode, { timeout: 60_000 }).not.toBeNull()
  expect(running.map(({ child, output }) => [child.exitCode, output()])).toEqual([
    [0, expect.stringContaining('rows')],
    [0, expect.stringContaining('rows')],
  ])
  expect(await besides(file)).toEqual([basename(file)])
  expect(await paperboy(await emptyDatabase(), 'restore', file)).toMatchObject({ code: 0 })
}, 120_000)

test('a backup that is stopped leaves no file with addresses behind', async ({ db, databaseUrl }) => {
  await addReaders(db, 20)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const file = temporaryFile()
    const { running, goOn } = await begun(databaseUrl, [file])
    expect(await besides(file)).toHaveLength(1)
    await running[0]!.end(signal)
    expect(running[0]!.child.signalCode).toBe(signal)
    expect(await besides(file)).toEqual([])
    await goOn()
  }
}, 120_000)

test('a backup whose connection the server ends says so in words', async ({ db, databaseUrl }) => {
  // More than pipes and sockets hold, and hard to compress.
  await db.execute(`INSERT INTO audit_log (at, who, what, about)
    SELECT now(), 'test', 'wrote', string_agg(md5(n::text || m), '') FROM generate_series(1, 60000) n, generate_series(1, 10) m GROUP BY n`)
  const env = { DATABASE_URL: databaseUrl, DATA_DIR: join(tmpdir(), 'paperboy-none') }
  const { child, end } = start('src/cli/main.ts', ['backup', '-'], env)
  stack.push(() => end('SIGKILL'))
  let said = ''
  child.stderr!.on('data', (chunk) => (said += chunk))
  child.stdout!.pause()
  const ofBackup = `FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'paperboy backup'`
  const waiting = async () => (await db.execute(`SELECT wait_event ${ofBackup}`)).rows[0]?.wait_event
  await expect.poll(waiting, { timeout: 30_000 }).toBe('ClientWrite')
  await db.execute(`SELECT pg_terminate_backend(pid) ${ofBackup}`)
  child.stdout!.resume()
  await expect.poll(() => child.exitCode, { timeout: 60_000 }).toBe(1)
  expect(said).toMatch(/^paperboy: The [^\n]*connection[^\n]*\n$/)
}, 120_000)

test('a backup goes through pipes, and comes back through one', async ({ db, databaseUrl }) => {
  await addReaders(db, 3)
  const empty = await emptyDatabase()
  const [file, pipe] = [temporaryFile(), temporaryFile()]
  const run = (line: string) =>
    promisify(execFile)('bash', ['-o', 'pipefail', '-c', line], {
      env: {
        ...process.env,
        DATA_DIR: join(tmpdir(), 'paperboy-none'),
        DATABASE_URL: databaseUrl,
        EMPTY: empty,
        file,
        pipe,
      },
    })
  await run(
    'node src/cli/main.ts backup - | tee "$file" | DATABASE_URL="$EMPTY" node src/cli/main.ts restore - && gzip -t "$file"',
  )
  expect((await contents(empty)).subscribers).toEqual((await contents(databaseUrl)).subscribers)
  await run('mkfifo "$pipe"')
  const { code, output } = await paperboy(databaseUrl, 'backup', pipe)
  expect({ code, isPipe: (await stat(pipe)).isFIFO() }).toEqual({ code: 2, isPipe: true })
  expect(output).toContain('is not a file')
})

test('a backup replaces the file behind a link, and never the link, such as /dev/stdout', async ({
  db,
  databaseUrl,
}) => {
  await addReaders(db, 1)
  const [file, link] = [temporaryFile(), temporaryFile()]
  await writeFile(file, 'the backup of yesterday')
  await symlink(file, link)
  expect((await paperboy(databaseUrl, 'backup', link)).code).toBe(0)
  expect((await lstat(link)).isSymbolicLink()).toBe(true)
  expect(gunzipSync(await readFile(file)).toString()).toContain('-- complete: ')
})

test('a backup into a missing folder names the folder', async ({ databaseUrl }) => {
  const { code, output } = await paperboy(databaseUrl, 'backup', join(tmpdir(), 'no-such-folder', 'a.sql.gz'))
  expect({ code, names: output.includes('no-such-folder does not exist') }).toEqual({ code: 2, names: true })
})

test('a database with readers is never overwritten', async ({ db, databaseUrl }) => {
  await addReaders(db, 3)
  const file = temporaryFile()
  expect((await paperboy(databaseUrl, 'backup', file)).code).toBe(0)
  const before = await contents(databaseUrl)
  expect(await paperboy(databaseUrl, 'restore', file)).toMatchObject({
    code: 1,
    output: expect.stringContaining('Restore into an empty one'),
  })
  expect(await contents(databaseUrl)).toEqual(before)
})

test('suppressions that were imported before the restore are never overwritten', async ({ db, databaseUrl }) => {
  await addReaders(db, 2)
  const file = temporaryFile()
  expect((await paperboy(databaseUrl, 'backup', file)).code).toBe(0)
  const target = await emptyDatabase()
  await migrate(target)
  expect((await paperboy(target, 'suppressions', 'add', 'ada@example.org')).code).toBe(0)
  expect(await paperboy(target, 'restore', file)).toMatchObject({
    code: 1,
    output: expect.stringMatching(/suppressions.*Restore into an empty one/),
  })
  const { suppressions, subscribers } = await contents(target)
  expect([suppressions!.length, subscribers]).toEqual([1, []])
})

test('tables in a schema of the role’s own are backed up, and restored where the role makes its tables', async () => {
  const source = await emptyDatabase()
  await runSql(source, `CREATE SCHEMA AUTHORIZATION CURRENT_USER`)
  await migrate(source)
  const pool = openPool(source, () => {})
  await addReaders(databaseOn(pool), 3)
  await pool.end()
  const file = temporaryFile()
  expect(await paperboy(source, 'backup', file)).toMatchObject({ code: 0 })

  const inPublic = await emptyDatabase()
  expect(await paperboy(inPublic, 'restore', file)).toMatchObject({ code: 0 })
  expect((await contents(inPublic)).subscribers).toHaveLength(3)

  expect(await paperboy(source, 'restore', file), 'not over readers').toMatchObject({ code: 1 })
  const own = await emptyDatabase()
  await runSql(own, `CREATE SCHEMA AUTHORIZATION CURRENT_USER`)
  expect(await paperboy(own, 'restore', file)).toMatchObject({ code: 0 })
  expect(await contents(own), 'nothing in public').toEqual({})
})

test('a backup of an earlier version is restored as that version, then migrated', async () => {
  const journal = JSON.parse(await readFile(new URL('../../migrations/meta/_journal.json', import.meta.url), 'utf8'))
  const earlier = journal.entries.at(-2).when as number
  const source = await emptyDatabase()
  await migrate(source, { upTo: earlier })
  const file = temporaryFile()
  expect((await paperboy(source, 'backup', file)).code).toBe(0)
  expect(gunzipSync(await readFile(file)).toString()).toContain(`"migrated":${earlier}`)
  const target = await emptyDatabase()
  expect(await paperboy(target, 'restore', file)).toMatchObject({ code: 0 })
  await migrate(source)
  const tables = async (url: string) => Object.keys(await contents(url))
  expect(await tables(target)).toEqual(await tables(source))
})

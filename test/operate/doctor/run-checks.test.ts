import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { generate } from 'selfsigned'
import { describe, expect, onTestFinished } from 'vitest'
import { halt } from '../../../src/delivery/ledger/restore-guard.ts'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { raiseAlerts } from '../../../src/operate/attention/raise-alerts.ts'
import { unwritableMarker } from '../../../src/operate/attention/restore-marker.ts'
import { checkDatabase, diagnose, type Settings } from '../../../src/operate/doctor/database.ts'
import { type Diagnosis, failure, formatDiagnoses, ok } from '../../../src/operate/doctor/diagnosis.ts'
import { checkQueue } from '../../../src/operate/doctor/queue.ts'
import { checkRelays, isNear } from '../../../src/operate/doctor/relays.ts'
import { runChecks } from '../../../src/operate/doctor/run-checks.ts'
import { checkService } from '../../../src/operate/doctor/service.ts'
import { checkSite } from '../../../src/operate/doctor/site.ts'
import { announceWorker } from '../../../src/runtime/worker-presence.ts'
import { test } from '../../support/database.ts'
import { startRedis, withoutRedis } from '../../support/redis.ts'
import { addReaders, releasedEdition, servicesOn, testConfig } from '../../support/services.ts'
import { openSink } from '../../support/sink.ts'

const answering = async () => Response.json({ status: 'up' })

describe('the restore marker', () => {
  test('in a folder that cannot be written is a warning that names the folder', async ({ databaseUrl }) => {
    const wrong = testConfig({ DATABASE_URL: databaseUrl, DATA_DIR: '/dev/null/data' })
    const found = await runChecks(wrong, { fetch: answering })
    expect(found.filter(({ part }) => part === 'Restore marker')).toEqual([
      expect.objectContaining({ state: 'warning', message: expect.stringContaining('/dev/null/data') }),
    ])
  })

  test('is reported once, also when a worker has noted the same folder', async ({ db, databaseUrl }) => {
    const settings = { DATABASE_URL: databaseUrl, DATA_DIR: '/dev/null/data' }
    await raiseAlerts(servicesOn(db, settings, { now: new Date() }))
    const found = await runChecks(testConfig(settings), { fetch: answering })
    expect(found.filter(({ part }) => part === 'Restore marker')).toHaveLength(1)
  })

  test('in a folder that is made when it is needed is no problem', async () => {
    expect(await unwritableMarker(join(tmpdir(), 'paperboy-none', 'deeper'))).toEqual([])
  })
})

describe('the database', () => {
  const SOUND: Settings = {
    version: '18.4',
    major: 18,
    fsync: 'on',
    pageWrites: 'on',
    synchronous: 'on',
    replica: false,
    connections: 100,
    foldsI: true,
  }

  test('with good settings is ok', () => {
    expect(diagnose(SOUND, true)).toEqual([ok('Database', 'PostgreSQL 18.4, tables up to date')])
    expect(diagnose({ ...SOUND, synchronous: 'remote_apply' }, true)).toHaveLength(1)
  })

  const troubles: [string, Partial<Settings>, Diagnosis['state']][] = [
    ['a replica', { replica: true }, 'error'],
    ['with a Turkish locale', { foldsI: false }, 'warning'],
    ['without fsync', { fsync: 'off' }, 'error'],
    ['without full_page_writes', { pageWrites: 'off' }, 'error'],
    ['without synchronous_commit', { synchronous: 'off' }, 'error'],
    ['of an older version', { version: '16.9', major: 16 }, 'warning'],
    ['for few connections', { connections: 20 }, 'warning'],
  ]
  for (const [trouble, settings, state] of troubles) {
    test(`${trouble} is ${state}, and all problems are reported`, () => {
      expect(diagnose({ ...SOUND, ...settings }, true)).toEqual([expect.objectContaining({ state })])
      expect(diagnose({ ...SOUND, ...settings }, false).map((each) => each.state)).toEqual(['error', state])
    })
  }

  test('is queried for its settings: the test database has no fsync', async ({ db, databaseUrl }) => {
    const fsync = expect.objectContaining({ state: 'error', message: expect.stringContaining('fsync') })
    expect(await checkDatabase(databaseUrl)).toEqual({ usable: true, diagnoses: [fsync] })
    await db.execute(sql`DELETE FROM drizzle.__drizzle_migrations`)
    expect(await checkDatabase(databaseUrl)).toEqual({
      usable: false,
      diagnoses: [expect.objectContaining({ state: 'error', remedy: expect.stringContaining('migrate') }), fsync],
    })
  })

  test('whose tables our role may not read is not called unreachable', async ({ db, databaseUrl }) => {
    await db.execute("CREATE ROLE without_rights LOGIN PASSWORD 'without'")
    const url = Object.assign(new URL(databaseUrl), { username: 'without_rights', password: 'without' })
    const { diagnoses: found, usable } = await checkDatabase(url.href).finally(() =>
      db.execute('DROP ROLE without_rights'),
    )
    expect([usable, found]).toEqual([
      false,
      [
        failure(
          'Database',
          'it refused: permission denied for schema drizzle (42501)',
          'check DATABASE_URL and the rights of its role',
        ),
      ],
    ])
  })

  test('that is unreachable is reported without its address', async () => {
    const { diagnoses: found, usable } = await checkDatabase('postgres://someone:secret@127.0.0.1:1/nothing')
    expect(found).toEqual([
      expect.objectContaining({ state: 'error', message: expect.stringContaining('ECONNREFUSED') }),
    ])
    expect(usable).toBe(false)
    expect(formatDiagnoses(found)).not.toMatch(/secret|someone/)
  })
})

describe('a relay', () => {
  test('that accepts our login is ok; no email is sent', async () => {
    const sink = await openSink()
    expect(await checkRelays(testConfig({ SMTP_URL: sink.url }))).toEqual([
      ok(
        `Relay ${new URL(sink.url).host}`,
        expect.stringMatching(/^connection works; a reply takes (under )?\d+ ms/) as unknown as string,
      ),
    ])
    expect(sink.taken).toEqual([])
    await sink.close()
  })

  test('asked for TLS too early, or with a certificate of its own, is explained', async () => {
    const sink = await openSink({}, { disabledCommands: [] })
    onTestFinished(() => sink.close())
    const { host } = new URL(sink.url)
    const find = (SMTP_URL: string) => checkRelays(testConfig({ SMTP_URL }))
    expect(await find(`smtps://${host}`)).toEqual([
      failure(`Relay ${host}`, 'it does not begin with TLS', expect.stringContaining('smtp://') as unknown as string),
    ])
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }])
    const own = await openSink({}, { disabledCommands: [], key, cert })
    onTestFinished(() => own.close())
    const [found] = await find(own.url)
    expect(found).toMatchObject({ state: 'error', message: expect.stringMatching(/self-signed/) })
    expect(found!.remedy).toContain('ca=FILE')
  })

  test('whose certificate has expired or has other names, or whose TLS is too old, is explained with the remedy', async () => {
    const files = await mkdtemp(join(tmpdir(), 'paperboy-ca-'))
    onTestFinished(() => rm(files, { recursive: true }))
    const year = (past: number) => new Date(Date.now() - past * 366 * 86_400_000)
    const find = async (name: string, until: Date, options: object = {}) => {
      const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
        notBeforeDate: year(2),
        notAfterDate: until,
        extensions: [
          { name: 'basicConstraints', cA: true },
          { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
        ],
      })
      const ca = join(files, `${name}.pem`)
      await writeFile(ca, cert)
      const sink = await openSink({}, { disabledCommands: [], key, cert, ...options })
      onTestFinished(() => sink.close())
      const [found] = await checkRelays(testConfig({ SMTP_URL: `${sink.url}?servername=localhost&ca=${ca}` }))
      return found!
    }
    expect(await find('localhost', year(1))).toMatchObject({
      message: 'certificate has expired',
      remedy: expect.stringContaining('renew'),
    })
    expect(await find('relay.example.org', year(-1))).toMatchObject({
      message: expect.stringContaining('relay.example.org'),
      remedy: expect.stringContaining('servername='),
    })
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    expect(await find('localhost', year(-1), old)).toMatchObject({
      message: expect.stringMatching(/^TLS fails: [a-z0-9 ]+$/),
      remedy: expect.stringContaining('1.2'),
    })
  })

  test('that is down, or refuses our login, is wrong, each by its name', async () => {
    const refusal = Object.assign(new Error('no, ada@lab.org'), { responseCode: 535 })
    const refusing = await openSink(
      {},
      { disabledCommands: ['STARTTLS'], allowInsecureAuth: true, onAuth: (_auth, _session, done) => done(refusal) },
    )
    const { host } = new URL(refusing.url)
    const found = await checkRelays(
      testConfig({
        SMTP_URL: `smtp://ada:secret@${host}?name=first&requireTLS=false,smtp://127.0.0.1:1?name=second`,
      }),
    )
    expect(found).toEqual([
      expect.objectContaining({
        part: 'Relay first',
        state: 'error',
        message: expect.stringContaining('no, [address]'),
      }),
      expect.objectContaining({
        part: 'Relay second',
        state: 'error',
        message: expect.stringContaining('ECONNREFUSED'),
      }),
    ])
    await refusing.close()
  })
})

test('a relay on this machine or network needs no requireTLS', () => {
  for (const near of ['127.0.0.1', '::1', 'localhost', 'mailpit']) expect(isNear(near), near).toBe(true)
  for (const far of ['smtp.lab.org', '192.0.2.1', '2001:db8::25']) expect(isNear(far), far).toBe(false)
})

describe.skipIf(withoutRedis)('Redis', () => {
  test('that never evicts is ok, one that evicts is a warning, an unreachable one an error', async () => {
    const redis = await startRedis()
    expect(await checkQueue(redis.url)).toEqual([expect.objectContaining({ state: 'ok' })])
    for (const [change, undo, words] of [
      ['CONFIG SET maxmemory 1', 'CONFIG SET maxmemory 0', 'full'],
      ['REPLICAOF 127.0.0.1 1', 'REPLICAOF NO ONE', 'replica'],
    ]) {
      await redis.command(change!)
      expect(await checkQueue(redis.url)).toEqual([
        expect.objectContaining({ state: 'error', message: expect.stringContaining(words!) }),
      ])
      await redis.command(undo!)
    }
    await redis.command('CONFIG SET maxmemory-policy allkeys-lru')
    expect(await checkQueue(redis.url)).toEqual([
      expect.objectContaining({ state: 'warning', message: expect.stringContaining('allkeys-lru') }),
    ])
    await redis.command('ACL SETUSER narrow on >secret ~* &* +@all -@dangerous')
    expect(await checkQueue(redis.url.replace('//', '//narrow:secret@'))).toEqual([
      expect.objectContaining({ state: 'error', message: expect.stringContaining('command INFO') }),
    ])
    await redis.command('CONFIG SET requirepass sesame')
    const refused = await checkQueue(redis.url.replace('redis://', 'redis://:wrong-password@'))
    expect(refused).toEqual([expect.objectContaining({ state: 'error' })])
    expect(JSON.stringify(refused)).not.toMatch(/wrong-password|sesame/)
    await redis.stop()
    expect(await checkQueue(redis.url)).toEqual([
      expect.objectContaining({ state: 'error', message: expect.stringContaining('ECONNREFUSED') }),
    ])
  }, 20_000)
})

describe('the page', () => {
  const config = testConfig()

  test('that answers as Paperboy is ok, anything else is a warning', async () => {
    expect(await checkSite(config, answering)).toEqual([expect.objectContaining({ state: 'ok' })])
    const others = [
      async () => Promise.reject(new Error('no route')),
      async () => new Response('a parking page'),
      async () => new Response('{}', { status: 502 }),
      async () => Response.redirect('https://elsewhere.example/healthz'),
    ]
    for (const other of others) {
      expect(await checkSite(config, other)).toEqual([expect.objectContaining({ state: 'warning' })])
    }
  })

  test('is checked through its health page', async () => {
    const asked: (string | undefined)[] = []
    const server = createServer((request, reply) => {
      asked.push(request.url)
      reply.setHeader('content-type', 'application/json').end('{"status":"up"}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    expect(await checkSite(testConfig({ PUBLIC_URL: `http://127.0.0.1:${port}/papers` }))).toEqual([
      expect.objectContaining({ state: 'ok' }),
    ])
    expect(asked).toEqual(['/papers/healthz'])
    server.close()
  })

  test('without https is wrong only in production', async () => {
    const plain = { ...config, PUBLIC_URL: 'http://papers.lab.org' }
    expect(await checkSite(plain, answering)).toEqual([expect.objectContaining({ state: 'ok' })])
    expect(await checkSite({ ...plain, NODE_ENV: 'production' }, answering)).toEqual([
      expect.objectContaining({ state: 'error', message: expect.stringContaining('https') }),
    ])
  })
})

describe('the work', () => {
  const states = async (services: Parameters<typeof checkService>[0]) =>
    (await checkService(services)).map(({ part, state }) => `${part} ${state}`)

  test('without a worker is a warning, and an error once work is overdue', async ({ db, databaseUrl }) => {
    const services = servicesOn(db, { DATABASE_URL: databaseUrl, PAPER_SOURCES: 'none', BOUNCE_ADDRESS: 'b+*@lab.org' })
    expect(await states(services)).toEqual(['Inbound error', 'Worker warning'])
    const worker = await announceWorker(databaseUrl, services.log)
    expect(await states(services)).toEqual(['Inbound error', 'Worker ok'])
    await addReaders(db, 1)
    await planAll(services, await releasedEdition(services))
    await db.execute(sql`UPDATE batches SET due_at = '2026-04-15T11:56Z'`)
    expect(await states(services)).toEqual(['Inbound error', 'Worker ok'])
    await db.execute(sql`UPDATE batches SET due_at = '2026-04-15T11:54Z'`)
    expect(await states(services)).toEqual(['Worker error', 'Inbound error'])
    await db.execute(sql`UPDATE editions SET state = 'paused'`)
    expect(await states(services)).toEqual(['Inbound error', 'Worker ok'])
    await worker.end()
  })

  test('reports a halt, an unread source and unread bounces', async ({ db }) => {
    const services = servicesOn(db)
    await halt(services)
    expect(await states(services)).toEqual(['Mailing error', 'Worker warning', 'Papers warning', 'Inbound warning'])
  })
})

test('runs all checks; an unreachable database hides only its own', async () => {
  const found = await runChecks(testConfig({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' }), {
    fetch: answering,
  })
  expect(found.map(({ part, state }) => `${part} ${state}`)).toEqual([
    'Database error',
    'Relay 127.0.0.1:1 error',
    'Sender warning',
    'Page ok',
  ])
})

test('checks a reachable database despite other problems, and changes nothing', async ({ db, databaseUrl }) => {
  await db.execute(sql`DROP SCHEMA IF EXISTS bullmq CASCADE`)
  await halt(servicesOn(db))
  const found = await runChecks(testConfig({ DATABASE_URL: databaseUrl }), { fetch: answering })
  expect(found.map(({ part, state }) => `${part} ${state}`).slice(0, 3)).toEqual([
    'Database error',
    'Mailing error',
    'Worker warning',
  ])
  const { rows } = await db.execute(sql`SELECT FROM pg_namespace WHERE nspname = 'bullmq'`)
  expect(rows, 'the queue’s tables are not made').toEqual([])
})

test('a missing certificate file is a diagnosis too', async () => {
  const { usable, diagnoses } = await checkDatabase(
    'postgres://a@127.0.0.1:1/b?sslmode=verify-full&sslrootcert=/no/such/file',
  )
  expect([usable, diagnoses[0]!.message]).toEqual([false, 'cannot connect (ENOENT)'])
})

test('prints a line per check, with its fix below', () => {
  expect(
    formatDiagnoses([
      { part: 'Queue', state: 'ok', message: 'in PostgreSQL' },
      { part: 'Worker', state: 'warning', message: 'not running', remedy: 'npm run worker' },
      { part: 'DKIM', state: 'error', message: 'not published', remedy: 'publish it' },
    ]),
  ).toBe(
    [
      'ok     Queue   in PostgreSQL',
      'warn   Worker  not running',
      '               → npm run worker',
      'ERROR  DKIM    not published',
      '               → publish it',
    ].join('\n'),
  )
})

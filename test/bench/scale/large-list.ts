import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { planDue } from '../../../src/delivery/plan/plan-due.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { bigint, number, query, queryColumn, queryOne, text } from '../../../src/runtime/db/query.ts'
import { databaseCpu } from '../support/cpu.ts'
import { endsWithUs } from '../support/ends-with-us.ts'
import { peakOf } from '../support/measured-command.ts'
import { percentile } from '../support/rounds.ts'
import { startSink, WORKER_FLAGS } from '../support/run.ts'
import { openStage, type Stage } from '../support/stage.ts'
import { printTable } from '../support/table.ts'

/** Bytes of disk for each reader: row and indexes, a delivery, dead rows of one planning, and WAL before a checkpoint. */
const BYTES_A_READER = 2_600
const SPARE_BYTES = 6e9
/** Of the readers, this share is due in the same minute: 08:00 in the zone that most live in. */
const SHARE_DUE = 0.3
const MOST_SENT = 200_000

/**
 * Plans an edition for many readers and sends some of it: first those of one hour, then all others.
 * Prints each figure when it has it, since the whole takes long.
 */
export async function measureLargeList(stack: AsyncDisposableStack, readers: number): Promise<void> {
  const needed = readers * BYTES_A_READER + SPARE_BYTES
  const { bavail, bsize } = await statfs(tmpdir())
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
  console.log(`needs ${gigabytes(needed)} in ${tmpdir()}, where ${gigabytes(bavail * bsize)} are free`)
  if (bavail * bsize < needed) throw new Error('There is too little disk. Set TMPDIR to a folder with more.')
  const stage = await openStage(stack)
  const { db } = stage.services
  await measured(db, 'list made, indexes included', () => addReaders(db, readers), readers)
  await printSizes(db, 'subscribers')
  await printPlans(stage)
  const due = Math.round(readers * SHARE_DUE)
  await makeDue(db, due)
  await measured(db, `${due.toLocaleString('en')} readers of one minute planned`, () => planOneHour(stage, due), due)
  await measured(db, 'all others planned', () => planOthers(stage), readers - due)
  await printSizes(db, 'deliveries_0', 'batches', 'subscribers')
  await measured(db, 'vacuum of the list', () => db.execute(sql`VACUUM (ANALYZE) subscribers`), due)
  await printSizes(db, 'subscribers')
  const sent = Math.min(MOST_SENT, readers)
  await measured(db, `${sent.toLocaleString('en')} emails sent`, () => send(stage, stack, sent), sent)
  await measured(db, 'vacuum of the ledger', () => db.execute(sql`VACUUM (ANALYZE) deliveries_0`), sent)
  await printSizes(db, 'deliveries_0')
}

/** Runs one step and prints its time, CPU time, write-ahead log and this process's peak memory. */
async function measured(db: Db, name: string, work: () => Promise<unknown>, rows: number): Promise<void> {
  const cpu = await databaseCpu(db)
  const at = await position(db)
  const [before, began] = [cpu(), performance.now()]
  await work()
  const seconds = (performance.now() - began) / 1000
  const { wal } = await queryOne(db, {
    wal: number,
  })`SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), ${at}::pg_lsn)::float AS wal`
  console.log(
    `\n${name}: ${seconds.toFixed(1)} s; PostgreSQL ${(cpu() - before).toFixed(1)} s of CPU; ` +
      `WAL ${(wal / 1e6).toFixed(0)} MB, ${(((wal / rows) * 1000) / 1e6).toFixed(2)} MB per 1,000; this process at most ${peakOf('self').toFixed(0)} MB`,
  )
}

const position = async (db: Db): Promise<string> =>
  (await queryOne(db, { at: text })`SELECT pg_current_wal_lsn()::text AS at`).at

/** Adds active readers of mixed zones, hours and cadences, a million in one statement. Indexes are made afterwards. */
async function addReaders(db: Db, readers: number): Promise<void> {
  const indexes = await query(db, { name: text, definition: text })`
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes
    WHERE tablename = 'subscribers' AND indexname NOT IN (SELECT conname FROM pg_constraint)`
  for (const { name } of indexes) await db.execute(sql.raw(`DROP INDEX ${name}`))
  await db.execute(sql`ALTER TABLE subscribers DROP CONSTRAINT one_subscriber_per_mailbox`)
  for (let from = 1; from <= readers; from += 1_000_000) {
    await db.execute(sql`
      INSERT INTO subscribers (email, email_key, address_hash, status, zone, hour, cadence, next_digest_at, confirmed_at)
      SELECT email, email, sha256(email::bytea), 'active', (ARRAY['Asia/Kolkata', 'Europe/Berlin', 'America/New_York', 'UTC'])[n % 4 + 1],
        (ARRAY[8, 8, 7, 18])[n % 4 + 1], 'daily', now() + interval '6 h', now()
      FROM (SELECT n, 'reader-' || n || '@mail' || n % 50 || '.example' AS email
        FROM generate_series(${from}::int, ${Math.min(from + 999_999, readers)}::int) AS n) AS made`)
  }
  await db.execute(sql`ALTER TABLE subscribers ADD CONSTRAINT one_subscriber_per_mailbox UNIQUE (email_key)`)
  for (const { definition } of indexes) await db.execute(sql.raw(definition))
  await db.execute(sql`VACUUM (ANALYZE) subscribers`)
}

async function printSizes(db: Db, ...tables: string[]): Promise<void> {
  for (const table of tables) {
    const rows = await query(db, { name: text, size: bigint, rows: number })`
      SELECT c.relname AS name, pg_relation_size(c.oid) AS size, (SELECT reltuples FROM pg_class WHERE relname = ${table})::float AS rows
      FROM pg_class c WHERE c.relname = ${table}
        OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = ${table}::text::regclass) ORDER BY 2 DESC`
    printTable([
      [table, 'MB', 'bytes a row'],
      ...rows.map(({ name, size, rows: count }) => [
        name,
        (size / 1e6).toFixed(0),
        (size / Math.max(count, 1)).toFixed(0),
      ]),
    ])
  }
}

/** Prints how PostgreSQL finds due readers. A scan of the whole list would make every minute expensive. */
async function printPlans({ services: { db, now } }: Stage): Promise<void> {
  const statements = {
    'is anyone due': sql`SELECT EXISTS (SELECT FROM subscribers s WHERE s.status = 'active' AND s.cadence = 'daily' AND s.next_digest_at <= ${now()})`,
    'who is due': sql`SELECT id FROM subscribers WHERE status = 'active' AND cadence = 'daily' AND next_digest_at <= ${now()}
      ORDER BY next_digest_at LIMIT 2500 FOR UPDATE SKIP LOCKED`,
    'everyone after a reader': sql`SELECT s.id FROM subscribers s WHERE s.id > 5000 AND s.status = 'active' AND s.cadence = 'daily'
      AND (s.paused_until IS NULL OR s.paused_until <= ${now()}) ORDER BY s.id LIMIT 2500`,
  }
  for (const [name, statement] of Object.entries(statements)) {
    const plan = await queryColumn(db, text)`EXPLAIN (COSTS OFF) ${statement}`
    console.log(
      `\n${name}${plan.some((line) => /Seq Scan/.test(line)) ? ': SCANS THE WHOLE LIST' : ''}\n${plan.join('\n')}`,
    )
  }
}

/** Makes readers due in the same minute. Without ANALYZE, since PostgreSQL does not know of a morning's hours either. */
async function makeDue(db: Db, due: number): Promise<void> {
  await db.execute(sql`UPDATE subscribers SET next_digest_at = date_trunc('minute', now()) WHERE id <= ${due}`)
  await db.execute(sql`VACUUM subscribers`)
  await db.execute(sql`CHECKPOINT`)
}

/** Plans the readers who are due, while other connections read and change readers, as pages do. */
async function planOneHour({ services }: Stage, due: number): Promise<void> {
  const { db } = services
  const planning = { done: false }
  const began = performance.now()
  let first: number | undefined
  const plan = planDue(services, () => {
    first ??= performance.now() - began
  }).finally(() => {
    planning.done = true
  })
  const times = { read: [] as number[], change: [] as number[] }
  while (!planning.done) {
    const id = 1 + Math.floor(Math.random() * due)
    for (const [name, statement] of [
      [
        'read',
        sql`SELECT status FROM subscribers WHERE email_key = (SELECT 'reader-' || ${id}::int || '@mail' || ${id}::int % 50 || '.example')`,
      ],
      ['change', sql`UPDATE subscribers SET size = 1 + size % 20 WHERE id = ${id}`],
    ] as const) {
      const asked = performance.now()
      await db.execute(statement)
      times[name].push(performance.now() - asked)
    }
    await delay(20)
  }
  const { deliveries } = await plan
  console.log(
    `\nplanned ${deliveries} of one minute in ${((performance.now() - began) / 1000).toFixed(1)} s; first batch after ${(first! / 1000).toFixed(2)} s`,
  )
  for (const [name, ms] of Object.entries(times))
    console.log(
      `while planning, to ${name} a reader took ${percentile(ms, 0.5).toFixed(1)} ms, p95 ${percentile(ms, 0.95).toFixed(1)}, at most ${Math.max(...ms).toFixed(0)} (${ms.length} times)`,
    )
}

async function planOthers({ services, edition }: Stage): Promise<void> {
  await services.db.execute(sql`UPDATE editions SET send_all_at = now(), planned_at = NULL WHERE id = ${edition.id}`)
  const { deliveries } = await planAll(services, edition.id)
  console.log(`\nplanned ${deliveries} others`)
}

/** Sends with one worker of 20 connections until so many emails are accepted. */
async function send({ services: { db }, env }: Stage, stack: AsyncDisposableStack, emails: number): Promise<void> {
  const { port } = await startSink(stack, { postfix: false })
  const worker = endsWithUs(
    spawn(process.execPath, [...WORKER_FLAGS, 'workers/main.ts'], {
      env: { ...env, SMTP_URL: `smtp://127.0.0.1:${port}`, SMTP_CONNECTIONS: '20', PATH: process.env.PATH ?? '' },
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  )
  const began = performance.now()
  let first: number | undefined
  const batches = Math.ceil(emails / 250)
  for (;;) {
    const { done } = await queryOne(db, { done: bigint })`SELECT count(*) AS done FROM batches WHERE state = 'done'`
    if (done > 0) first ??= performance.now()
    if (done >= batches) break
    await delay(500)
  }
  console.log(
    `\n${(emails / ((performance.now() - began) / 1000)).toFixed(0)} emails/s; first batch done after ${((first! - began) / 1000).toFixed(1)} s; ` +
      `worker ${peakOf(worker.pid!).toFixed(0)} MB`,
  )
  worker.kill('SIGTERM')
  if (worker.exitCode === null) await once(worker, 'exit')
}

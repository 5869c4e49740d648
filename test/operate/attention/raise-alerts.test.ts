import { sql } from 'drizzle-orm'
import { simpleParser } from 'mailparser'
import { expect, onTestFinished } from 'vitest'
import { halt, passRestoreGuard, resumeAfterRestore, whyHalted } from '../../../src/delivery/ledger/restore-guard.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { findAttention } from '../../../src/operate/attention/find.ts'
import { raiseAlerts } from '../../../src/operate/attention/raise-alerts.ts'
import { sendServiceEmails } from '../../../src/outbox/send-service-emails.ts'
import { recordRead } from '../../../src/papers/ingest/source-health.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { mailing } from '../../../src/runtime/db/schema.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { announceWorker } from '../../../src/runtime/worker-presence.ts'
import { test } from '../../support/database.ts'
import { NEVER, relaysOn, sinkThat } from '../../support/sending.ts'
import { addPapers, NOON, servicesOn } from '../../support/services.ts'

const hoursLater = (hours: number) => new Date(NOON.getTime() + hours * 3_600_000)

/** Makes it look as if a worker had looked for problems every minute of the hour before. */
const checkedUntil = (db: Db, at: Date) =>
  db.execute(sql`
    INSERT INTO attention (what, about, since, seen_at) VALUES ('checks', '', ${at}::timestamptz - interval '1 hour', ${at})
    ON CONFLICT (what, about) DO UPDATE SET since = excluded.since, seen_at = excluded.seen_at`)

test('each operator is emailed once a day about each problem, through the relay that works', async ({ db }) => {
  const sink = await sinkThat()
  const at = { now: NOON }
  const settings = {
    PAPER_SOURCES: 'none',
    BOUNCE_ADDRESS: 'b+*@lab.org',
    ADMIN_EMAILS: 'ada@lab.org,bob@lab.org',
    // The first relay is down.
    SMTP_URL: `smtp://127.0.0.1:1,${sink.url}`,
  }
  const services = servicesOn(db, settings, at)
  const relay = relaysOn(services.config.SMTP_URL)
  const send = () => sendServiceEmails({ ...services, relay }, NEVER)

  await addPapers(db, '2026-04-14', 5)
  await checkedUntil(db, NOON)
  // Two workers at once.
  expect((await Promise.all([raiseAlerts(services), raiseAlerts(services)])).sort()).toEqual([0, 1])
  expect(await send()).toBe(2)
  expect(sink.taken.map(({ to }) => to).sort()).toEqual(['ada@lab.org', 'bob@lab.org'])
  const mail = await simpleParser(sink.taken[0]!.raw)
  expect(mail.subject).toBe(
    'paperboy.example: Edition: the daily edition of 2026-04-14 does not exist, although its list has papers and is closed',
  )
  expect(mail.text).toMatch(/daily edition of 2026-04-14 does not exist/)
  expect(mail.text).toContain('Since 2026-04-15 03:00 UTC')
  expect(mail.text).toContain('https://paperboy.example/admin/editions/daily/2026-04-14')
  expect(mail.text).toMatch(/What to do: check that a worker runs/)
  expect(mail.headers.get('auto-submitted')).toBe('auto-generated')

  // A new problem is emailed alone; a warning waits an hour.
  at.now = hoursLater(0.5)
  await halt(services)
  expect(await raiseAlerts(services)).toBe(1)
  at.now = hoursLater(1.2)
  await checkedUntil(db, at.now)
  expect(await raiseAlerts(services), 'no worker runs').toBe(1)
  expect(await raiseAlerts(services)).toBe(0)
  at.now = hoursLater(23)
  expect(await raiseAlerts(services)).toBe(0)
  await db.execute(sql`UPDATE papers SET list_day = '2026-04-15'`)
  at.now = hoursLater(25.5)
  await checkedUntil(db, at.now)
  expect(await raiseAlerts(services), 'the next day’s edition, the halt and the worker').toBe(3)

  // A halt stops every email except the alert about it.
  expect(await send()).toBe(6)
  const last = await simpleParser(sink.taken.at(-1)!.raw)
  expect(last.subject).toBe('paperboy.example: 3 problems need you')
  expect(last.text?.replace(/\n/g, ' ')).toContain('https://paperboy.example/admin/editions/daily/2026-04-15')
  expect(last.html).toContain('href="https://paperboy.example/admin/editions/daily/2026-04-15"')
  expect(last.text).toMatch(/Mailing: No email and no webhook is sent: the operator halted it/)
})

/** A check every minute, as of a worker that runs. @returns when each email was queued */
async function watch(services: Services, at: { now: Date }, from: string, to: string): Promise<string[]> {
  const mailed: string[] = []
  for (let time = Date.parse(from); time <= Date.parse(to); time += 60_000) {
    at.now = new Date(time)
    if ((await raiseAlerts(services)) > 0) mailed.push(at.now.toISOString().slice(11, 16))
  }
  return mailed
}

test.for([
  ['a night', '2026-04-14T22:00:00Z', '2026-04-15T08:00:00Z', '2026-04-14'],
  ['a weekend', '2026-04-10T22:00:00Z', '2026-04-12T23:59:00Z', '2026-04-10'],
  ['three weeks', '2026-03-24T22:00:00Z', '2026-04-15T02:00:00Z', '2026-04-14'],
] as const)(
  'after %s without a worker, no email is about what it makes up for',
  async ([, last, back, list], { db, databaseUrl }) => {
    const at = { now: new Date(last) }
    const services = servicesOn(
      db,
      { PAPER_SOURCES: 'hf', ADMIN_EMAILS: 'ada@lab.org', BOUNCE_ADDRESS: 'b+*@lab.org' },
      at,
    )
    const worker = await announceWorker(databaseUrl, services.log)
    onTestFinished(() => worker.end())
    await recordRead(db, 'hf', { at: at.now, day: last.slice(0, 10), changed: true, stillOn: null })
    expect(await watch(services, at, last, last)).toEqual([])
    await addPapers(db, list, 5)
    await db.execute(sql`
    INSERT INTO outbox (kind, subscriber_id, due_at, created_at, message_key) VALUES ('welcome', 1, ${last}, ${last}, '\\x00')`)
    at.now = new Date(back)
    const shown = (await findAttention(services)).filter(({ standing }) => !standing)
    expect(shown.map(({ name }) => name).sort(), 'they are shown').toEqual([
      ...(back.includes('T02:00') ? [] : ['edition_missing']),
      ...['source_stale', 'work_overdue'],
    ])
    const later = (minutes: number) => new Date(Date.parse(back) + minutes * 60_000).toISOString()
    expect(await watch(services, at, back, later(6))).toEqual([])
    await recordRead(db, 'hf', { at: at.now, day: back.slice(0, 10), changed: true, stillOn: null })
    await db.execute(sql`UPDATE outbox SET state = 'accepted', settled_at = ${at.now}`)
    await assemble(services, { date: list })
    await release(services, { date: list })
    expect(await watch(services, at, later(7), later(40))).toEqual([])
  },
)

/** A service with a worker, whose list of yesterday has no edition. */
async function missingEdition(db: Db, databaseUrl: string) {
  const at = { now: NOON }
  const settings = { PAPER_SOURCES: 'none', ADMIN_EMAILS: 'ada@lab.org', BOUNCE_ADDRESS: 'b+*@lab.org' }
  const services = servicesOn(db, settings, at)
  const worker = await announceWorker(databaseUrl, services.log)
  onTestFinished(() => worker.end())
  await addPapers(db, '2026-04-14', 5)
  return { at, services }
}

test('what a worker that is back cannot make up for is emailed after a quarter of an hour', async ({
  db,
  databaseUrl,
}) => {
  const { at, services } = await missingEdition(db, databaseUrl)
  expect(await watch(services, at, '2026-04-15T08:00:00Z', '2026-04-15T08:18:00Z')).toEqual(['08:15'])
  // A restart takes seconds.
  await db.execute(sql`UPDATE attention SET mailed_at = NULL`)
  expect(await watch(services, at, '2026-04-15T08:22:00Z', '2026-04-15T08:25:00Z')).toEqual(['08:22'])
})

test('a worker that dies again and again within minutes, with long waits in between, hides no problem', async ({
  db,
  databaseUrl,
}) => {
  const { at, services } = await missingEdition(db, databaseUrl)
  // Kubernetes waits up to five minutes before it starts a container again.
  expect(await watch(services, at, '2026-04-15T08:00:00Z', '2026-04-15T08:03:00Z')).toEqual([])
  await db.execute(sql`UPDATE papers SET list_day = '2026-04-01'`)
  await watch(services, at, '2026-04-15T08:04:00Z', '2026-04-15T08:04:00Z')
  await db.execute(sql`UPDATE papers SET list_day = '2026-04-14'`)
  expect(await watch(services, at, '2026-04-15T08:10:00Z', '2026-04-15T08:13:00Z'), 'it had ended').toEqual([])
  expect(await watch(services, at, '2026-04-15T08:19:00Z', '2026-04-15T08:22:00Z')).toEqual(['08:19'])
  expect(await watch(services, at, '2026-04-15T08:28:00Z', '2026-04-15T08:31:00Z'), 'once a day').toEqual([])
})

test('without ADMIN_EMAILS no email is sent, and a relay’s reply is escaped', async ({ db }) => {
  const services = servicesOn(db, { PAPER_SOURCES: 'none' })
  await addPapers(db, '2026-04-14', 5)
  expect(await raiseAlerts(services)).toBe(0)
  expect((await db.execute(sql`SELECT FROM outbox`)).rows).toEqual([])

  const sink = await sinkThat()
  await checkedUntil(db, NOON)
  const owned = servicesOn(db, {
    PAPER_SOURCES: 'none',
    ADMIN_EMAILS: 'ada@lab.org',
    SMTP_URL: `${sink.url}?name=main`,
  })
  await db.execute(sql`
    INSERT INTO relay_rests (relay, since, until, reply)
    VALUES ('main', ${hoursLater(-1)}, ${hoursLater(1)}, '550 <script>alert(1)</script> & more')`)
  expect(await raiseAlerts(owned)).toBe(2)
  const relay = relaysOn(owned.config.SMTP_URL)
  await sendServiceEmails({ ...owned, relay }, NEVER)
  expect((await simpleParser(sink.taken[0]!.raw)).html).toContain('&lt;script&gt;')
})

test('rule 11: a database that looks restored emails nothing, not even the alert about it', async ({ db }) => {
  const sink = await sinkThat()
  const services = servicesOn(db, { PAPER_SOURCES: 'none', ADMIN_EMAILS: 'ada@lab.org', SMTP_URL: sink.url })
  const relay = relaysOn(services.config.SMTP_URL)
  const send = () => sendServiceEmails({ ...services, relay }, NEVER)
  await addPapers(db, '2026-04-14', 5)
  await checkedUntil(db, NOON)
  expect(await raiseAlerts(services), 'queued before the backup').toBe(1)
  const { installation, tick } = await passedGuard(services)
  // The operator halts, then restores a backup that is one batch older.
  await halt(services)
  await db.execute(sql`UPDATE mailing SET halted_at = NULL, halted_why = NULL, tick = ${tick - 1}`)
  expect(await send()).toBe(0)
  expect(await whyHalted(db)).toMatchObject({ why: expect.stringContaining('lacks emails') })
  expect(await raiseAlerts(services), 'it is still listed').toBe(1)
  expect(await send()).toBe(0)
  expect(sink.taken).toEqual([])
  expect(installation).not.toBeNull()
  await resumeAfterRestore(services, false)
  expect(await send()).toBe(2)
})

/** Sends nothing, but advances the counter as a batch does. */
async function passedGuard(services: ReturnType<typeof servicesOn>) {
  expect(await passRestoreGuard(services)).toBe(true)
  const [row] = await services.db.select({ installation: mailing.installation, tick: mailing.tick }).from(mailing)
  return row!
}

test('a restore marker that a worker cannot write is shown everywhere, and emailed after an hour', async ({ db }) => {
  const at = { now: NOON }
  const settings = { PAPER_SOURCES: 'none', BOUNCE_ADDRESS: 'b+*@lab.org', ADMIN_EMAILS: 'ada@lab.org' }
  const worker = servicesOn(db, { ...settings, DATA_DIR: '/dev/null/data' }, at)
  const site = servicesOn(db, settings, at)
  const shown = async () => (await findAttention(site)).filter(({ name }) => name === 'restore_marker_unwritable')
  expect(await shown()).toEqual([])
  const mailed = async (hours: number, from: Services) => {
    at.now = hoursLater(hours)
    await raiseAlerts(from)
    const { rows } = await db.execute(
      sql`SELECT FROM attention WHERE what = 'restore_marker_unwritable' AND mailed_at IS NOT NULL`,
    )
    return rows.length
  }
  expect(await mailed(0, worker)).toBe(0)
  expect(await shown()).toMatchObject([{ message: expect.stringContaining('/dev/null/'), since: NOON }])
  for (const hours of [0.25, 0.5, 0.75, 1]) expect(await mailed(hours, worker)).toBe(hours === 1 ? 1 : 0)
  await mailed(1.4, site)
  expect(await shown()).toHaveLength(1)
  await mailed(1.6, site)
  expect(await shown(), 'mended').toEqual([])
})

import { randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { leaseBatch } from '../../../src/delivery/ledger/batches.ts'
import { halt } from '../../../src/delivery/ledger/restore-guard.ts'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { spendErrorBudget } from '../../../src/delivery/send/error-budget.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { hold } from '../../../src/edition/draft/control.ts'
import { schedule } from '../../../src/edition/draft/schedule.ts'
import { type AttentionName, describeProblem } from '../../../src/operate/attention/attention.ts'
import { findAttention } from '../../../src/operate/attention/find.ts'
import { checkService } from '../../../src/operate/doctor/service.ts'
import { describeStatus, readStatus } from '../../../src/operate/status.ts'
import { recordFailure } from '../../../src/papers/ingest/source-health.ts'
import { openRelays } from '../../../src/relay/relays.ts'
import { openRelayRests } from '../../../src/relay/rests.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { registerKey } from '../../../src/suppression/key-fingerprint.ts'
import { test } from '../../support/database.ts'
import { addPapers, addReaders, NOON, releasedEdition, servicesOn } from '../../support/services.ts'

/** Problems of every test's service: no worker runs, and no source is read. */
const USUAL: AttentionName[] = ['worker_missing', 'bounce_address_missing', 'work_overdue']
const quiet = (db: Db, more: Record<string, string> = {}, at = { now: NOON }) =>
  servicesOn(db, { PAPER_SOURCES: 'none', ...more }, at)

const found = async (services: Services) => {
  const all = await findAttention(services)
  return all.filter(({ name }) => !USUAL.includes(name))
}

describe('finds each problem with its time, fix and page', () => {
  test('an automatically paused edition, with the three most common replies and no address', async ({ db }) => {
    const services = quiet(db)
    await addReaders(db, 120)
    const editionId = await releasedEdition(services)
    const { batchIds } = await planAll(services, editionId)
    const lease = (await leaseBatch(db, batchIds[0]!, NOON))!
    await db.execute(sql`
      UPDATE deliveries SET state = 'refused', settled_at = '2026-04-15T11:00Z', reply = CASE
        WHEN subscriber_id % 2 = 0 THEN '550 5.7.1 blocked for ada@lab.org, see id=' || md5(subscriber_id::text)
        WHEN subscriber_id % 3 = 0 THEN '554 5.7.9 queue ' || md5(subscriber_id::text)
        WHEN subscriber_id % 5 = 0 THEN '550 5.1.1 unknown' ELSE '552 rare ' || chr(65 + (subscriber_id % 7)::int) END`)
    expect(await found(services)).toEqual([])
    await spendErrorBudget(services, lease, {
      ...{ accepted: 20, refused: 100, deferred: 0, unknown: 0, queued: 0 },
    })
    const [paused] = await found(services)
    expect(paused).toMatchObject({
      name: 'edition_paused',
      state: 'error',
      since: new Date('2026-04-15T11:00Z'),
      href: '/admin/editions/daily/2026-04-14',
    })
    expect(paused!.message).toMatch(/100 of 120 emails were refused/)
    expect(paused!.message).toMatch(/60 × 550 5\.7\.1 blocked for \[address\], see id=… · 20 × 554 5\.7\.9 queue … · /)
    expect(paused!.message.match(/ × /g)).toHaveLength(3)
    expect(paused!.message).not.toContain('ada@')
  })

  test('an edition held past its release time, while readers would still get it', async ({ db }) => {
    const at = { now: new Date('2026-04-15T02:30:00Z') }
    const services = quiet(db, {}, at)
    await addPapers(db, '2026-04-14', 5)
    await assemble(services, { date: '2026-04-14' })
    await hold(services, { kind: 'daily', date: '2026-04-14' })
    expect(await found(services), 'its time has not come').toEqual([])
    at.now = NOON
    expect(await found(services)).toMatchObject([
      { name: 'edition_held', about: 'daily 2026-04-14', since: new Date('2026-04-15T03:00Z') },
    ])
    at.now = new Date('2026-04-18T12:00:00Z')
    expect((await found(services)).filter(({ name }) => name === 'edition_held')).toEqual([])
  })

  test('Friday’s list is held until Monday’s has closed', async ({ db }) => {
    const at = { now: new Date('2026-04-18T02:30:00Z') }
    const services = quiet(db, {}, at)
    await addPapers(db, '2026-04-17', 5)
    await assemble(services, { date: '2026-04-17' })
    await hold(services, { kind: 'daily', date: '2026-04-17' })
    const held = async () => (await found(services)).filter(({ name }) => name === 'edition_held')
    for (const now of ['2026-04-18T12:00:00Z', '2026-04-20T07:00:00Z', '2026-04-21T01:59:00Z']) {
      at.now = new Date(now)
      expect(await held()).toHaveLength(1)
    }
    await db.execute(sql`UPDATE editions SET by_hand = true`)
    expect(await held(), 'also after a person had resumed it').toHaveLength(1)
  })

  test('a list that was old when the first papers came is no problem, one that grew old in an outage is', async ({
    db,
  }) => {
    const at = { now: new Date('2026-04-16T09:00:00Z') }
    const services = quiet(db, {}, at)
    await addPapers(db, '2026-04-09', 5)
    await db.execute(sql`UPDATE papers SET created_at = ${at.now}`)
    // A first start on a Thursday: last week's list closed on Monday.
    expect(await assemble(services, { kind: 'weekly', date: '2026-04-06' })).toMatchObject({ held: true })
    expect(await found(services)).toEqual([])
    await db.execute(sql`UPDATE papers SET created_at = '2026-04-09T01:00Z'`)
    expect(await found(services)).toMatchObject([{ name: 'edition_held', about: 'weekly 2026-04-06' }])
  })

  test('no edition of Friday’s list, also on Monday', async ({ db }) => {
    const at = { now: new Date('2026-04-20T01:00:00Z') }
    const services = quiet(db, {}, at)
    await addPapers(db, '2026-04-17', 5)
    expect(await found(services)).toMatchObject([{ name: 'edition_missing', about: 'daily 2026-04-17' }])
  })

  test('no edition for a closed list, and an unreleased draft', async ({ db }) => {
    const services = quiet(db)
    expect(await found(services), 'a day without papers makes none').toEqual([])
    await addPapers(db, '2026-04-14', 5)
    expect(await found(services)).toMatchObject([
      { name: 'edition_missing', about: 'daily 2026-04-14', message: expect.stringContaining('does not exist') },
    ])
    await assemble(services, { date: '2026-04-14' })
    expect(await found(services)).toMatchObject([
      { name: 'edition_missing', message: expect.stringContaining('still a draft') },
    ])
    await db.execute(sql`UPDATE editions SET state = 'cancelled'`)
    expect(await found(services)).toEqual([])
  })

  test('no edition for a closed list of arXiv’s announcements, unless a community’s list is expected', async ({
    db,
  }) => {
    await addPapers(db, '2026-04-14', 5)
    await db.execute(sql`UPDATE papers SET announced = true`)
    const missing = async (PAPER_SOURCES: string) =>
      (await found(quiet(db, { PAPER_SOURCES }))).filter(({ name }) => name === 'edition_missing').length
    expect(await missing('hf,arxiv')).toBe(0)
    expect(await missing('arxiv')).toBe(1)
  })

  test('of papers that came after the close, as on a first start, an edition is late half an hour after them', async ({
    db,
  }) => {
    // Monday: the week is closed too.
    const at = { now: new Date('2026-04-13T08:00:00Z') }
    const services = quiet(db, {}, at)
    await addPapers(db, '2026-04-12', 5)
    await db.execute(sql`UPDATE papers SET created_at = '2026-04-13T07:45Z'`)
    expect(await found(services)).toEqual([])
    await assemble(services, { kind: 'weekly', date: '2026-04-06' })
    expect(await found(services), 'nor is its draft').toEqual([])
    at.now = new Date('2026-04-13T08:16:00Z')
    const since = new Date('2026-04-13T07:45Z')
    expect(await found(services)).toMatchObject([
      { about: 'daily 2026-04-12', since, message: expect.stringContaining('does not exist') },
      { about: 'weekly 2026-04-06', since, message: expect.stringContaining('still a draft') },
    ])
  })

  test('a draft whose release a curator chose is late from then on', async ({ db }) => {
    const at = { now: new Date('2026-04-15T02:30:00Z') }
    const services = quiet(db, {}, at)
    await addPapers(db, '2026-04-14', 5)
    await assemble(services, { date: '2026-04-14' })
    await schedule(services, { kind: 'daily', date: '2026-04-14' }, new Date('2026-04-15T09:00:00Z'))
    at.now = new Date('2026-04-15T08:59:00Z')
    expect(await found(services), 'its time has not come').toEqual([])
    at.now = new Date('2026-04-15T09:31:00Z')
    expect(await found(services)).toMatchObject([
      {
        name: 'edition_missing',
        since: new Date('2026-04-15T09:00Z'),
        message: expect.stringMatching(/is still a draft past its release$/),
      },
    ])
  })

  test('a halted database', async ({ db }) => {
    const services = quiet(db)
    await halt(services)
    expect(await found(services)).toMatchObject([{ name: 'mailing_halted', state: 'error', since: expect.any(Date) }])
  })

  test('a relay that refuses us, seen by every process', async ({ db }) => {
    const services = quiet(db)
    const relays = openRelays(services.config, { rests: openRelayRests(services) })
    await relays.send({ from: 'papers@paperboy.example', to: 'ada@lab.org' }, { bytes: Buffer.from('To: x\r\n\r\nx') })
    relays.close()
    await expect.poll(() => found(services)).toMatchObject([{ name: 'relay_refuses', about: '127.0.0.1:1' }])
    const [rests] = await found(services)
    expect(rests).toMatchObject({ state: 'warning', message: expect.stringContaining('ECONNREFUSED') })
    await db.execute(sql`UPDATE relay_rests SET since = ${NOON}::timestamptz - interval '6 minutes'`)
    expect(await found(services)).toMatchObject([{ state: 'error' }])
    await openRelayRests(services).recordAccepted('127.0.0.1:1')
    await expect.poll(() => found(services)).toEqual([])
  })

  test('a slowed domain, with its rate', async ({ db }) => {
    await db.execute(sql`
      INSERT INTO buckets (name, rate, why, slowed_at, raised_at) VALUES ('domain lab.org', 2, '451 4.7.0 slower', ${NOON}, ${NOON}),
        ('domain old.org', 2, '', ${NOON}::timestamptz - interval '2 hours', ${NOON}::timestamptz - interval '2 hours')`)
    expect(await found(quiet(db))).toMatchObject([
      {
        name: 'domain_slowed',
        message: expect.stringMatching(/^a domain .*lab\.org is held at 2 a second: 451 4\.7\.0 slower$/),
      },
    ])
  })

  test('a source that cannot be read', async ({ db }) => {
    const services = servicesOn(db)
    await recordFailure(db, 'hf', new Date('2026-04-15T11:00Z'), 'GET https://lists.example answered 503.')
    expect(await found(services)).toMatchObject([
      { name: 'source_stale', about: 'hf', since: new Date('2026-04-15T11:00Z') },
    ])
  })

  test('overdue work, by what there is of it', async ({ db }) => {
    const services = quiet(db)
    const overdue = async () =>
      (await findAttention(services)).filter(({ name }) => name === 'work_overdue').map(({ message }) => message)
    await db.execute(sql`
      INSERT INTO outbox (kind, due_at, created_at, message_key) VALUES ('alert', '2026-04-15T11:00Z', '2026-04-15T11:00Z', 'a')`)
    expect(await overdue()).toEqual(['due for more than 5 minutes: 1 service email'])
    await addReaders(db, 3)
    await planAll(services, await releasedEdition(services))
    await db.execute(sql`UPDATE batches SET due_at = '2026-04-15T11:00Z'`)
    expect(await overdue()).toEqual(['due for more than 5 minutes: 1 batch and 1 service email'])
    await db.execute(sql`DELETE FROM outbox`)
    expect(await overdue()).toEqual(['due for more than 5 minutes: 1 batch'])
  })

  test('unknown and expired deliveries', async ({ db }) => {
    const services = quiet(db, { UNKNOWN_POLICY: 'hold' })
    await addReaders(db, 5)
    await planAll(services, await releasedEdition(services))
    await db.execute(sql`
      UPDATE deliveries SET settled_at = '2026-04-15T10:00Z', state = CASE WHEN subscriber_id % 2 = 0 THEN 'unknown' ELSE 'expired' END::delivery_state`)
    expect((await found(services)).map(({ name }) => name).sort()).toEqual(['deliveries_expired', 'deliveries_unknown'])
    await db.execute(sql`UPDATE editions SET state = 'sent', sent_at = '2026-04-12T10:00Z'`)
    expect(await found(services)).toEqual([])
  })

  test('proven bounces about our own address', async ({ db }) => {
    const bounce = (reason: string, authority: string | null) =>
      db.execute(sql`
        INSERT INTO inbound_events (received_at, source, fingerprint, class, reason, did, authority, evidence)
        VALUES (${NOON}, 'imap', ${randomBytes(8)}, 'soft', ${reason}, 'nothing', ${authority}, '550 Sender address rejected')`)
    await bounce('blocked', 'return path')
    await bounce('our sender', null)
    expect(await found(quiet(db))).toEqual([])
    await bounce('our sender', 'return path')
    await bounce('our sender', 'return path')
    expect(await found(quiet(db))).toMatchObject([
      { name: 'sender_bounced', state: 'error', message: expect.stringContaining('2 bounces') },
    ])
  })

  test('a wrong key, and a proxy that is not trusted', async ({ db }) => {
    await registerKey(db, 'the key that this database was used with')
    await db.execute(sql`UPDATE mailing SET untrusted_proxy = '172.18.0.7', untrusted_proxy_at = ${NOON}`)
    expect(await found(quiet(db))).toMatchObject([
      { name: 'wrong_key' },
      { name: 'untrusted_proxy', message: expect.stringContaining('172.18.0.7') },
    ])
  })
})

test('errors come before warnings', async ({ db }) => {
  const services = quiet(db)
  await db.execute(sql`UPDATE mailing SET untrusted_proxy = '172.18.0.7', untrusted_proxy_at = ${NOON}`)
  await db.execute(sql`
    INSERT INTO buckets (name, rate, asked_rate, why, slowed_at, raised_at) VALUES ('domain slow.example', 4, 8, '451 slow', ${NOON}, ${NOON})`)
  await releasedEdition(services)
  await db.execute(sql`UPDATE editions SET state = 'paused', paused_why = 'too many refusals'`)
  const states = (await findAttention(services)).map(({ state }) => state)
  expect(new Set(states).size).toBe(2)
  expect(states).toEqual(states.toSorted())
})

test('doctor and status show the same list', async ({ db }) => {
  const services = quiet(db)
  await halt(services)
  await addPapers(db, '2026-04-14', 5)
  const needed = await findAttention(services)
  expect(needed.length).toBeGreaterThanOrEqual(3)
  const diagnosed = await checkService(services)
  const status = await readStatus(services)
  for (const each of needed) {
    expect(diagnosed).toContainEqual({
      ...{ part: each.part, state: each.state, remedy: each.remedy },
      message: describeProblem(each),
    })
    expect(describeStatus(status, NOON)).toContain(`${each.part}: ${describeProblem(each)}`)
    expect(each.remedy).not.toBe('')
  }
  expect(status.attention).toEqual(needed)
})

test('each problem names a moment once, in status and doctor', async ({ db }) => {
  const at = { now: new Date('2026-04-15T02:30:00Z') }
  const services = servicesOn(db, {}, at)
  await recordFailure(db, 'hf', new Date('2026-04-15T01:00Z'), 'GET https://lists.example answered 503.')
  await addPapers(db, '2026-04-14', 5)
  await assemble(services, { date: '2026-04-14' })
  await db.execute(sql`
    INSERT INTO buckets (name, rate, asked_rate, why, slowed_at, raised_at) VALUES ('domain slow.example', 4, 8, '451 slow', ${NOON}, ${NOON})`)
  at.now = NOON
  const draft = { kind: 'daily', date: '2026-04-14' } as const
  for (const change of [() => {}, () => hold(services, draft)]) {
    await change()
    const status = describeStatus(await readStatus(services), NOON).split('\n')
    const diagnoses = (await checkService(services)).map(({ message }) => message)
    const lines = [...status.filter((line) => /^(ERROR|Warning)/.test(line)), ...diagnoses]
    expect(lines.filter((line) => line.includes('since ')).length).toBeGreaterThanOrEqual(4)
    for (const line of lines) {
      const moments = line.match(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g) ?? []
      expect([line, new Set(moments).size]).toEqual([line, moments.length])
      expect([line, line.match(/since /g)?.length ?? 0].slice(0, 2)).toEqual([line, expect.toBeOneOf([0, 1])])
    }
  }
})

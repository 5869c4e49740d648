import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { planAll } from '../../../src/delivery/plan/plan-all.ts'
import { recordFailure } from '../../../src/papers/ingest/source-health.ts'
import { announceWorker } from '../../../src/runtime/worker-presence.ts'
import { addSubscriber, releasedEdition, servicesOn } from '../../support/services.ts'
import { form, siteOn, test } from '../site.ts'

/** "name{label="value"} 3" → ["name{label="value"}", 3] */
const samplesOf = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )

test('reports the state of the service', async ({ db, databaseUrl, site: { app, services } }) => {
  await addSubscriber(db, 'ada@lab.org')
  await addSubscriber(db, 'bob@lab.org')
  await addSubscriber(db, 'eve@lab.org', { status: 'bounced' })
  await planAll(services, await releasedEdition(services, '2026-04-13'))
  await db.execute(sql`UPDATE editions SET state = 'sent', sent_at = '2026-04-14T09:00Z'`)
  await db.execute(sql`UPDATE batches SET state = 'done'`)
  await planAll(services, await releasedEdition(services, '2026-04-14'))
  await db.execute(sql`UPDATE batches SET due_at = '2026-04-15T11:59:30Z' WHERE state = 'open'`)
  await db.execute(
    sql`UPDATE deliveries SET state = 'accepted' WHERE subscriber_id = (SELECT min(subscriber_id) FROM deliveries)`,
  )
  await recordFailure(db, 'hf', services.now(), 'GET https://lists.example answered 503.')
  const worker = await announceWorker(databaseUrl, services.log)

  const reply = await app.inject('/metrics')
  expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(samplesOf(reply.body)).toMatchObject({
    paperboy_database_up: 1,
    paperboy_mailing_halted: 0,
    paperboy_workers: 1,
    'paperboy_subscribers{status="active"}': 2,
    'paperboy_subscribers{status="bounced"}': 1,
    'paperboy_deliveries{kind="daily",date="2026-04-14",state="accepted"}': 1,
    'paperboy_deliveries{kind="daily",date="2026-04-14",state="queued"}': 1,
    'paperboy_batches{state="open"}': 1,
    paperboy_batch_overdue_seconds: 30,
    paperboy_service_mail_overdue_seconds: 0,
    'paperboy_source_state{source="hf",state="outage"}': 1,
    'paperboy_source_state{source="hf",state="fresh"}': 0,
  })
  expect(reply.body, 'editions finished earlier are left out').not.toContain('2026-04-13')
  await worker.end()
})

test('counts the problems that need a person by name, until they are solved', async ({ db, site: { services } }) => {
  for (const date of ['2026-04-13', '2026-04-14']) await releasedEdition(services, date)
  const counts = async () => {
    // A new process: each keeps its numbers for some seconds.
    const { app } = siteOn(services)
    const samples = samplesOf((await app.inject('/metrics')).body)
    await app.close()
    return ['edition_paused', 'mailing_halted'].map((name) => samples[`paperboy_attention{problem="${name}"}`])
  }
  await db.execute(sql`UPDATE editions SET state = 'paused', paused_why = 'too many refusals'`)
  await db.execute(sql`UPDATE mailing SET halted_at = now(), halted_why = 'it looks restored'`)
  expect(await counts()).toEqual([2, 1])
  await db.execute(sql`UPDATE editions SET state = 'sent', paused_why = NULL`)
  await db.execute(sql`UPDATE mailing SET halted_at = NULL, halted_why = NULL`)
  expect(await counts()).toEqual([0, 0])
})

test('times requests by route pattern, without tokens, addresses or unknown paths', async ({ site: { app } }) => {
  await app.inject('/confirm/a-token-of-somebody')
  await app.inject('/somewhere?email=ada@lab.org')
  await app.inject({ method: 'POST', url: '/subscribe', ...form({ email: 'ada@lab.org' }) })
  const { body } = await app.inject('/metrics')
  expect(body).toMatch(/_count\{method="GET",route="\/confirm\/:token",status="404"\} 1/)
  expect(body).toMatch(/_count\{method="GET",route="none",status="404"\} 1/)
  expect(body).toMatch(/_count\{method="POST",route="\/subscribe",status="303"\} 1/)
  expect(body).not.toMatch(/a-token|somewhere|ada|lab\.org/)
})

test('an unreachable database is a metric too', async ({ site: { services } }) => {
  const db = { execute: () => Promise.reject(new Error('gone')) } as unknown as typeof services.db
  const { app } = siteOn({ ...services, db })
  const reply = await app.inject('/metrics')
  expect(reply.statusCode).toBe(200)
  expect(samplesOf(reply.body)).toMatchObject({ paperboy_database_up: 0, paperboy_mailing_halted: Number.NaN })
  await app.close()
})

test('so is a hanging one, in time and with one query', async ({ site: { services } }) => {
  let asked = 0
  const execute = () => {
    asked++
    return new Promise(() => {})
  }
  const { app } = siteOn({ ...services, db: { execute } as unknown as typeof services.db })
  const replies = await Promise.all([app.inject('/metrics'), app.inject('/metrics')])
  for (const { body } of replies) expect(samplesOf(body)).toMatchObject({ paperboy_database_up: 0 })
  expect(asked).toBe(1)
  await app.close()
}, 10_000)

test('METRICS_TOKEN is required as a bearer token', async ({ db, databaseUrl }) => {
  const { app } = siteOn(
    servicesOn(db, { DATABASE_URL: databaseUrl, METRICS_TOKEN: 'a token for the monitor'.replaceAll(' ', '-') }),
  )
  const asked = (authorization?: string) =>
    app.inject({ url: '/metrics', headers: authorization === undefined ? {} : { authorization } })
  for (const given of [
    undefined,
    '',
    'Bearer',
    'Bearer a-token-for-the-monito',
    'Basic a-token-for-the-monitor',
    'a-token-for-the-monitor',
  ]) {
    const reply = await asked(given)
    expect([reply.statusCode, reply.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect(reply.body).not.toContain('paperboy_')
  }
  expect((await asked('Bearer a-token-for-the-monitor')).statusCode).toBe(200)
  await app.close()
})

test('in production without a token, /metrics is 404', async ({ db, databaseUrl }) => {
  const services = servicesOn(db, { DATABASE_URL: databaseUrl })
  const { app } = siteOn({ ...services, config: { ...services.config, NODE_ENV: 'production' } })
  expect((await app.inject('/metrics')).statusCode).toBe(404)
  await app.close()
})

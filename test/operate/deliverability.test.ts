import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { countDeliverability, readDeliverability } from '../../src/operate/deliverability.ts'
import { test } from '../support/database.ts'
import { addReaders, addSubscriber, releasedEdition, servicesOn } from '../support/services.ts'

test('digests are counted by domain; domains with few readers are one row', async ({ db }) => {
  const clock = { now: new Date('2026-04-15T12:00:00Z') }
  const services = servicesOn(db, {}, clock)
  await addReaders(db, 8)
  for (const n of [1, 2]) await addSubscriber(db, `own-${n}@personal-${n}.example`)
  const edition = await releasedEdition(services)
  await planAll(services, edition)
  await db.execute(sql`
    UPDATE deliveries SET state = (CASE WHEN subscriber_id <= 6 THEN 'accepted' WHEN subscriber_id = 7 THEN 'refused' ELSE 'deferred' END)::delivery_state`)
  await db.execute(sql`
    INSERT INTO inbound_events (received_at, source, fingerprint, class, reason, subscriber_id, did, evidence)
    SELECT ${clock.now}, 'imap', 'x', 'hard', 'unknown', min(id), 'suppressed', '' FROM subscribers`)
  await countDeliverability(services)
  const some = { deliveries: 8, accepted: 6, refused: 1, lost: 0, open: 1, bounces: 1, complaints: 0 }
  expect((await readDeliverability(services))!.body.domains).toEqual([
    { domain: 'example.org', ...some },
    { domain: '', deliveries: 2, accepted: 0, refused: 0, lost: 0, open: 2, bounces: 0, complaints: 0 },
  ])
  expect(JSON.stringify((await db.execute(sql`SELECT * FROM edition_domains`)).rows)).not.toContain('personal')

  // Sent, and a day later the counts are final.
  await db.execute(sql`UPDATE deliveries SET state = 'accepted'`)
  await db.execute(sql`UPDATE editions SET state = 'sent', sent_at = ${clock.now}`)
  await countDeliverability(services)
  expect((await readDeliverability(services))!.body.domains[0]).toMatchObject({ accepted: 8, open: 0 })
  clock.now = new Date('2026-04-20T12:00:00Z')
  await db.execute(sql`UPDATE deliveries SET state = 'expired'`)
  await countDeliverability(services)
  expect((await readDeliverability(services))!.body.domains[0]).toMatchObject({ accepted: 8, lost: 0 })
})

test('two workers that count at once both finish', async ({ db }) => {
  const services = servicesOn(db)
  await addReaders(db, 8)
  await planAll(services, await releasedEdition(services))
  for (let round = 0; round < 3; round++) await Promise.all([1, 2, 3, 4].map(() => countDeliverability(services)))
  expect((await readDeliverability(services))!.body.domains).toMatchObject([{ domain: 'example.org', deliveries: 8 }])
})

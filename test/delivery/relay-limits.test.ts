import { eq, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { dueBatches } from '../../src/delivery/ledger/batches.ts'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { deliveryContextWith } from '../../src/delivery/send/delivery-context.ts'
import { describeStatus, readStatus } from '../../src/operate/status.ts'
import { openRelays } from '../../src/relay/relays.ts'
import { describeRelays, reportRelays } from '../../src/relay/report.ts'
import { openRelayRests } from '../../src/relay/rests.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { deliveries, suppressions } from '../../src/runtime/db/schema.ts'
import { test } from '../support/database.ts'
import { openScriptedRelay, type Script } from '../support/scripted-relay.ts'
import { closing, deliveryStates, NEVER } from '../support/sending.ts'
import { addReaders, NOON, releasedEdition, servicesOn } from '../support/services.ts'

/** A relay with its own limit: it accepts a number of emails, then replies this to each. */
const limited =
  (takes: number, reply: string): Script =>
  ({ command }) =>
    command === 'END' && takes-- <= 0 ? reply : undefined

/** Sends an edition to 20 readers by these relays until no batch is due. */
async function deliver(db: Db, scripts: Script[]) {
  const servers = await Promise.all(scripts.map(async (script) => closing(await openScriptedRelay(script))))
  const SMTP_URL = servers.map(({ url }, index) => `${url}?name=relay-${index + 1}`).join(',')
  const services = servicesOn(db, { SMTP_URL })
  const relay = closing(openRelays({ SMTP_URL, SMTP_CONNECTIONS: 2 }, { rests: openRelayRests(services) }))
  await addReaders(db, 20)
  const { batchIds } = await planAll(services, await releasedEdition(services))
  const context = deliveryContextWith(services, relay)
  for (const id of batchIds) await deliverBatch(context, id, NEVER)
  return { services, servers, relay, context, states: await deliveryStates(db) }
}

const LIMITS = [
  '550-5.4.5 Daily user sending limit exceeded. For more information\r\n550 5.4.5 see the help',
  '550 5.4.6 Unusual sending activity detected',
  '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException',
  '554 Message rejected: Email address is not verified',
  '551 5.5.4 send AUTH first',
]

test.for(LIMITS)('the next relay takes over, and no reader is refused: %s', async (reply, { db }) => {
  const { states, servers, services, relay } = await deliver(db, [limited(3, reply), () => undefined])
  expect(states).toEqual({ accepted: 20 })
  const gotByFirst = await services.db.$count(deliveries, eq(deliveries.relay, 'relay-1'))
  expect(gotByFirst, 'all that it accepts').toBe(3)
  // And at most the messages in flight at the first refusal: one for each connection. Those that wait go to the next relay.
  expect(servers[0]!.messages.length, 'it rests, and is not asked for each').toBeLessThanOrEqual(3 + 2)
  // No email waits for a worker's note of the rest.
  const rests = async () => (await reportRelays(services)).resting
  await expect.poll(rests).toMatchObject([{ relay: 'relay-1', since: NOON, reply: expect.stringMatching(/^55/) }])
  const resting = await rests()
  expect(resting[0]!.until.getTime()).toBeGreaterThan(NOON.getTime() + 10_000)
  expect(relay.restMs(), 'the other one can be used').toBe(0)
})

test.for(LIMITS)(
  'with one relay the rest of the edition is deferred, and status says why: %s',
  async (reply, { db }) => {
    const { states, services, relay } = await deliver(db, [limited(3, reply)])
    expect(states.refused).toBeUndefined()
    expect(states.accepted).toBe(3)
    expect((states.deferred ?? 0) + (states.queued ?? 0)).toBe(17)
    expect(await db.$count(suppressions)).toBe(0)
    expect(relay.restMs()).toBeGreaterThan(10_000)
    await expect
      .poll(async () => describeStatus(await readStatus(services), NOON))
      .toMatch(
        /Relays {4}relay relay-1 has refused us since 2026-04-15 12:00 UTC and rests until 2026-04-15 12:00 UTC: 55\d/,
      )
  },
)

test('a reply about one message does not rest the relay, and the others go out', async ({ db }) => {
  let messages = 0
  const { states, relay } = await deliver(db, [
    ({ command }) =>
      command === 'END' && ++messages % 7 === 0 ? '552 5.3.4 Message size exceeds fixed limit' : undefined,
  ])
  expect(states).toEqual({ accepted: 18, deferred: 2 })
  expect(relay.restMs()).toBe(0)
})

test('a reader whose message is always refused does not block their batch', async ({ db }) => {
  const { states, context, relay } = await deliver(db, [limited(3, '550 5.7.1 Email quota exceeded')])
  const { rows } = await db.execute<{ own: boolean }>(
    sql`SELECT d.batch_id <> (SELECT min(id) FROM batches) AS own FROM deliveries d WHERE d.state = 'deferred' AND d.reply LIKE '550 5.7.1%'`,
  )
  expect(states.refused).toBeUndefined()
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.every(({ own }) => own)).toBe(true)
  expect(await dueBatches(db, context.now()), 'the batch rests with the relay').toEqual([])
  expect(relay.restMs()).toBeGreaterThan(0)
})

test('a stored rest ends when the relay accepts an email', async ({ db }) => {
  const services = servicesOn(db, { SMTP_URL: 'smtp://mail.example?name=main' })
  await openRelayRests(services).recordRest('main', '550 5.4.5 limit', 15_000)
  expect(describeRelays(await reportRelays(services), new Date(NOON.getTime() + 60_000))).toEqual([
    'relay main has refused us since 2026-04-15 12:00 UTC and is tried with the next email: 550 5.4.5 limit',
  ])
  // Another process, without knowledge of the rest.
  await openRelayRests(services).recordAccepted('main')
  expect(await reportRelays(services)).toEqual({ resting: [], slowed: [] })
})

import { expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { deliverBatch } from '../../src/delivery/send/deliver-batch.ts'
import { readReturnPath } from '../../src/mail/return-path.ts'
import { sendServiceEmails } from '../../src/outbox/send-service-emails.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { test } from '../support/database.ts'
import { NEVER, sinkThat, workerOn } from '../support/sending.ts'
import { addSubscriber, releasedEdition, servicesOn } from '../support/services.ts'

test('with BOUNCE_ADDRESS every digest and service email has its own envelope sender', async ({ db }) => {
  const services = servicesOn(db, { BOUNCE_ADDRESS: 'bounce+*@bounces.example' })
  const sink = await sinkThat()
  const worker = workerOn(services, sink.url)
  const ada = await addSubscriber(db, 'ada@example.org')
  const bob = await addSubscriber(db, 'bob@example.org')
  const editionId = await releasedEdition(services)
  const { batchIds } = await planAll(services, editionId)
  await deliverBatch(worker, batchIds[0]!, NEVER)
  await subscribe(services, { typed: 'cleo@example.org', zone: 'UTC', origin: '192.0.2.7' })
  await sendServiceEmails(worker, NEVER)

  const senders = Object.fromEntries(sink.taken.map(({ to, from }) => [to, readReturnPath(services.keys, from)]))
  expect(senders).toEqual({
    'ada@example.org': { subscriberId: ada, mail: 'digest', reference: editionId },
    'bob@example.org': { subscriberId: bob, mail: 'digest', reference: editionId },
    'cleo@example.org': { subscriberId: expect.any(Number), mail: 'service', reference: expect.any(Number) },
  })
  expect(new Set(sink.taken.map(({ from }) => from)).size).toBe(3)
})

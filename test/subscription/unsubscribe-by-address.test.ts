import { expect } from 'vitest'
import { mintToken } from '../../src/mail/tokens.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { unsubscribeByAddressOrToken } from '../../src/subscription/unsubscribe.ts'
import { test } from '../support/database.ts'
import { addSubscriber, NOON, servicesOn } from '../support/services.ts'

test('unsubscribes a reader by address in any spelling, or by the token of the request', async ({ db }) => {
  const services = servicesOn(db)
  await addSubscriber(db, 'ada@example.org')
  const id = await addSubscriber(db, 'charles@example.org')
  await addSubscriber(db, 'stays@example.org')
  await unsubscribeByAddressOrToken(services, 'Ada@EXAMPLE.org')
  await unsubscribeByAddressOrToken(services, mintToken(services.keys, 'unsubscribe', id, NOON))
  const rows = await db.select().from(subscribers).orderBy(subscribers.id)
  expect(rows.map((row) => row.status)).toEqual(['unsubscribed', 'unsubscribed', 'active'])
})

test('reports an unknown address or token', async ({ db }) => {
  const services = servicesOn(db)
  await expect(unsubscribeByAddressOrToken(services, 'nobody@example.org')).rejects.toMatchObject({
    code: 'BAD_ADDRESS',
  })
  await expect(unsubscribeByAddressOrToken(services, 'not-a-token')).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' })
})

import { expect } from 'vitest'
import { createApiKeyOnce } from '../../src/operate/api-keys.ts'
import { addEndpointOnce } from '../../src/operate/webhooks/endpoints.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { apiKeys, webhookEndpoints } from '../../src/runtime/db/schema.ts'
import { someoneWaits, test } from '../support/database.ts'
import { servicesOn } from '../support/services.ts'

/** Makes something, and the same again before the first transaction ends. Returns both results. */
const twiceAtOnce = <T>(db: Db, make: (db: Db) => Promise<T>): Promise<[first: T, second: T]> => {
  let second: Promise<T> | undefined
  const first = db.transaction(async (tx) => {
    const made = await make(tx)
    second = make(db)
    await someoneWaits(db)
    return made
  })
  return first.then(async (made) => [made, await second!])
}

test('a webhook endpoint that is being added is waited for, and is the one', async ({ db }) => {
  const services = servicesOn(db)
  const wanted = { url: 'https://hooks.example/', events: ['reader.confirmed'], includeAddresses: false } as const
  const [first, second] = await twiceAtOnce(db, (tx) => addEndpointOnce({ ...services, db: tx }, wanted))
  expect(second).toEqual({ ...first, isFirst: false })
  expect(await db.$count(webhookEndpoints)).toBe(1)
})

test('an API key that is being made is waited for, and replaced', async ({ db }) => {
  const services = servicesOn(db)
  const wanted = { name: 'Dashboard', scopes: ['read'], days: undefined, createdBy: 'ada@example.org' } as const
  const [first, second] = await twiceAtOnce(db, (tx) => createApiKeyOnce({ ...services, db: tx }, wanted))
  expect([first.isFirst, second.isFirst, second.key === first.key]).toEqual([true, false, false])
  expect(await db.$count(apiKeys)).toBe(1)
})

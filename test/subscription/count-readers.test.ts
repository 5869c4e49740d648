import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { addressHash } from '../../src/mail/address.ts'
import { countReaders, readReaderCounts, readReaderDays } from '../../src/subscription/count-readers.ts'
import { eraseReader } from '../../src/subscription/erase.ts'
import { importSubscribers } from '../../src/subscription/import.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { unsubscribeReader } from '../../src/subscription/unsubscribe.ts'
import { suppress } from '../../src/suppression/suppress.ts'
import { test } from '../support/database.ts'
import { addReaders, addSubscriber, servicesOn, testConfig } from '../support/services.ts'

const DAY_MS = 86_400_000

test('each day keeps its sign-ups, confirmations, imports and departures, also after erasures', async ({ db }) => {
  const clock = { now: new Date('2026-04-14T10:00:00Z') }
  const services = servicesOn(db, {}, clock)
  const hash = (email: string) => addressHash(testConfig().SUPPRESSION_KEY, email)
  const asOfDay = async (back = 0) => {
    await countReaders(services)
    return (await readReaderDays(services, 3)).at(-1 - back)!
  }
  const at = () => clock.now
  await subscribe(services, { typed: 'ada@example.org', origin: '192.0.2.1' })
  await subscribe(services, { typed: 'bob@example.org', origin: '192.0.2.1' })
  await importSubscribers(
    services,
    {
      name: 'a.csv',
      bytes: Buffer.from('email,status,left_at\nc@example.org,unsubscribed,2026-04-14\nd@example.org,bounced,\n'),
    },
    { active: true, attestedBy: 'a test', dryRun: false },
  )
  const gone = await addSubscriber(db, 'gone@example.org', { updatedAt: at(), createdAt: new Date(0) })
  await unsubscribeReader(services, gone)
  const hard = await addSubscriber(db, 'hard@example.org', { createdAt: new Date(0) })
  await suppress(db, [{ hash: hash('hard@example.org'), reason: 'hard bounce' }], at())
  await db.execute(
    sql`UPDATE subscribers SET first_confirmed_at = ${at()}, confirmed_at = ${at()}, status = 'active', next_digest_at = ${at()}, updated_at = ${at()} WHERE email = 'ada@example.org'`,
  )
  const counts = { 'signed up': 2, confirmed: 1, imported: 2, unsubscribed: 1, bounced: 1, complained: 0 }
  expect(await asOfDay()).toEqual({ day: '2026-04-14', counts })

  clock.now = new Date(clock.now.getTime() + DAY_MS)
  await subscribe(services, { typed: 'bob@example.org', origin: '192.0.2.1' })
  await eraseReader(services, gone)
  await eraseReader(services, hard)
  expect(await asOfDay(1)).toEqual({ day: '2026-04-14', counts })
  expect((await asOfDay()).counts).toMatchObject({ 'signed up': 1, unsubscribed: 0, bounced: 0 })
})

test('a reader who bounced, or complained, is counted on that day alone, also when they sign up again', async ({
  db,
}) => {
  const clock = { now: new Date('2026-04-14T10:00:00Z') }
  const services = servicesOn(db, {}, clock)
  for (const [email, reason] of [
    ['hard@example.org', 'hard bounce'],
    ['spam@example.org', 'complaint'],
  ] as const) {
    await addSubscriber(db, email, { createdAt: new Date(0) })
    await suppress(db, [{ hash: addressHash(testConfig().SUPPRESSION_KEY, email), reason }], clock.now)
  }
  await countReaders(services)
  clock.now = new Date(clock.now.getTime() + 2 * DAY_MS)
  for (const typed of ['hard@example.org', 'spam@example.org'])
    await subscribe(services, { typed, origin: '192.0.2.1' })
  await countReaders(services)
  const days = await readReaderDays(services, 3)
  expect(days.map(({ counts }) => [counts.bounced, counts.complained, counts['signed up']])).toEqual([
    [1, 1, 0],
    [0, 0, 0],
    [0, 0, 2],
  ])
})

test('a sum over fewer than five readers is not stored', async ({ db }) => {
  const services = servicesOn(db)
  await addReaders(db, 5, { topics: ['llm-agents'] })
  for (const n of [1, 2, 3, 4]) await addSubscriber(db, `few-${n}@small.example`, { topics: ['robotics'] })
  await countReaders(services)
  const { body } = (await readReaderCounts(services))!
  expect(body.topics).toEqual([{ name: 'llm-agents', readers: 5 }])
  expect(body.domains).toEqual([{ name: 'example.org', readers: 5 }])
  expect(body.statuses).toEqual([{ name: 'active', readers: 9 }])
  const { rows } = await db.execute<{ body: string }>(sql`SELECT body::text FROM sums`)
  expect(rows.map((row) => row.body).join()).not.toMatch(/robotics|small\.example/)
})

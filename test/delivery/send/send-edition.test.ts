import pg from 'pg'
import { afterEach, expect } from 'vitest'
import { sendEdition } from '../../../src/delivery/send/send-edition.ts'
import { databaseOn, ignoreLostClients } from '../../../src/runtime/db/database.ts'
import { openPostgres } from '../../faults/postgres.ts'
import { test } from '../../support/database.ts'
import { addReaders, addSubscriber, NOON, releasedEdition, servicesOn } from '../../support/services.ts'
import { openSink, smtpReply } from '../../support/sink.ts'

const stack: (() => unknown)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close()
})
const KEY = { kind: 'daily' as const, date: '2026-04-14' }
const NEVER = new AbortController().signal

test('a waiting order survives a restart of the database', { timeout: 120_000 }, async () => {
  const postgres = new AsyncDisposableStack()
  stack.push(() => postgres.disposeAsync())
  const server = await openPostgres(postgres)
  const connectionString = await server.database()
  const pool = ignoreLostClients(new pg.Pool({ connectionString, max: 4 }))
  pool.on('error', () => {})
  stack.push(() => pool.end())
  let busy = true
  const sink = await openSink({
    recipient: (to) => (busy && to.startsWith('reader-1@') ? smtpReply(450, '4.2.0 later') : undefined),
  })
  stack.push(() => sink.close())
  const at = { now: NOON }
  const services = servicesOn(databaseOn(pool), { SMTP_URL: sink.url, DATABASE_URL: connectionString }, at)
  await addReaders(services.db, 3)
  await releasedEdition(services)
  const waiting = Promise.withResolvers<void>()
  const sending = sendEdition(services, KEY, {
    now: true,
    wait: true,
    stop: NEVER,
    onProgress: ({ states }) => states.deferred === 1 && states.accepted === 2 && waiting.resolve(),
  })
  sending.catch(waiting.reject)
  await waiting.promise
  await server.restart()
  busy = false
  at.now = new Date(NOON.getTime() + 3_600_000)
  expect(await sending).toMatchObject({ total: 3, open: 0, states: { accepted: 3 } })
})

/** An order to send at once, and what it reports about its readers. */
function sendNow() {
  const said: string[] = []
  const onPlan = (words: string) => said.push(words)
  return { said, order: { now: true, wait: false, stop: NEVER, onPlan, onProgress: () => {} } }
}

test('send to all now reports how many other readers it leaves out or includes', async ({ db }) => {
  const sink = await openSink()
  stack.push(() => sink.close())
  const services = servicesOn(db, { SMTP_URL: sink.url })
  await releasedEdition(services)
  await addReaders(db, 2)
  await addSubscriber(db, 'weekly-1@example.org', { cadence: 'weekly' })
  await addSubscriber(db, 'weekly-2@example.org', { cadence: 'weekly', status: 'unsubscribed' })
  const { said, order } = sendNow()
  expect(await sendEdition(services, KEY, order)).toMatchObject({ states: { accepted: 2 } })
  expect(said).toContain('1 reader did not ask for daily emails and is left out. To send to everyone: --everyone')
  expect(await sendEdition(services, KEY, { ...order, everyone: true })).toMatchObject({ states: { accepted: 3 } })
  expect(said).toContain('To everyone: also to 1 reader who did not ask for daily emails.')
  expect(sink.taken.map(({ to }) => to).sort()).toEqual([
    'reader-1@example.org',
    'reader-2@example.org',
    'weekly-1@example.org',
  ])
})

test('an order to everyone stands when a later one does not repeat it: its unsent deliveries are sent', async ({
  db,
}) => {
  let busy = true
  const sink = await openSink({
    recipient: (to) => (busy && to.startsWith('weekly-1@') ? smtpReply(450, '4.2.0 later') : undefined),
  })
  stack.push(() => sink.close())
  const at = { now: NOON }
  const services = servicesOn(db, { SMTP_URL: sink.url }, at)
  await releasedEdition(services)
  await addReaders(db, 2)
  await addSubscriber(db, 'weekly-1@example.org', { cadence: 'weekly' })
  const { said, order } = sendNow()
  expect(await sendEdition(services, KEY, { ...order, everyone: true })).toMatchObject({
    states: { accepted: 2, deferred: 1 },
  })
  busy = false
  at.now = new Date(NOON.getTime() + 3_600_000)
  await addSubscriber(db, 'weekly-2@example.org', { cadence: 'weekly' })
  expect(await sendEdition(services, KEY, order)).toMatchObject({ states: { accepted: 4 } })
  expect(said.filter((words) => words.includes('did not ask'))).toEqual(
    Array(2).fill('To everyone: also to 1 reader who did not ask for daily emails.'),
  )
})

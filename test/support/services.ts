import { eq } from 'drizzle-orm'
import { pino } from 'pino'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { release } from '../../src/edition/draft/release.ts'
import { addressHash, parseAddress } from '../../src/mail/address.ts'
import { type Config, readEnvironment } from '../../src/runtime/config/config.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { papers, signals, subscribers } from '../../src/runtime/db/schema.ts'
import type { Queues } from '../../src/runtime/queue.ts'
import type { RestoreMarker, RestoreMarkerStore } from '../../src/runtime/restore-marker.ts'
import type { Services } from '../../src/runtime/services.ts'

export const testConfig = (overrides: Record<string, string> = {}): Config =>
  readEnvironment({
    NODE_ENV: 'test',
    DATABASE_URL: 'postgres://nowhere/nothing',
    SMTP_URL: 'smtp://127.0.0.1:1',
    PUBLIC_URL: 'https://paperboy.example',
    MAIL_FROM: 'Paperboy <papers@paperboy.example>',
    POSTAL_ADDRESS: '1 Press Street, Inkwell',
    SECRET_KEY: 'a test key that is thirty-two bytes long at least',
    SUPPRESSION_KEY: 'another test key that is thirty-two bytes long',
    LOG_LEVEL: 'silent',
    // Only tests of the rate limits need them.
    SIGN_UPS_PER_NETWORK: '100000',
    SIGN_UPS_PER_DOMAIN: '100000',
    SIGN_UPS_IN_ALL: '100000',
    ...overrides,
  }) as Config

/** Queues that lose every job, as after a flush. Tests use them to prove that lost jobs do no harm. */
export const lostQueues: Queues = {
  wake: async () => {},
  work: async () => {},
  pause: () => {},
  isReachable: async () => true,
  stopWorking: async () => {},
  restoreMarkers: undefined,
  close: async () => {},
}

/** A store of restore markers that lasts as long as the test. */
export function inMemoryRestoreMarkers(): RestoreMarkerStore {
  const markers = new Map<string, RestoreMarker>()
  return {
    read: async (databaseId) => markers.get(databaseId),
    write: async (databaseId, marker) => void markers.set(databaseId, marker),
  }
}

export const NOON = new Date('2026-04-15T12:00:00Z')

/** Returns services on a test's own database. Their clock stands still unless the test moves `at.now`. */
export function servicesOn(
  db: Db,
  overrides: Record<string, string> = {},
  at: { now: Date } = { now: NOON },
): Services {
  const config = testConfig(overrides)
  return {
    config,
    db,
    queues: lostQueues,
    keys: { current: config.SECRET_KEY, previous: config.SECRET_KEY_PREVIOUS },
    mailDomains: { signsOf: async () => ({ disposable: false, takesMail: 'unknown' }) },
    relayAbility: { carriesUtf8: async () => false },
    log: pino({ level: 'silent' }),
    restoreMarkers: inMemoryRestoreMarkers(),
    now: () => at.now,
    [Symbol.asyncDispose]: async () => {},
  }
}

type NewSubscriber = Partial<typeof subscribers.$inferInsert>

export async function addSubscriber(db: Db, email: string, values: NewSubscriber = {}): Promise<number> {
  const address = parseAddress(email, { utf8: true })
  const [row] = await db
    .insert(subscribers)
    .values({
      email: address.email,
      emailKey: address.key,
      addressHash: addressHash(testConfig().SUPPRESSION_KEY, address.key),
      status: 'active',
      nextDigestAt: new Date('2026-04-16T08:00:00Z'),
      ...values,
    })
    .returning({ id: subscribers.id })
  return row!.id
}

/** Returns a subscriber's row. */
export const readerOf = async (db: Db, id: number) =>
  (await db.select().from(subscribers).where(eq(subscribers.id, id)))[0]!

export const statusOf = async (db: Db, id: number) => (await readerOf(db, id)).status

/** Adds readers reader-1@example.org to reader-N@example.org in one statement. */
export async function addReaders(db: Db, count: number, values: NewSubscriber = {}): Promise<void> {
  const config = testConfig()
  await db.insert(subscribers).values(
    Array.from({ length: count }, (_, index) => {
      const email = `reader-${index + 1}@example.org`
      return {
        email,
        emailKey: email,
        addressHash: addressHash(config.SUPPRESSION_KEY, email),
        status: 'active' as const,
        nextDigestAt: new Date('2026-04-16T08:00:00Z'),
        ...values,
      }
    }),
  )
}

/** Adds `count` papers to a list day. The first has the most votes; all are counted at the day's close. */
export async function addPapers(db: Db, listDay: string, count: number): Promise<number[]> {
  const rows = await db
    .insert(papers)
    .values(
      Array.from({ length: count }, (_, index) => ({
        source: 'arxiv',
        sourceId: `${listDay.slice(2, 4)}${listDay.slice(5, 7)}.${listDay.slice(8)}${String(index).padStart(3, '0')}`,
        title: `Paper ${index + 1} of ${listDay}`,
        abstract: 'We show something. It works.',
        authors: ['Ada Lovelace', 'Charles Babbage'],
        listDay,
        listedAt: new Date(`${listDay}T01:00:00Z`),
        listPosition: index,
        url: 'https://arxiv.org/abs/2604.00001',
        raw: {},
        createdAt: new Date(`${listDay}T01:00:00Z`),
      })),
    )
    .returning({ id: papers.id })
  const observedAt = new Date(Date.parse(`${listDay}T00:00:00Z`) + 26 * 3_600_000)
  await db
    .insert(signals)
    .values(rows.map(({ id }, index) => ({ paperId: id, observedAt, votes: 100 - index, origin: 'file' })))
  return rows.map(({ id }) => id)
}

/** Adds papers and a released edition of them, ready to send. @returns the edition's id */
export async function releasedEdition(services: Services, date = '2026-04-14', count = 12): Promise<number> {
  await addPapers(services.db, date, count)
  const { editionId } = await assemble(services, { date })
  await release(services, { date })
  return editionId
}

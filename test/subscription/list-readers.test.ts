import { parse } from 'csv-parse/sync'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { Db } from '../../src/runtime/db/database.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { exportSubscribers } from '../../src/subscription/export.ts'
import { listReaders } from '../../src/subscription/list-readers.ts'
import type { ReaderSearch } from '../../src/subscription/reader-filter.ts'
import { test } from '../support/database.ts'
import { addSubscriber } from '../support/services.ts'

/** All pages, one after the other. @param between runs after each page */
async function allPages(db: Db, filter: ReaderSearch, limit: number, window?: number, between = async () => {}) {
  const pages: string[][] = []
  for (let before: number | undefined; ; ) {
    const { readers, next } = await listReaders({ db }, filter, { before, limit, ...(window ? { window } : {}) })
    pages.push(readers.map(({ email }) => email))
    if (next === undefined) return pages
    before = next
    await between()
  }
}

const addFive = async (db: Db) => {
  const at = (day: string) => new Date(`2026-04-${day}T12:00:00Z`)
  await addSubscriber(db, 'ada@example.org', { topics: ['llm-agents'], createdAt: at('01') })
  await addSubscriber(db, 'bob@mail.example', { cadence: 'weekly', createdAt: at('02') })
  await addSubscriber(db, 'cy@example.org', { status: 'unsubscribed', topics: ['llm-agents'], createdAt: at('03') })
  await addSubscriber(db, 'Dee.Lovelace@example.org', { status: 'bounced', createdAt: at('04') })
  await addSubscriber(db, 'gone@example.org', { createdAt: at('05') })
  await db.execute(sql`
    UPDATE subscribers SET status = 'erased', email = NULL, email_key = NULL, address_hash = NULL WHERE email = 'gone@example.org'`)
  await addSubscriber(db, 'eve@example.org', { createdAt: at('06'), status: 'pending' })
}

const FILTERS: [ReaderSearch, string[]][] = [
  [{}, ['eve', 'Dee.Lovelace', 'cy', 'bob', 'ada']],
  [{ status: 'active' }, ['bob', 'ada']],
  [{ status: 'bounced' }, ['Dee.Lovelace']],
  [{ status: 'pending' }, ['eve']],
  [{ cadence: 'weekly' }, ['bob']],
  [{ topic: 'llm-agents' }, ['cy', 'ada']],
  [{ topic: 'llm-agents', status: 'unsubscribed' }, ['cy']],
  [{ domain: 'mail.example' }, ['bob']],
  [{ domain: 'example' }, []],
  [{ text: 'LOVE' }, ['Dee.Lovelace']],
  [{ text: '%' }, []],
  [{ joinedFrom: '2026-04-02', joinedTo: '2026-04-03' }, ['cy', 'bob']],
  [{ joinedFrom: '2026-04-05' }, ['eve']],
  [{ joinedTo: '2026-03-31' }, []],
]

describe('the list of readers', () => {
  test('has exactly the readers of each filter, newest first; the export has the same', async ({ db }) => {
    await addFive(db)
    for (const [filter, names] of FILTERS) {
      const listed = (await allPages(db, filter, 2)).flat().map((email) => email.split('@')[0])
      expect([filter, listed]).toEqual([filter, names])
      let csv = ''
      for await (const chunk of exportSubscribers({ db }, filter)) csv += chunk
      const exported = parse(csv, { columns: true }) as { email: string }[]
      expect([filter, exported.map(({ email }) => email.split('@')[0]).toReversed()]).toEqual([filter, names])
    }
  })

  test('neither repeats nor misses a reader, while others sign up, unsubscribe and are erased', async ({ db }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.constantFrom('join', 'leave', 'erase'), { maxLength: 30 }),
        async (limit, window, changes) => {
          await db.delete(subscribers)
          for (let n = 0; n < 20; n++)
            await addSubscriber(db, `reader-${n}@example.org`, { cadence: n % 3 === 0 ? 'weekly' : 'daily' })
          let joined = 0
          const waiting = [...changes]
          // Every reader but the erased ones stays in the list of all, whatever their status.
          const erased = new Set<string>()
          const pages = await allPages(db, {}, limit, window, async () => {
            const change = waiting.pop()
            if (change === 'join') await addSubscriber(db, `new-${joined++}@example.org`)
            if (change === 'leave')
              await db.execute(
                sql`UPDATE subscribers SET status = 'unsubscribed' WHERE id = (SELECT max(id) FROM subscribers WHERE status = 'active')`,
              )
            if (change === 'erase') {
              const { rows } = await db.execute<{ email: string }>(sql`
                WITH gone AS (SELECT id, email FROM subscribers WHERE email LIKE 'reader-%' ORDER BY id LIMIT 1)
                UPDATE subscribers s SET status = 'erased', email = NULL, email_key = NULL, address_hash = NULL
                FROM gone WHERE s.id = gone.id RETURNING gone.email`)
              if (rows[0]) erased.add(rows[0].email)
            }
          })
          const seen = pages.flat()
          expect(new Set(seen).size).toBe(seen.length)
          const expected = Array.from({ length: 20 }, (_, n) => `reader-${n}@example.org`)
          expect(expected.filter((email) => !seen.includes(email) && !erased.has(email))).toEqual([])
          expect(pages.every((page) => page.length <= limit)).toBe(true)
        },
      ),
      { numRuns: 8 },
    )
  })

  test('looks at a bounded number of readers for a page, and goes on from there', async ({ db }) => {
    await addSubscriber(db, 'first@example.org', { cadence: 'weekly' })
    for (let n = 0; n < 9; n++) await addSubscriber(db, `reader-${n}@example.org`)
    const first = await listReaders({ db }, { cadence: 'weekly' }, { limit: 5, window: 4 })
    expect([first.readers, first.stopped]).toEqual([[], true])
    const pages = await allPages(db, { cadence: 'weekly' }, 5, 4)
    expect(pages).toEqual([[], [], ['first@example.org']])
  })
})

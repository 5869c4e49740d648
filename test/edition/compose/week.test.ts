import { eq, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { readEdition } from '../../../src/edition/compose/archive.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { release } from '../../../src/edition/draft/release.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { editionParts, papers, signals } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, servicesOn } from '../../support/services.ts'

const WEEK = { kind: 'weekly', date: '2026-04-13' } as const

/** Two weeks with three list days each. The second has three more papers on robotics, and one that rises after its day. */
async function twoWeeks(db: Db) {
  for (const day of ['2026-04-06', '2026-04-07', '2026-04-08']) await addPapers(db, day, 2)
  const monday = await addPapers(db, '2026-04-13', 2)
  for (const day of ['2026-04-14', '2026-04-15']) await addPapers(db, day, 2)
  await db.update(papers).set({ topics: ['agents'] })
  await db
    .update(papers)
    .set({ topics: ['robotics'] })
    .where(sql`list_day >= '2026-04-13' AND list_position = 0`)
  await db.update(papers).set({ title: 'Riser: A Paper' }).where(eq(papers.id, monday[1]!))
  await db
    .insert(signals)
    .values({ paperId: monday[1]!, observedAt: new Date('2026-04-19T12:00:00Z'), votes: 131, origin: 'file' })
}

test('a weekly edition says what moved: topics against the week before, and papers that rose after their day', async ({
  db,
}) => {
  await twoWeeks(db)
  const services = servicesOn(db, {}, { now: new Date('2026-04-20T04:00:00Z') })
  await assemble(services, WEEK)
  await release(services, WEEK)
  const { html, text } = (await readEdition(services, WEEK.date, 'weekly'))!
  expect(text).toContain('WHAT MOVED THIS WEEK')
  expect(text).toContain('Robotics gained most: 3 papers, 3 more than the week before.')
  expect(text).toMatch(/^Robotics +3 +\+3 {2}#+$/m)
  expect(text).toMatch(/^Agents +3 +−3 {2}#+$/m)
  expect(text).toContain('Riser, 99 → 131 votes')
  expect(html).toContain('Robotics gained most')
  expect(html).not.toMatch(/<img|<svg/)
  expect(text, 'each paper has its day').toMatch(/· Tuesday · /u)
})

test('a week with too few list days compares nothing', async ({ db }) => {
  const services = servicesOn(db, {}, { now: new Date('2026-04-20T04:00:00Z') })
  await addPapers(db, '2026-04-13', 2)
  await assemble(services, WEEK)
  await release(services, WEEK)
  expect((await readEdition(services, WEEK.date, 'weekly'))!.text).not.toContain('WHAT MOVED')
})

test('an edition that an older version composed is composed again for reading', async ({ db }) => {
  const services = servicesOn(db)
  const day = { kind: 'daily', date: '2026-04-14' } as const
  await addPapers(db, day.date, 3)
  await assemble(services, day)
  await release(services, day)
  await db.update(editionParts).set({ parts: { locale: 'en', sections: ['top'] } })
  const { text } = (await readEdition(services, day.date))!
  expect(text).toContain(' 3. Paper 3 of 2026-04-14')
})

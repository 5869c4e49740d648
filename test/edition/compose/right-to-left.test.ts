import { eq } from 'drizzle-orm'
import { expect } from 'vitest'
import { preview } from '../../../src/delivery/preview/preview.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { papers } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, servicesOn } from '../../support/services.ts'

const NAME = 'محمد علي'
const EDITION = { kind: 'daily' as const, date: '2026-04-14' }

test('the votes after an author from right to left stay after the name, in both parts', async ({ db }) => {
  const services = servicesOn(db)
  await addPapers(db, EDITION.date, 1)
  const [paper] = await db.select().from(papers)
  await db
    .update(papers)
    .set({ authors: [NAME], shownAuthors: null })
    .where(eq(papers.id, paper!.id))
  await assemble(services, EDITION)
  const { html, text } = await preview(services, EDITION)
  expect(text).toContain(`\u2068${NAME}\u2069 · `)
  const byline = html.split('<p').find((each) => each.includes(NAME))
  expect(byline).toContain(`\u2068${NAME}\u2069\u00a0· `)
  // It takes the direction of the first letter, also of an isolated one.
  expect(byline).not.toContain('dir="auto"')
})

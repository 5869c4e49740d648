import { eq, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { preview } from '../../../src/delivery/preview/preview.ts'
import { readEdition } from '../../../src/edition/compose/archive.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { publishNotice, readNotices } from '../../../src/edition/draft/publish-notice.ts'
import { release } from '../../../src/edition/draft/release.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { papers } from '../../../src/runtime/db/schema.ts'
import { someoneWaits, test } from '../../support/database.ts'
import { addPapers, servicesOn } from '../../support/services.ts'

const correctionsOf = (text: string) => /CORRECTIONS\n=+\n([\s\S]*?)\n--\n/.exec(text)?.[1]?.replace(/\s+/g, ' ').trim()

async function publish(db: Db, date: string, now: string) {
  const services = servicesOn(db, {}, { now: new Date(now) })
  await assemble(services, { date })
  await release(services, { date })
  return (await readEdition(services, date))!.text
}

test('a new title and a withdrawal are reported once, in the next edition', async ({ db }) => {
  const [first, second, third] = await addPapers(db, '2026-04-14', 3)
  expect(correctionsOf(await publish(db, '2026-04-14', '2026-04-15T03:00:00Z'))).toBeUndefined()

  await db.update(papers).set({ title: 'A better name' }).where(eq(papers.id, first!))
  await db
    .update(papers)
    .set({ withdrawnAt: new Date('2026-04-15T09:00:00Z') })
    .where(eq(papers.id, second!))
  // Changed white space alone is no new title.
  await db.update(papers).set({ title: 'Paper 3  of 2026-04-14' }).where(eq(papers.id, third!))
  await addPapers(db, '2026-04-15', 3)
  const next = servicesOn(db, {}, { now: new Date('2026-04-16T03:00:00Z') })
  await assemble(next, { date: '2026-04-15' })
  expect(
    correctionsOf((await preview(next, { kind: 'daily', date: '2026-04-15' })).text),
    'a draft’s preview too',
  ).toContain('A better name')
  const reported = correctionsOf(await publish(db, '2026-04-15', '2026-04-16T03:00:00Z'))!
  expect(reported).toContain('“Paper 1 of 2026-04-14” (14 April) is now called “A better name”.')
  expect(reported).toContain('“Paper 2 of 2026-04-14” (14 April) was withdrawn.')
  expect(reported).not.toContain('Paper 3')

  await addPapers(db, '2026-04-16', 3)
  expect(correctionsOf(await publish(db, '2026-04-16', '2026-04-17T03:00:00Z'))).toBeUndefined()

  await db.update(papers).set({ title: 'The best name' }).where(eq(papers.id, first!))
  await addPapers(db, '2026-04-17', 3)
  const again = correctionsOf(await publish(db, '2026-04-17', '2026-04-18T03:00:00Z'))
  expect(again, 'each change is a new correction').toContain('The best name')
})

test('a change while its edition is being released is reported in the next one', async ({ db }) => {
  const [first, second] = await addPapers(db, '2026-04-14', 3)
  const services = servicesOn(db, {}, { now: new Date('2026-04-15T03:00:00Z') })
  await assemble(services, { date: '2026-04-14' })
  const { releasing } = await db.transaction(async (tx) => {
    // The release has read the papers when it comes to this table.
    await tx.execute(sql`LOCK TABLE edition_notices`)
    const releasing = release(services, { date: '2026-04-14' })
    await someoneWaits(db)
    await db.update(papers).set({ title: 'A better name' }).where(eq(papers.id, first!))
    await db.update(papers).set({ withdrawnAt: services.now() }).where(eq(papers.id, second!))
    return { releasing }
  })
  await releasing
  expect((await readEdition(services, '2026-04-14'))!.text).not.toMatch(/A better name|Withdrawn/)
  await addPapers(db, '2026-04-15', 3)
  const reported = correctionsOf(await publish(db, '2026-04-15', '2026-04-16T03:00:00Z'))
  expect(reported).toContain('“Paper 1 of 2026-04-14” (14 April) is now called “A better name”.')
  expect(reported).toContain('“Paper 2 of 2026-04-14” (14 April) was withdrawn.')
})

test('the card of a paper that was withdrawn before its edition says so', async ({ db }) => {
  const [first] = await addPapers(db, '2026-04-14', 3)
  await db
    .update(papers)
    .set({ withdrawnAt: new Date('2026-04-14T20:00:00Z') })
    .where(eq(papers.id, first!))
  const text = await publish(db, '2026-04-14', '2026-04-15T03:00:00Z')
  expect(text.match(/\*\* Withdrawn \*\*/g)).toHaveLength(1)
  expect(correctionsOf(text)).toBeUndefined()
})

test('an article that its journal retracted is called retracted', async ({ db }) => {
  const [first, second] = await addPapers(db, '2026-04-14', 3)
  const gone = { withdrawnAt: new Date('2026-04-14T20:00:00Z') }
  await db
    .update(papers)
    .set({ ...gone, title: 'RETRACTED ARTICLE: On sleep' })
    .where(eq(papers.id, first!))
  const text = await publish(db, '2026-04-14', '2026-04-15T03:00:00Z')
  expect(text.match(/\*\* .* \*\*/g)).toEqual(['** Retracted **'])
  await db
    .update(papers)
    .set({ ...gone, abstract: 'This article has been retracted by the editors. Do not cite it.' })
    .where(eq(papers.id, second!))
  await addPapers(db, '2026-04-15', 3)
  const reported = correctionsOf(await publish(db, '2026-04-15', '2026-04-16T03:00:00Z'))
  expect(reported).toContain('“Paper 2 of 2026-04-14” (14 April) was retracted.')
})

test('many changes at once leave room for papers: ten in an edition, withdrawals first, the others in the next ones', async ({
  db,
}) => {
  const ids = await addPapers(db, '2026-04-14', 100)
  await publish(db, '2026-04-14', '2026-04-15T03:00:00Z')
  await db.update(papers).set({ title: sql`repeat('a name as another source writes it ', 8) || id` })
  await db
    .update(papers)
    .set({ withdrawnAt: new Date('2026-04-15T09:00:00Z') })
    .where(eq(papers.id, ids[99]!))
  const reported = new Set<string>()
  for (const [date, now] of [
    ['2026-04-15', '2026-04-16T03:00:00Z'],
    ['2026-04-16', '2026-04-17T03:00:00Z'],
  ] as const) {
    await addPapers(db, date, 20)
    await publish(db, date, now)
    const services = servicesOn(db, {}, { now: new Date(now) })
    const { html, text } = await preview(services, { kind: 'daily', date }, undefined, { size: 20 })
    expect(html.match(/<h3/g)).toHaveLength(20)
    const titles = correctionsOf(text)!.match(/Paper \d+ of 2026-04-14/g)!
    expect(titles).toHaveLength(10)
    for (const title of titles) reported.add(title)
  }
  expect([...reported][0], 'a withdrawal').toBe('Paper 100 of 2026-04-14')
  expect(reported.size).toBe(20)
})

test('in a weekly edition, a change names the week', async ({ db }) => {
  const kind = 'weekly'
  const [first] = await addPapers(db, '2026-04-08', 2)
  const before = servicesOn(db, {}, { now: new Date('2026-04-13T04:00:00Z') })
  await assemble(before, { kind, date: '2026-04-06' })
  await release(before, { kind, date: '2026-04-06' })
  await db.update(papers).set({ title: 'A better name' }).where(eq(papers.id, first!))
  await addPapers(db, '2026-04-14', 2)
  const services = servicesOn(db, {}, { now: new Date('2026-04-20T04:00:00Z') })
  await assemble(services, { kind, date: '2026-04-13' })
  expect(correctionsOf((await preview(services, { kind, date: '2026-04-13' })).text)).toBe(
    '“Paper 1 of 2026-04-08” (week of 6 April) is now called “A better name”.' + ' https://arxiv.org/abs/2604.00001',
  )
})

test('the same words twice, as by a double click, are one correction', async ({ db }) => {
  await addPapers(db, '2026-04-14', 3)
  await publish(db, '2026-04-14', '2026-04-15T03:00:00Z')
  const services = servicesOn(db, {}, { now: new Date('2026-04-15T09:00:00Z') })
  const key = { kind: 'daily', date: '2026-04-14' } as const
  const press = () => publishNotice(services, key, 'Paper 2 is by Ada  Lovelace.')
  expect(await Promise.all([press(), press()])).toEqual(expect.arrayContaining([true, false]))
  expect((await readNotices(services, key)).map(({ words }) => words)).toEqual(['Paper 2 is by Ada Lovelace.'])
})

import { eq, sql } from 'drizzle-orm'
import { simpleParser } from 'mailparser'
import { expect } from 'vitest'
import { preview } from '../../../src/delivery/preview/preview.ts'
import { renderSideBySide } from '../../../src/delivery/preview/side-by-side.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { indexPapers } from '../../../src/papers/search/index-papers.ts'
import { editionParts, papers } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, addSubscriber, servicesOn } from '../../support/services.ts'

const DAY = '2026-04-14'
const KEY = { kind: 'daily' as const, date: DAY }

test('a preview with overrides has their size, topics, language and format', async ({ db }) => {
  const services = servicesOn(db)
  const ids = await addPapers(db, DAY, 30)
  await db.execute(sql`UPDATE papers SET topics = '{computer-vision}' WHERE id = ${ids[27]}`)
  await assemble(services, KEY)

  const five = await preview(services, KEY, undefined, { size: 5, topics: ['computer-vision'], locale: 'de' })
  expect(five.html.match(/<h3/g)).toHaveLength(5)
  expect(five.text).toContain('FÜR SIE')
  expect(five.text).toContain('Ihr Thema: Computer Vision')
  expect(five.html).toMatch(/<html[^>]* lang="de"/)
  expect(five.subject).toMatch(/ und 3 weitere · Meistbeachtete Artikel, 14\. April$/)

  const plain = await simpleParser((await preview(services, KEY, undefined, { format: 'text' })).eml)
  expect(plain.html).toBe(false)
  expect(plain.headers.get('content-type')).toMatchObject({ value: 'text/plain' })
  expect(plain.text).toContain('10. Paper 10 of')
  expect(await db.$count(editionParts), 'a preview stores nothing').toBe(0)
})

test('a preview shows what each wish brings: share, authors, organisations, papers like one, and votes', async ({
  db,
}) => {
  const services = servicesOn(db)
  const [voted, liked] = await addPapers(db, '2026-04-02', 2)
  const ids = await addPapers(db, DAY, 30)
  const change = (id: number | undefined, to: Partial<typeof papers.$inferInsert>) =>
    db.update(papers).set(to).where(eq(papers.id, id!))
  await change(voted, { title: 'HY-World 1.0: Worlds', abstract: 'Glaciers melt into fjords.' })
  await change(liked, { title: 'Violins', abstract: 'Violins resonate with lacquered maple.' })
  await change(ids[20], { authors: ['Łukasz Kaiser'] })
  await change(ids[21], { organization: 'ETH Zürich' })
  await change(ids[22], { title: 'More violins', abstract: 'Violins resonate with lacquered maple, again.' })
  await change(ids[23], { title: 'HY-World 2.0: Worlds', abstract: 'Rather different words.' })
  await change(ids[24], { title: 'On ice', abstract: 'Glaciers melt into fjords, we show.' })
  await indexPapers(services)
  await assemble(services, KEY)
  const [first, second] = ['2604.02000', '2604.02001']

  const wishes = await preview(services, KEY, undefined, {
    share: 'mostly',
    authors: ['lukasz kaiser'],
    organisations: ['ETH Zürich'],
    like: [`https://arxiv.org/abs/${second}`],
    votes: [first],
  })
  const text = wishes.text.replace(/\s+/g, ' ')
  expect(text).toContain('by Łukasz Kaiser, whom you follow')
  expect(text).toContain('from ETH Zürich, which you follow')
  expect(text).toContain('like “Violins”')
  expect(text).toMatch(/On ice.*?similar to papers you voted for or saved/)
  expect(text).toMatch(/HY-World 2\.0: Worlds.*?follows HY-World 1\.0, which you voted for/)

  // As planning has it: without a paper there is no digest.
  await expect(
    preview(services, KEY, undefined, { share: 'only', authors: ['An Unknown Author'] }),
  ).rejects.toMatchObject({
    code: 'EDITION_EMPTY',
  })
  const only = await preview(services, KEY, undefined, { share: 'only', authors: ['Łukasz Kaiser'] })
  expect(only.html.match(/<h3/g)).toHaveLength(1)
  await expect(preview(services, KEY, undefined, { votes: ['2604.99999'] })).rejects.toThrow('2604.99999')
})

test('overrides replace a subscriber’s preferences, and the others stay theirs', async ({ db }) => {
  const services = servicesOn(db)
  await addPapers(db, DAY, 30)
  await assemble(services, KEY)
  await addSubscriber(db, 'ada@example.org', { size: 5, locale: 'de' })
  const own = await preview(services, KEY, 'ada@example.org', { size: 20 })
  expect(own.html.match(/<h3/g)).toHaveLength(20)
  expect(own.html).toMatch(/<html[^>]* lang="de"/)
})

test('side by side: on a desktop, dark, on a phone and as text, whatever the browser prefers', async ({ db }) => {
  const services = servicesOn(db)
  await addPapers(db, DAY, 3)
  await assemble(services, KEY)
  const page = renderSideBySide(await preview(services, KEY))
  const frames = [...page.matchAll(/<iframe title="(\w+)" width="(\d+)" srcdoc="([^"]*)"/g)]
  expect(frames.map(([, name, width]) => [name, width])).toEqual([
    ['HTML', '640'],
    ['Dark', '640'],
    ['Phone', '375'],
  ])
  expect(frames.map(([, , , document]) => /@media (all|not all) \{/.exec(document!)![1])).toEqual([
    'not all',
    'all',
    'not all',
  ])
  expect(page).toMatch(/<pre>PAPERBOY/)
})

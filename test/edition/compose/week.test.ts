import { eq, sql } from 'drizzle-orm'
import { expect, onTestFinished } from 'vitest'
import { spanAround } from '../../../src/calendar/spans.ts'
import { preview } from '../../../src/delivery/preview/preview.ts'
import { sendEdition } from '../../../src/delivery/send/send-edition.ts'
import { readEdition } from '../../../src/edition/compose/archive.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { listSpan } from '../../../src/papers/lists/list-day.ts'
import { markPaper, unmarkPaper } from '../../../src/papers/votes/marks.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { editionParts, papers, signals } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, addSubscriber, servicesOn } from '../../support/services.ts'
import { openSink } from '../../support/sink.ts'

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

test('a weekly digest lists up to three papers that its reader saved, once, and a daily one does not', async ({
  db,
}) => {
  const at = { now: new Date('2026-04-20T04:00:00Z') }
  const sink = await openSink()
  onTestFinished(() => sink.close())
  const services = servicesOn(db, { SMTP_URL: sink.url }, at)
  const ids = await addPapers(db, '2026-04-14', 12)
  const reader = { size: 2, cadence: 'weekly', nextDigestAt: at.now } as const
  const ada = await addSubscriber(db, 'ada@example.org', reader)
  await addSubscriber(db, 'bob@example.org', reader)
  await assemble(services, WEEK)
  await release(services, WEEK)
  // The first is a card of hers anyway. Of the others, the three saved last are listed.
  for (const position of [0, 4, 6, 8, 10]) {
    at.now = new Date(at.now.getTime() + 60_000)
    await markPaper(services, { subscriberId: ada, paperId: ids[position]!, kind: 'saved' })
  }
  await markPaper(services, { subscriberId: ada, paperId: ids[7]!, kind: 'not interested' })
  await unmarkPaper(services, { subscriberId: ada, paperId: ids[10]!, kind: 'saved' })
  await sendEdition(services, WEEK, { now: true, wait: true, stop: AbortSignal.timeout(20_000), onProgress: () => {} })
  const hers = await sink.read('ada@example.org')
  const part = /SAVED THIS WEEK\n=+\n([\s\S]*?)All your saved papers: https:\S+\/saved/.exec(hers.text!)![1]!
  expect(part.match(/Paper \d+ of/g)).toEqual(['Paper 9 of', 'Paper 7 of', 'Paper 5 of'])
  for (const rank of [5, 7, 9, 11]) {
    const times = hers.text!.match(new RegExp(`Paper ${rank} of`, 'g'))!.length
    expect([rank, times]).toEqual([rank, 1])
  }
  expect((hers.html as string).match(/Saved this week[\s\S]*Paper 9 of[\s\S]*Also on the list/)).not.toBeNull()
  const his = await sink.read('bob@example.org')
  expect(his.text).not.toContain('SAVED')
  expect(his.text).toContain('ALSO ON THE LIST')
  const { text } = await preview(services, WEEK, 'ada@example.org')
  expect(text).toContain('SAVED THIS WEEK')
  const day = { kind: 'daily', date: '2026-04-14' } as const
  await assemble(services, day)
  expect((await preview(services, day, 'ada@example.org')).text).not.toContain('SAVED')
})

test('a week goes by votes, as its page does: its lead, its ranks and its order agree', async ({ db }) => {
  const services = servicesOn(db, {}, { now: new Date('2026-04-20T04:00:00Z') })
  const [monday] = await addPapers(db, '2026-04-13', 2)
  const [friday] = await addPapers(db, '2026-04-17', 2)
  await db.update(papers).set({ title: 'Monday: A Paper' }).where(eq(papers.id, monday!))
  await db.update(papers).set({ title: 'Friday: A Paper' }).where(eq(papers.id, friday!))
  const observedAt = new Date('2026-04-20T01:00:00Z')
  await db.insert(signals).values([
    { paperId: monday!, observedAt, votes: 144, origin: 'file' },
    { paperId: friday!, observedAt, votes: 112, origin: 'file' },
  ])
  await assemble(services, WEEK)
  const { text } = await preview(services, WEEK)
  expect(text).toContain('Monday is first with 144 votes.')
  expect(text).toMatch(/ 1\. Monday: A Paper[\s\S]*1st of the week’s 4 papers[\s\S]* 2\. Friday: A Paper/)
  const span = spanAround('week', WEEK.date)
  const page = await listSpan({ db, now: services.now, closeHourUtc: 2 }, span)
  expect(page!.papers.slice(0, 2).map(({ id }) => id)).toEqual([monday, friday])
})

test('a paper rose after its day only by votes that were read at its close', async ({ db }) => {
  await twoWeeks(db)
  await db
    .update(signals)
    .set({ observedAt: new Date('2026-04-13T09:00:00Z') })
    .where(sql`paper_id = (SELECT id FROM papers WHERE title LIKE 'Riser%') AND votes = 99`)
  const services = servicesOn(db, {}, { now: new Date('2026-04-20T04:00:00Z') })
  await assemble(services, WEEK)
  const { text } = await preview(services, WEEK)
  expect(text).toContain('WHAT MOVED THIS WEEK')
  expect(text).not.toContain('Riser, 99 → 131 votes')
  await db.execute(
    sql`INSERT INTO polls (source, list_day, read_at) VALUES ('hf', '2026-04-13', '2026-04-14T01:30:00Z')`,
  )
  expect((await preview(services, WEEK)).text, 'a read at the close found the same votes').toContain('99 → 131 votes')
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

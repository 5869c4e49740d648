import { eq } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { preview } from '../../../src/delivery/preview/preview.ts'
import { readEdition } from '../../../src/edition/compose/archive.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { type CuratorAction, curate } from '../../../src/edition/draft/curate.ts'
import { readCuratorView } from '../../../src/edition/draft/curator-view.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { fingerprint } from '../../../src/lib/fingerprint.ts'
import { titleId } from '../../../src/papers/paper-id.ts'
import { paperPath } from '../../../src/papers/paper-path.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { editionPapers, editions, papers, picks, signals } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { addPapers, releasedEdition, servicesOn } from '../../support/services.ts'

const DAY = '2026-04-14'
const order = async (db: Db, kind: 'daily' | 'weekly' = 'daily') => {
  const rows = await db
    .select({ title: papers.title })
    .from(editionPapers)
    .innerJoin(papers, eq(papers.id, editionPapers.paperId))
    .innerJoin(editions, eq(editions.id, editionPapers.editionId))
    .where(eq(editions.kind, kind))
    .orderBy(editionPapers.position)
  return rows.map(({ title }) => title.slice(0, 7))
}

describe('the curator’s verdict on a paper', () => {
  test('takes effect at once, in every draft that has the paper', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 3)
    await assemble(services, { date: DAY })
    await assemble(services, { kind: 'weekly', date: '2026-04-13' })
    expect(await curate(services, 'arxiv.org/abs/2604.14002', 'pick', 'Read this.')).toMatchObject({
      listDay: DAY,
      assembled: [
        { kind: 'weekly', date: '2026-04-13' },
        { kind: 'daily', date: DAY },
      ],
    })
    await curate(services, '2604.14000', 'drop')
    expect(await db.select().from(picks).orderBy(picks.paperId)).toMatchObject([
      { verdict: 'dropped', note: null, curator: services.config.CURATOR_NAME },
      { verdict: 'picked', note: 'Read this.', curator: services.config.CURATOR_NAME },
    ])
    for (const kind of ['daily', 'weekly'] as const) expect(await order(db, kind)).toEqual(['Paper 3', 'Paper 2'])
    await curate(services, '2604.14000', 'unpick')
    expect(await order(db)).toEqual(['Paper 3', 'Paper 1', 'Paper 2'])
  })

  test('a picked paper comes first, and its reason gives the rank of its votes', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 3)
    await curate(services, '2604.14002', 'pick')
    await assemble(services, { date: DAY })
    await assemble(services, { kind: 'weekly', date: '2026-04-13' })
    const rows = await db
      .select({ facts: editionPapers.facts })
      .from(editionPapers)
      .where(eq(editionPapers.section, 'picks'))
    expect(rows).toHaveLength(2)
    const ranks = rows.map(({ facts }) => facts as { list?: { rank?: number }; week?: { rank: number } })
    expect(ranks.map(({ list, week }) => week?.rank ?? list?.rank)).toEqual([3, 3])
  })

  test('applies to an edition that is assembled later', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 2)
    expect(await curate(services, '2604.14001', 'pick')).toMatchObject({ assembled: [] })
    await assemble(services, { date: DAY })
    expect(await order(db)).toEqual(['Paper 2', 'Paper 1'])
  })

  test('finds a paper without an arXiv id by the number in its link, and by the id that the desk has', async ({
    db,
  }) => {
    const services = servicesOn(db)
    const [id] = await addPapers(db, DAY, 2)
    await db
      .update(papers)
      .set({ source: 'title', sourceId: titleId('Paper 1') })
      .where(eq(papers.id, id!))
    const [paper] = await db.select().from(papers).where(eq(papers.id, id!))
    expect(await curate(services, paperPath(paper!).split('/').at(-1)!, 'pick')).toMatchObject({ title: paper!.title })
    expect(await db.select({ paperId: picks.paperId }).from(picks)).toEqual([{ paperId: id }])
    expect(await curate(services, paper!.sourceId, 'unpick')).toMatchObject({ title: paper!.title })
  })

  test('is refused once its edition is released, and stores nothing', async ({ db }) => {
    const services = servicesOn(db)
    await releasedEdition(services, DAY, 2)
    await expect(curate(services, '2604.14001', 'drop')).rejects.toMatchObject({ code: 'EDITION_STATE' })
    expect(await db.$count(picks)).toBe(0)
  })
})

describe('in one edition', () => {
  const KEY = { kind: 'daily' as const, date: DAY }
  const MONDAY = '2026-04-13'

  test('a paper of another list day is added, and removed again; its own day does not change', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, MONDAY, 2)
    await addPapers(db, DAY, 2)
    await assemble(services, { date: DAY })
    await assemble(services, { date: MONDAY })
    const monday = async () => (await readCuratorView(services, { kind: 'daily', date: MONDAY })).papers.length
    await curate(services, '2604.13001', 'pick', 'Overlooked.', { edition: KEY })
    const { papers: shown } = await readCuratorView(services, KEY)
    expect(shown.map(({ title, section, note, isGuest }) => [title, section, note, isGuest])).toEqual([
      ['Paper 2 of 2026-04-13', 'picks', 'Overlooked.', true],
      ['Paper 1 of 2026-04-14', 'top', null, false],
      ['Paper 2 of 2026-04-14', 'top', null, false],
    ])
    expect(await monday()).toBe(2)
    await release(services, { date: DAY })
    const { text } = (await readEdition(services, DAY))!
    expect(text).toContain('Paper 2 of 2026-04-13')
    await expect(curate(services, '2604.13001', 'unpick', undefined, { edition: KEY })).rejects.toMatchObject({
      code: 'EDITION_STATE',
    })
  })

  test('a guest with more votes is not first of the list', async ({ db }) => {
    const services = servicesOn(db)
    const [guest] = await addPapers(db, MONDAY, 1)
    await addPapers(db, DAY, 2)
    await db
      .insert(signals)
      .values({ paperId: guest!, votes: 900, observedAt: new Date('2026-04-14T12:00:00Z'), origin: 'file' })
    await assemble(services, { date: DAY })
    await curate(services, '2604.13000', 'pick', undefined, { edition: KEY })
    await release(services, { date: DAY })
    const { text } = (await readEdition(services, DAY))!
    expect(text).toContain('Paper 1 of 2026-04-14 is first with 100 votes.')
    expect(text).toContain('900 votes')
  })

  test('a guest is removed without a trace', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, MONDAY, 2)
    await addPapers(db, DAY, 2)
    await assemble(services, { date: DAY })
    await curate(services, '2604.13001', 'pick', 'Overlooked.', { edition: KEY })
    await curate(services, '2604.13001', 'unpick', undefined, { edition: KEY })
    expect([await order(db), await db.$count(picks)]).toEqual([['Paper 1', 'Paper 2'], 0])
  })

  test('a rising paper is dropped from this edition, and its own list keeps it', async ({ db }) => {
    const services = servicesOn(db, {}, { now: new Date('2026-04-15T03:00:00Z') })
    const ids = await addPapers(db, MONDAY, 8)
    await addPapers(db, DAY, 2)
    await db
      .insert(signals)
      .values([
        { paperId: ids[7]!, observedAt: new Date('2026-04-15T01:00:00Z'), votes: 400, comments: 0, origin: 'file' },
      ])
    await db.update(signals).set({ comments: 0 })
    await assemble(services, { date: DAY })
    const rising = async () =>
      (await readCuratorView(services, KEY)).papers
        .filter(({ section }) => section === 'rising')
        .map(({ title }) => title)
    expect(await rising()).toEqual(['Paper 8 of 2026-04-13'])
    await curate(services, '2604.13007', 'drop', undefined, { edition: KEY })
    expect(await rising()).toEqual([])
    expect((await readCuratorView(services, KEY)).dropped.map(({ title }) => title)).toEqual(['Paper 8 of 2026-04-13'])
    await assemble(services, { date: MONDAY })
    expect((await readCuratorView(services, { kind: 'daily', date: MONDAY })).papers).toHaveLength(8)
    await curate(services, '2604.13007', 'unpick', undefined, { edition: KEY })
    expect(await rising()).toEqual(['Paper 8 of 2026-04-13'])
  })

  test('a note needs no pick, stays when a pick is undone, and goes when it is emptied', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 2)
    await assemble(services, { date: DAY })
    const act = (action: CuratorAction, note?: string) => curate(services, '2604.14001', action, note, { edition: KEY })
    const seen = async () =>
      (await readCuratorView(services, KEY)).papers.map(({ title, note }) => [title.slice(0, 7), note])
    await act('note', ' See [the code](https://x.example). ')
    expect(await seen()).toEqual([
      ['Paper 1', null],
      ['Paper 2', 'See [the code](https://x.example).'],
    ])
    await act('pick')
    expect((await seen())[0]).toEqual(['Paper 2', 'See [the code](https://x.example).'])
    await act('unpick')
    expect((await seen())[1]).toEqual(['Paper 2', 'See [the code](https://x.example).'])
    const { html, text } = await preview(services, KEY)
    expect(html).toMatch(/See <a class="accent" [^>]*href="https:\/\/x\.example">the code<\/a>\./)
    expect(text.replaceAll(/\s+/g, ' ')).toContain('See the code (https://x.example).')
    await act('note', '')
    expect(await db.$count(picks)).toBe(0)
    await expect(act('note', 'x'.repeat(501))).rejects.toMatchObject({ code: 'BAD_EDITION' })
  })

  test('a form made before another curator’s change is refused, and changes nothing', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 3)
    await assemble(services, { date: DAY })
    const seen = fingerprint(null, null, null)
    await curate(services, '2604.14001', 'note', 'Mine.', { edition: KEY, seen })
    for (const action of ['drop', 'pick', 'pin', 'note'] as const)
      await expect(curate(services, '2604.14001', action, 'Yours.', { edition: KEY, seen })).rejects.toMatchObject({
        code: 'EDITION_CHANGED',
      })
    expect(await db.select({ verdict: picks.verdict, note: picks.note }).from(picks)).toEqual([
      { verdict: null, note: 'Mine.' },
    ])
    await curate(services, '2604.14001', 'drop', undefined, { edition: KEY, seen: fingerprint(null, 'Mine.', null) })
    // Another paper is another form.
    await curate(services, '2604.14002', 'pick', undefined, { edition: KEY, seen })
  })

  test('two curators at once: one of two forms for the same paper counts', async ({ db }) => {
    const services = servicesOn(db)
    await addPapers(db, DAY, 3)
    await assemble(services, { date: DAY })
    await assemble(services, { kind: 'weekly', date: MONDAY })
    const seen = fingerprint(null, null, null)
    const both = await Promise.allSettled([
      curate(services, '2604.14001', 'pick', 'One.', { edition: KEY, seen }),
      curate(services, '2604.14001', 'drop', undefined, { edition: { kind: 'weekly', date: MONDAY }, seen }),
    ])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await db.$count(picks)).toBe(1)
  })
})

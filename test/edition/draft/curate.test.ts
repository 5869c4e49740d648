import { eq } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { curate } from '../../../src/edition/draft/curate.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { editionPapers, editions, papers, picks } from '../../../src/runtime/db/schema.ts'
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

  test('is refused once its edition is released, and stores nothing', async ({ db }) => {
    const services = servicesOn(db)
    await releasedEdition(services, DAY, 2)
    await expect(curate(services, '2604.14001', 'drop')).rejects.toMatchObject({ code: 'EDITION_STATE' })
    expect(await db.$count(picks)).toBe(0)
  })
})

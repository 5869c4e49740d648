import fc from 'fast-check'
import { describe, expect, test as pure } from 'vitest'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { type CurateOptions, type CuratorAction, curate } from '../../../src/edition/draft/curate.ts'
import { readCuratorView } from '../../../src/edition/draft/curator-view.ts'
import { placePinned } from '../../../src/edition/draft/pins.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { editionPapers, editionPins } from '../../../src/runtime/db/schema.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { test } from '../../support/database.ts'
import { addPapers, servicesOn } from '../../support/services.ts'

const KEY = { kind: 'daily' as const, date: '2026-04-14' }
const paperId = (n: number) => `2604.14${String(n - 1).padStart(3, '0')}`

/** The numbers of the papers, in the edition's order. */
const orderOf = async (services: Services) =>
  (await readCuratorView(services, KEY)).papers.map(({ title }) => Number(/\d+/.exec(title)![0]))

async function draftOn(db: Parameters<typeof servicesOn>[0], papers = 6) {
  const services = servicesOn(db)
  await addPapers(db, KEY.date, papers)
  await assemble(services, KEY)
  const act = (n: number, action: CuratorAction, options: CurateOptions = {}) =>
    curate(services, paperId(n), action, undefined, { edition: KEY, ...options })
  return { services, act, order: () => orderOf(services) }
}

const SECTIONS = ['picks', 'top', 'new', 'rising'] as const

pure('no paper is lost, each pin keeps its place, and each heading comes once', () => {
  const sections = fc.array(fc.constantFrom(...SECTIONS), { maxLength: 20 })
  const pins = fc.uniqueArray(fc.tuple(fc.nat(19), fc.integer({ min: 1, max: 25 })), {
    comparator: (a, b) => a[0] === b[0] || a[1] === b[1],
  })
  fc.assert(
    fc.property(sections, pins, (unordered, pinned) => {
      const rows = unordered
        .toSorted((a, b) => SECTIONS.indexOf(a) - SECTIONS.indexOf(b))
        .map((section, paperId) => ({ paperId, section }))
      const ranked = rows.filter(({ section }) => section !== 'rising').length
      const own = pinned.map(([id, place]) => ({ paperId: id, place }))
      const placed = placePinned(rows, own)
      expect(placed.map((row) => row.paperId).toSorted((a, b) => a - b)).toEqual(rows.map((row) => row.paperId))
      const valid = own.filter(({ paperId: id }) => id < ranked)
      // A pin behind the last paper moves up, and then another one may have its place.
      if (valid.every(({ place }) => place <= ranked))
        for (const { paperId: id, place } of valid) expect(placed[place - 1]!.paperId).toBe(id)
      const headings = placed.map(({ section }) => section).filter((section, at, all) => section !== all[at - 1])
      expect(headings).toEqual([...new Set(headings)])
    }),
  )
})

describe('a pinned paper', () => {
  test('stands at its place, before and after the list is read again, and is frozen with the edition', async ({
    db,
  }) => {
    const { services, act, order } = await draftOn(db)
    await act(5, 'pin', { place: 2 })
    expect(await order()).toEqual([1, 5, 2, 3, 4, 6])
    await assemble(services, KEY)
    expect(await order()).toEqual([1, 5, 2, 3, 4, 6])
    await act(6, 'pick')
    expect(await order(), 'a pick comes first, the pin keeps its place').toEqual([6, 5, 1, 2, 3, 4])
    await act(5, 'unpin')
    expect(await order()).toEqual([6, 1, 2, 3, 4, 5])
    await act(5, 'pin', { place: 1 })
    await release(services, KEY)
    expect(await order()).toEqual([5, 6, 1, 2, 3, 4])
    await expect(act(5, 'unpin')).rejects.toMatchObject({ code: 'EDITION_STATE' })
    expect(await order()).toEqual([5, 6, 1, 2, 3, 4])
  })

  test('gives way to the next one, in the direction that it came from', async ({ db }) => {
    const { act, order } = await draftOn(db)
    for (const n of [1, 2, 3]) await act(n, 'pin')
    await act(3, 'pin', { place: 1 })
    expect(await order()).toEqual([3, 1, 2, 4, 5, 6])
    await act(3, 'pin', { place: 3 })
    expect(await order()).toEqual([1, 2, 3, 4, 5, 6])
    expect(await placesOf(db)).toEqual([1, 2, 3])
  })

  test.for([0, -1, 1.5, 121, Number.NaN])('place %s does not exist, and nothing changes', async (place, { db }) => {
    const { act, order } = await draftOn(db)
    await expect(act(2, 'pin', { place })).rejects.toMatchObject({ code: 'BAD_EDITION' })
    expect([await order(), await db.$count(editionPins)]).toEqual([[1, 2, 3, 4, 5, 6], 0])
  })

  test('under the picks’ heading has no second heading below it', async ({ db }) => {
    const { act } = await draftOn(db)
    await act(4, 'pick')
    await act(2, 'pin', { place: 1 })
    const rows = await db.select({ section: editionPapers.section }).from(editionPapers).orderBy(editionPapers.position)
    expect(rows.map(({ section }) => section)).toEqual(['picks', 'picks', 'top', 'top', 'top', 'top'])
  })
})

const placesOf = async (db: Parameters<typeof servicesOn>[0]) =>
  (await db.select().from(editionPins).orderBy(editionPins.place)).map(({ place }) => place)

import { and, eq } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, number, query } from '../../runtime/db/query.ts'
import { type EditionSection, editionPins, paperSection } from '../../runtime/db/schema.ts'

/** As many as an edition has papers. */
const MAX_PLACE = 120

/** The papers with a fixed place, by place, starting at 1. */
type Pins = readonly { paperId: number; place: number }[]

export const readPins = (db: Db, editionId: number): Promise<{ paperId: number; place: number }[]> =>
  query(db, { paperId: bigint, place: number })`
    SELECT paper_id, place FROM edition_pins WHERE edition_id = ${editionId} ORDER BY place`

const SECTIONS = paperSection.enumValues

interface Placed {
  paperId: number
  section?: EditionSection
}

/**
 * Returns an edition's papers in their order, with the pinned ones at their places. A pinned paper stands under the heading of its
 * neighbours, so that each heading still comes once. Rising papers are never pinned and stay last.
 *
 * @param rows in the order without pins: picks, then by score, then new ones, then rising ones
 */
export function placePinned<Row extends Placed>(rows: readonly Row[], pins: Pins): Row[] {
  const places = new Map(pins.map(({ paperId, place }) => [paperId, place]))
  const ranked = rows.filter(({ section }) => section !== 'rising')
  const free = ranked.filter(({ paperId }) => !places.has(paperId))
  const pinned = ranked
    .filter(({ paperId }) => places.has(paperId))
    .sort((a, b) => places.get(a.paperId)! - places.get(b.paperId)!)
  const order: Row[] = []
  while (free.length + pinned.length > 0) {
    const isDue = pinned[0] && (free.length === 0 || places.get(pinned[0].paperId)! <= order.length + 1)
    order.push((isDue ? pinned : free).shift()!)
  }
  return [...withOneHeadingEach(order, places), ...rows.filter(({ section }) => section === 'rising')]
}

function withOneHeadingEach<Row extends Placed>(order: readonly Row[], places: ReadonlyMap<number, number>): Row[] {
  const rankOf = ({ section = 'top' }: Placed) => SECTIONS.indexOf(section)
  let lowest = 0
  return order.map((row, index) => {
    if (!places.has(row.paperId)) {
      lowest = rankOf(row)
      return row
    }
    const next = order.slice(index + 1).find(({ paperId }) => !places.has(paperId))
    const highest = next ? rankOf(next) : SECTIONS.indexOf('new')
    lowest = Math.min(Math.max(rankOf(row), lowest), Math.max(highest, lowest))
    return { ...row, section: SECTIONS[lowest] }
  })
}

/**
 * Fixes a paper's place in an edition. Where another paper is pinned, that one moves by one place towards where this one came from.
 *
 * @param from the place that it has now
 * @throws PaperboyError BAD_EDITION when there is no such place
 */
export async function storePin(
  db: Db,
  editionId: number,
  { paperId, place, from }: { paperId: number; place: number; from: number },
): Promise<void> {
  if (!Number.isInteger(place) || place < 1 || place > MAX_PLACE)
    throw new PaperboyError('BAD_EDITION', `Give a place from 1 to ${MAX_PLACE}.`)
  const pins = new Map((await readPins(db, editionId)).map((pin) => [pin.place, pin.paperId]))
  for (const [at, id] of pins) if (id === paperId) pins.delete(at)
  const step = place > from ? -1 : 1
  let moving: number | undefined = paperId
  for (let at = place; moving !== undefined; at += step) {
    const displaced: number | undefined = pins.get(at)
    // Beyond either end there is no place. The last one stays where it is, and gives way to the free papers.
    if (at < 1 || at > MAX_PLACE) break
    pins.set(at, moving)
    moving = displaced
  }
  await db.delete(editionPins).where(eq(editionPins.editionId, editionId))
  await db.insert(editionPins).values([...pins].map(([at, id]) => ({ editionId, paperId: id, place: at })))
}

export const deletePin = (db: Db, editionId: number, paperId: number) =>
  db.delete(editionPins).where(and(eq(editionPins.editionId, editionId), eq(editionPins.paperId, paperId)))

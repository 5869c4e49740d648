import { LRUCache } from 'lru-cache'
import { keptFor } from '../../lib/kept-for.ts'
import type { Db } from '../../runtime/db/database.ts'
import { orderDays } from './list-order.ts'
import { type ListedRow, readListed } from './listed-rows.ts'

interface Deps {
  db: Db
  now: () => Date
  closeHourUtc: number
}

/** A paper's place in its day's list, starting at 1, with the papers beside it. */
export interface PlaceOnDay {
  rank: number
  of: number
  previous?: ListedRow | undefined
  next?: ListedRow | undefined
}

/** As long as a rendered page. A list of arXiv has thousands of papers, and a digest sends its readers to one list at the same time. */
const KEPT_MS = 5_000
const MOST_DAYS = 50

/**
 * Returns a function that finds a paper's place. It keeps the order of a day's list for five seconds, and for five more while it reads
 * the new one. The place is undefined for a paper that the list does not show: the curator dropped it, it is an outdated sample, or the
 * day has not begun.
 */
export function placesOnDays(
  deps: Deps,
): (paper: Pick<ListedRow, 'id' | 'listDay'>) => Promise<PlaceOnDay | undefined> {
  const { db, now } = deps
  const orders = new LRUCache<string, () => Promise<readonly number[]>>({ max: MOST_DAYS })
  const orderOf = (day: string) => {
    const read = async () => (await orderDays(deps, [day])).get(day)?.ids ?? []
    const kept = orders.get(day) ?? keptFor(read, { ms: KEPT_MS, now: () => now().getTime() })
    orders.set(day, kept)
    return kept()
  }
  return async ({ id, listDay }) => {
    const ids = await orderOf(listDay)
    const index = ids.indexOf(id)
    if (index < 0) return undefined
    const beside = await readListed(
      db,
      [ids[index - 1], ids[index + 1]].filter((each) => each !== undefined),
      now(),
    )
    const find = (wanted: number | undefined) => beside.find((paper) => paper.id === wanted)
    return { rank: index + 1, of: ids.length, previous: find(ids[index - 1]), next: find(ids[index + 1]) }
  }
}

import type { Db } from '../../runtime/db/database.ts'
import { orderDays } from './list-order.ts'
import { type ListedRow, readListed } from './listed-rows.ts'

/** A paper's place in its day's list, starting at 1, with the papers beside it. */
export interface PlaceOnDay {
  rank: number
  of: number
  previous?: ListedRow | undefined
  next?: ListedRow | undefined
}

/** Returns undefined for a paper that the list does not show: the curator dropped it, it is an outdated sample, or the day has not begun. */
export async function placeOnDay(
  deps: { db: Db; now: () => Date; closeHourUtc: number },
  { id, listDay }: Pick<ListedRow, 'id' | 'listDay'>,
): Promise<PlaceOnDay | undefined> {
  const ids = (await orderDays(deps, [listDay])).get(listDay)?.ids ?? []
  const index = ids.indexOf(id)
  if (index < 0) return undefined
  const beside = await readListed(
    deps.db,
    [ids[index - 1], ids[index + 1]].filter((each) => each !== undefined),
    deps.now(),
  )
  const find = (wanted: number | undefined) => beside.find((paper) => paper.id === wanted)
  return { rank: index + 1, of: ids.length, previous: find(ids[index - 1]), next: find(ids[index + 1]) }
}

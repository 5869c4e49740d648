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
  { db, now }: { db: Db; now: () => Date },
  { id, listDay }: Pick<ListedRow, 'id' | 'listDay'>,
): Promise<PlaceOnDay | undefined> {
  const at = now()
  const ids = (await orderDays(db, [listDay], at)).get(listDay) ?? []
  const index = ids.indexOf(id)
  if (index < 0) return undefined
  const beside = await readListed(
    db,
    [ids[index - 1], ids[index + 1]].filter((each) => each !== undefined),
    at,
  )
  const find = (wanted: number | undefined) => beside.find((paper) => paper.id === wanted)
  return { rank: index + 1, of: ids.length, previous: find(ids[index - 1]), next: find(ids[index + 1]) }
}

import { closeOfDay, dayOf, daysLater } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { searchPapers } from '../search/search.ts'
import { listDay, newestDay } from './list-day.ts'
import type { ListedRow } from './listed-rows.ts'

interface Deps {
  db: Db
  now: () => Date
  closeHourUtc: number
}

const DAYS = 3
const BEST_OF_A_DAY = 30
const OF_A_TOPIC = 60

/**
 * What a feed has: the best of the newest closed lists in the order of their editions, or the newest papers of a topic on closed
 * lists. Closed, since a feed reader shows a paper where it first saw it.
 *
 * @param topic a slug
 */
export async function feedPapers(deps: Deps, topic?: string): Promise<ListedRow[]> {
  const lastClosed = newestClosedDay(deps)
  if (topic !== undefined) {
    return (await searchPapers(deps, { topic, to: lastClosed, limit: OF_A_TOPIC })).papers
  }
  const papers: ListedRow[] = []
  let day = await newestDay(deps, lastClosed)
  for (let n = 0; n < DAYS && day !== undefined; n++) {
    const list = await listDay(deps, day, { limit: BEST_OF_A_DAY })
    papers.push(...(list?.papers ?? []))
    day = list?.previous?.key
  }
  return papers
}

/** When a day's list closed, which is when a feed first had its papers. */
export const feedDateOf = closeOfDay

/** The last day whose list is closed. */
export function newestClosedDay({ now, closeHourUtc }: Pick<Deps, 'now' | 'closeHourUtc'>): string {
  const yesterday = daysLater(dayOf(now()), -1)
  return closeOfDay(yesterday, closeHourUtc) <= now() ? yesterday : daysLater(yesterday, -1)
}

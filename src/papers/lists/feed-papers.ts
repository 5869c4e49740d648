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
const BEST_PER_DAY = 30
const MOST_PER_TOPIC = 60

/**
 * Returns the papers of a feed: the best of the newest closed lists in the order of their editions.
 * For a topic it returns its newest papers on closed lists.
 * Open lists are excluded, because a feed reader never moves a paper after it first saw it.
 *
 * @param topic a slug
 */
export async function feedPapers(deps: Deps, topic?: string): Promise<ListedRow[]> {
  const lastClosed = newestClosedDay(deps)
  if (topic !== undefined) {
    return (await searchPapers(deps, { topic, to: lastClosed, limit: MOST_PER_TOPIC })).papers
  }
  const papers: ListedRow[] = []
  let day = await newestDay(deps, lastClosed)
  for (let n = 0; n < DAYS && day !== undefined; n++) {
    const list = await listDay(deps, day, { limit: BEST_PER_DAY })
    papers.push(...(list?.papers ?? []))
    day = list?.previous?.key
  }
  return papers
}

/** Returns when a feed first contained a day's papers: at the close of its list. */
export const feedDateOf = closeOfDay

/** Returns the last day whose list is closed. */
export function newestClosedDay({ now, closeHourUtc }: Pick<Deps, 'now' | 'closeHourUtc'>): string {
  const yesterday = daysLater(dayOf(now()), -1)
  return closeOfDay(yesterday, closeHourUtc) <= now() ? yesterday : daysLater(yesterday, -1)
}

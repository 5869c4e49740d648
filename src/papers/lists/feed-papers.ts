import { closeOfDay, dayOf, daysLater } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { searchPapers } from '../search/search.ts'
import { newestDays } from './list-day.ts'
import { orderDays } from './list-order.ts'
import { type ListedRow, readListed } from './listed-rows.ts'
import { papersBy } from './papers-by.ts'

interface Deps {
  db: Db
  now: () => Date
  closeHourUtc: number
}

const DAYS = 3
const BEST_PER_DAY = 30
const MOST_FILTERED = 60

/** At most one of them; without any, the feed has the best of all papers. */
interface Filter {
  /** a slug */
  topic?: string | undefined
  /** names as papers write them */
  author?: string | undefined
  organisation?: string | undefined
}

/**
 * Returns the papers of a feed: the best of the newest closed lists in the order of their editions.
 * For a topic, an author or an organisation it returns their newest papers on closed lists.
 * Open lists are excluded, because a feed reader never moves a paper after it first saw it.
 */
export async function feedPapers(deps: Deps, { topic, author, organisation }: Filter = {}): Promise<ListedRow[]> {
  const lastClosed = newestClosedDay(deps)
  if (topic !== undefined) {
    return (await searchPapers(deps, { topic, to: lastClosed, limit: MOST_FILTERED })).papers
  }
  if (author !== undefined || organisation !== undefined) {
    const who = author !== undefined ? { author } : { organisation: organisation! }
    return (await papersBy(deps, who, { upTo: lastClosed, limit: MOST_FILTERED })).papers
  }
  const days = await newestDays(deps.db, lastClosed, DAYS)
  const orders = await orderDays(deps, days)
  const best = days.flatMap((day) => orders.get(day)?.ids.slice(0, BEST_PER_DAY) ?? [])
  return readListed(deps.db, best, deps.now())
}

/** Returns when a feed first contained a day's papers: at the close of its list. */
export const feedDateOf = closeOfDay

/** Returns the last day whose list is closed. */
export function newestClosedDay({ now, closeHourUtc }: Pick<Deps, 'now' | 'closeHourUtc'>): string {
  const yesterday = daysLater(dayOf(now()), -1)
  return closeOfDay(yesterday, closeHourUtc) <= now() ? yesterday : daysLater(yesterday, -1)
}

import { and, eq, inArray } from 'drizzle-orm'
import { daysLater, openListDay } from '../../calendar/days.ts'
import { editions, papers } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import type { EditionKey } from './control.ts'

/**
 * Returns the daily edition that a curator works on now: yesterday's list until it is released, then the list that is open.
 * It may not be assembled yet.
 */
export async function todaysEdition({ db, config, now }: Pick<Services, 'db' | 'config' | 'now'>): Promise<EditionKey> {
  const open = openListDay(now(), config.EDITION_CLOSE_HOUR_UTC)
  const closed = daysLater(open, -1)
  const known = await db
    .select({ date: editions.date, state: editions.state })
    .from(editions)
    .where(and(eq(editions.kind, 'daily'), inArray(editions.date, [open, closed])))
  const closedOne = known.find(({ date }) => date === closed)
  const isToCome = closedOne ? closedOne.state === 'draft' : (await db.$count(papers, eq(papers.listDay, closed))) > 0
  // A person who released the open list early is done with the closed one.
  const isOpenOut = known.some(({ date, state }) => date === open && state !== 'draft')
  return { kind: 'daily', date: isToCome && !isOpenOut ? closed : open }
}

import { sql } from 'drizzle-orm'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { cancel } from './control.ts'
import { type ListDayState, listDayStates } from './quiet-days.ts'

/**
 * Cancels the daily drafts that are due to be released and are of a thin day, or of one that an outage left behind, where the
 * operator wants such days skipped (THIN_DAY, OUTAGE_DAY). The next digest says so; a draft that is released by hand is not asked.
 */
export async function skipQuietDays(deps: Pick<Services, 'db' | 'config' | 'now'>): Promise<ListDayState[]> {
  const { db, config, now } = deps
  const due = await db
    .select({ date: editions.date })
    .from(editions)
    .where(
      sql`${editions.state} = 'draft' AND ${editions.kind} = 'daily' AND NOT ${editions.held} AND ${editions.releaseAt} <= ${now()}`,
    )
  const skipped: ListDayState[] = []
  for (const { date } of due) {
    const [day] = await listDayStates(deps, date, date)
    const wanted = { thin: config.THIN_DAY, outage: config.OUTAGE_DAY, holiday: 'send', full: 'send' }[day!.state]
    if (wanted === 'send') continue
    await cancel(deps, { kind: 'daily', date })
    skipped.push(day!)
  }
  return skipped
}

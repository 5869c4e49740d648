import { and, eq } from 'drizzle-orm'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { cancel, lockEdition } from './control.ts'
import { type ListDayState, readListDayStates } from './quiet-days.ts'
import { isDue } from './release.ts'

/**
 * Cancels due daily drafts of thin days and of outages, if the operator wants such days skipped (THIN_DAY, OUTAGE_DAY). The next
 * digest says so. Drafts that a person releases, resumed or scheduled are not skipped.
 */
export async function skipQuietDays(deps: Pick<Services, 'db' | 'config' | 'now'>): Promise<ListDayState[]> {
  const { db, config, now } = deps
  const isDueByItself = and(isDue(now()), eq(editions.byHand, false))
  const due = await db
    .select({ date: editions.date })
    .from(editions)
    .where(and(eq(editions.kind, 'daily'), isDueByItself))
  const skipped: ListDayState[] = []
  for (const { date } of due) {
    const [day] = await readListDayStates(deps, date, date)
    const wanted = { thin: config.THIN_DAY, outage: config.OUTAGE_DAY, holiday: 'send', full: 'send' }[day!.state]
    if (wanted === 'send') continue
    await db.transaction(async (tx) => {
      const edition = await lockEdition(tx, { kind: 'daily', date }, isDueByItself)
      if (!edition) return
      await cancel({ db: tx, now }, edition)
      skipped.push(day!)
    })
  }
  return skipped
}

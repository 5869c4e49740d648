import { and, desc, eq, inArray, sql } from 'drizzle-orm'
import { isRecent } from '../../edition/draft/edition-age.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'

export type Cadence = 'daily' | 'weekdays' | 'weekly'

export const kindOf = (cadence: Cadence) => (cadence === 'weekly' ? 'weekly' : 'daily')

/** Returns released editions for readers of a cadence, newest first, without those too old to be news. */
export async function newestEditions(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  cadence: Cadence,
  limit: number,
): Promise<{ id: number; date: string }[]> {
  // A weekdays reader's Monday digest is Friday's list, even if the weekend has one.
  const wanted = cadence === 'weekdays' ? sql`extract(isodow FROM ${editions.date}) <= 5` : undefined
  return db
    .select({ id: editions.id, date: editions.date })
    .from(editions)
    .where(
      and(
        eq(editions.kind, kindOf(cadence)),
        inArray(editions.state, ['released', 'sending', 'paused', 'sent']),
        isRecent(now(), config),
        wanted,
      ),
    )
    .orderBy(desc(editions.date))
    .limit(limit)
}

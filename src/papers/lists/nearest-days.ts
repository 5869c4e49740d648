import { dayOf } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { queryOne, text } from '../../runtime/db/query.ts'

/** Returns the nearest list days with papers before and after a day without any, up to today. */
export async function nearestDays(
  { db, now }: { db: Db; now: () => Date },
  day: string,
): Promise<{ previous?: string; next?: string }> {
  const { previous, next } = await queryOne(db, { previous: text.nullable(), next: text.nullable() })`
    SELECT (SELECT max(list_day) FROM papers WHERE list_day < least(${day}::date, ${dayOf(now())}::date + 1))::text AS previous,
      (SELECT min(list_day) FROM papers WHERE list_day > ${day}::date AND list_day <= ${dayOf(now())}::date)::text AS next`
  return { ...(previous ? { previous } : {}), ...(next ? { next } : {}) }
}

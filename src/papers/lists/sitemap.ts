import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import type { Span } from '../../calendar/spans.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, moment, query, text } from '../../runtime/db/query.ts'
import type { PaperKey } from '../paper-path.ts'
import { hasBegun } from '../public-papers.ts'

interface Deps {
  db: Db
  now: () => Date
}

/** Reads the months with papers up to today, newest first, and when a paper of each last changed. */
export const readMonths = ({ db, now }: Deps): Promise<{ month: string; changedAt: Date }[]> =>
  query(db, { month: text, changedAt: moment })`
    SELECT to_char(list_day, 'YYYY-MM') AS month, max(updated_at) AS changed_at
    FROM papers p WHERE NOT sample AND ${hasBegun(dayOf(now()))} GROUP BY 1 ORDER BY 1 DESC`

const MonthPaper = z.object({ id: bigint, source: text, sourceId: text, changedAt: moment })

/** Reads the papers of a month up to today, and when each last changed. */
export const readMonthPapers = ({ db, now }: Deps, { from, to }: Span): Promise<(PaperKey & { changedAt: Date })[]> =>
  query(db, MonthPaper)`
    SELECT id, source, source_id, updated_at AS changed_at FROM papers p
    WHERE list_day BETWEEN ${from}::date AND ${to}::date AND ${hasBegun(dayOf(now()))} AND NOT sample ORDER BY id`

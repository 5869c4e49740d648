import { z } from 'zod'
import type { Span } from '../../calendar/spans.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, moment, query, text } from '../../runtime/db/query.ts'
import type { PaperKey } from '../paper-path.ts'

/** Reads the months with papers, newest first, and when a paper of each last changed. */
export const readMonths = (db: Db): Promise<{ month: string; changedAt: Date }[]> =>
  query(db, { month: text, changedAt: moment })`
    SELECT to_char(list_day, 'YYYY-MM') AS month, max(updated_at) AS changed_at
    FROM papers WHERE NOT sample GROUP BY 1 ORDER BY 1 DESC`

const MonthPaper = z.object({ id: bigint, source: text, sourceId: text, changedAt: moment })

/** Reads the papers of a month, and when each last changed. */
export const readMonthPapers = (db: Db, { from, to }: Span): Promise<(PaperKey & { changedAt: Date })[]> =>
  query(db, MonthPaper)`
    SELECT id, source, source_id, updated_at AS changed_at FROM papers WHERE list_day BETWEEN ${from}::date AND ${to}::date AND NOT sample ORDER BY id`

import { sql } from 'drizzle-orm'
import type { Db } from '../db/database.ts'
import { closeOfDay, dayOf, isDay } from './days.ts'
import { readRows, rowOf } from './listed-rows.ts'
import { rankPapers } from './rank.ts'

/** A list day as pages show it. */
export interface ListDay {
  date: string
  /** more papers and votes may still come */
  open: boolean
  closesAt: Date
  /** the nearest list days with papers before and after */
  previous?: string | undefined
  next?: string | undefined
  papers: ListedRow[]
}

/** A paper of a list day, its words made readable: plain text, which a page must escape. */
export interface ListedRow {
  id: number
  source: string
  sourceId: string
  title: string
  authors: string[]
  organization?: string | undefined
  summary: string
  votes?: number | undefined
  comments?: number | undefined
  stars?: number | undefined
  url?: string | undefined
  pdfUrl?: string | undefined
  codeUrl?: string | undefined
  projectUrl?: string | undefined
  /** where the community talks about it */
  discussionUrl?: string | undefined
  reason?: string | undefined
  /** the curator's pick */
  picked: boolean
  sample: boolean
  /** YYYY-MM-DD */
  listDay: string
  /** slugs, the broad ones first */
  topics: string[]
}

/**
 * A list day's papers in the order of their edition: the curator's picks, then by score, what was dropped left out. Samples
 * step aside for a real list.
 *
 * @param date undefined: the newest list day that has papers and is not to come
 * @returns undefined when that day has no papers, or is no day
 */
export async function listDay(
  { db, now, closeHourUtc }: { db: Db; now: () => Date; closeHourUtc: number },
  date?: string,
): Promise<ListDay | undefined> {
  const at = now()
  if (date !== undefined && !isDay(date)) return undefined
  const days = await neighbours(db, date ?? null, dayOf(at))
  if (!days) return undefined
  const rows = await readRows(db, days.date, at)
  const ranked = rankPapers(rows)
  const ordered = [...ranked.filter((row) => row.picked), ...ranked.filter((row) => !row.picked)]
  const closesAt = closeOfDay(days.date, closeHourUtc)
  return { ...days, open: at < closesAt, closesAt, papers: ordered.map(rowOf) }
}

async function neighbours(db: Db, date: string | null, today: string) {
  const { rows } = await db.execute<{ date: string; previous: string | null; next: string | null }>(sql`
    SELECT d.day::text AS date,
      (SELECT max(list_day) FROM papers WHERE list_day < d.day)::text AS previous,
      (SELECT min(list_day) FROM papers WHERE list_day > d.day AND list_day <= ${today}::date)::text AS next
    FROM (SELECT max(list_day) AS day FROM papers WHERE list_day = ${date}::date OR ${date}::date IS NULL AND list_day <= ${today}::date) d
    WHERE d.day IS NOT NULL`)
  const [found] = rows
  return found && { date: found.date, previous: found.previous ?? undefined, next: found.next ?? undefined }
}

import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { bigint, moment, query, queryColumn, text } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'
import { checked, indexed, type ReaderSearch, usesIndex } from './reader-filter.ts'

const Row = z.object({
  id: bigint,
  email: text,
  status: text,
  cadence: text,
  locale: text,
  zone: text,
  topics: z.array(text),
  createdAt: moment,
})
type ListedReader = z.output<typeof Row>

export interface ReaderPage {
  readers: ListedReader[]
  /** `before` of the next page; undefined on the last one */
  next: number | undefined
  /** the page has room, but the search stopped after a number of readers; `next` continues it */
  stopped: boolean
}

export const READERS_PER_PAGE = 50
/** Readers looked at for one page, so that a rare filter never reads the whole table. They take about a tenth of a second. */
const WINDOW = 50_000
/** The same for readers that an index finds. */
const WINDOW_OF_INDEX = 10_000

/**
 * Lists readers, newest first, page by page.
 *
 * The cursor is the id of the last reader, so pages neither repeat nor miss a reader while others sign up or unsubscribe. A page can
 * have fewer readers than its limit, even none, and still have a next one.
 *
 * @param page.window readers looked at; for tests
 */
export async function listReaders(
  { db }: Pick<Services, 'db'>,
  filter: ReaderSearch,
  page: { before?: number | undefined; limit?: number | undefined; window?: number } = {},
): Promise<ReaderPage> {
  const { before, limit = READERS_PER_PAGE, window = usesIndex(filter) ? WINDOW_OF_INDEX : WINDOW } = page
  const looked = sql`FROM subscribers s WHERE ${indexed(filter)} AND s.id < ${before ?? Number.MAX_SAFE_INTEGER}::bigint ORDER BY s.id DESC`
  const rows = await query(db, Row)`
    SELECT s.id, s.email, s.status, s.cadence, s.locale, s.zone, s.topics, s.created_at
    FROM (SELECT * ${looked} LIMIT ${window}) s WHERE ${checked(filter)} ORDER BY s.id DESC LIMIT ${limit + 1}`
  const readers = rows.slice(0, limit)
  if (rows.length > limit) return { readers, next: readers.at(-1)!.id, stopped: false }
  const [last] = await queryColumn(db, bigint)`SELECT s.id ${looked} OFFSET ${window - 1} LIMIT 1`
  return { readers, next: last, stopped: last !== undefined }
}

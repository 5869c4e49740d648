import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query, queryOne } from '../../runtime/db/query.ts'
import { type ListedRow, readListed } from './listed-rows.ts'

/** A name as papers write it. */
export type Contributor = { author: string } | { organisation: string }

export interface PapersBy {
  /** number of their papers in all */
  total: number
  papers: ListedRow[]
  /** `after` of the next page; undefined on the last one */
  next?: string | undefined
}

interface Paging {
  /** `next` of the previous page */
  after?: string | undefined
  /** papers per page */
  limit?: number | undefined
  /** the last list day to include, YYYY-MM-DD */
  upTo?: string | undefined
}

const PAGE = 20
const CURSOR = /^(\d{4}-\d{2}-\d{2}):(\d{1,15})$/

/** Returns an author's or an organisation's papers, newest first. Only the exact name counts, since many names are alike. */
export async function papersBy(
  { db, now }: { db: Db; now: () => Date },
  who: Contributor,
  { after, limit = PAGE, upTo }: Paging = {},
): Promise<PapersBy> {
  const theirs = sql`${isTheirs(who)} AND NOT (p.sample AND EXISTS (SELECT FROM papers real WHERE NOT real.sample))`
  const { total } = await queryOne(
    db,
    z.object({ total: z.number() }),
  )`SELECT count(*)::int AS total FROM papers p WHERE ${theirs}`
  const [, day, id] = CURSOR.exec(after ?? '') ?? []
  const isAfter = day && isDay(day) ? sql`(p.list_day, p.id) < (${day}::date, ${id}::bigint)` : sql`true`
  const rows = await query(db, z.object({ id: bigint, day: z.string() }))`
      SELECT p.id, p.list_day::text AS day FROM papers p
      WHERE ${theirs} AND ${isAfter} AND p.list_day <= coalesce(${upTo ?? null}::date, 'infinity')
      ORDER BY p.list_day DESC, p.id DESC LIMIT ${limit + 1}`
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const ids = page.map((row) => row.id)
  return {
    total,
    papers: await readListed(db, ids, now()),
    next: rows.length > limit && last ? `${last.day}:${last.id}` : undefined,
  }
}

/** Whether a paper `p` is theirs: the expressions of the indexes papers_authors and papers_organization. */
const isTheirs = (who: Contributor): SQL =>
  'author' in who
    ? sql`coalesce(p.shown_authors, p.authors) @> ARRAY[${who.author}]`
    : sql`coalesce(p.shown_organization, p.organization) = ${who.organisation}`

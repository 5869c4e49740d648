import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { dayOf, isDay } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { prepared } from '../../runtime/db/prepared.ts'
import { bigint, query } from '../../runtime/db/query.ts'
import { isCounted } from '../public-papers.ts'
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
  /** the last list day to include, YYYY-MM-DD; default: today */
  upTo?: string | undefined
}

const PAGE = 20
const Found = z.object({ id: bigint.nullable(), day: z.string().nullable(), total: z.number() })
const CURSOR = /^(\d{4}-\d{2}-\d{2}):(\d{1,15})$/

/** Whether a text is a place to go on from, as `next` has it. Any other begins at the first page. */
export const isPlace = (text: string | undefined): boolean => isDay(CURSOR.exec(text ?? '')?.[1] ?? '')

/** Returns an author's or an organisation's papers, newest first. Only the exact name counts, since many names are alike. */
export async function papersBy(
  { db, now }: { db: Db; now: () => Date },
  who: Contributor,
  { after, limit = PAGE, upTo }: Paging = {},
): Promise<PapersBy> {
  const at = now()
  const [, day, id] = CURSOR.exec(after ?? '') ?? []
  const isAfter = isPlace(after) ? sql`(p.list_day, p.id) < (${day}::date, ${id}::bigint)` : sql`true`
  // MATERIALIZED, or PostgreSQL may look for the newest ones among all papers.
  const rows = await query(
    db,
    Found,
    prepared(sql`
      WITH theirs AS MATERIALIZED (
        SELECT p.id, p.list_day FROM papers p
        WHERE ${isTheirs(who)} AND ${isCounted(dayOf(at))}
      )
      SELECT p.id, p.list_day::text AS day, counted.total
      FROM (SELECT count(*)::int AS total FROM theirs) counted
      LEFT JOIN LATERAL (
        SELECT * FROM theirs p WHERE ${isAfter} AND p.list_day <= coalesce(${upTo ?? null}::date, 'infinity')
        ORDER BY p.list_day DESC, p.id DESC LIMIT ${limit + 1}
      ) p ON true
      ORDER BY p.list_day DESC, p.id DESC`),
  )
  const { total } = rows[0]!
  const found = rows.flatMap(({ id, day }) => (id === null ? [] : { id, day }))
  const page = found.slice(0, limit)
  const last = page.at(-1)
  const ids = page.map((row) => row.id)
  return {
    total,
    papers: await readListed(db, ids, at),
    next: found.length > limit && last ? `${last.day}:${last.id}` : undefined,
  }
}

/** Whether a paper `p` is theirs: the expressions of the indexes papers_authors and papers_organization. */
const isTheirs = (who: Contributor): SQL =>
  'author' in who
    ? sql`coalesce(p.shown_authors, p.authors) @> ARRAY[${who.author}]`
    : sql`coalesce(p.shown_organization, p.organization) = ${who.organisation}`

import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { bool, moment, number, query, text } from '../../runtime/db/query.ts'
import { editionKind, editionState } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { IN_ARCHIVE } from './edition-list.ts'

const Listed = z.object({
  kind: z.enum(editionKind.enumValues),
  date: text,
  state: z.enum(editionState.enumValues),
  held: bool,
  subject: text.nullable(),
  releaseAt: moment,
  releasedAt: moment.nullable(),
  listReadAt: moment.nullable(),
  closesAt: moment,
  papers: number,
})
export type ListedEdition = z.output<typeof Listed>

interface Page {
  kind?: ListedEdition['kind'] | undefined
  /** drafts and cancelled ones too, which the public must not see */
  unpublished: boolean
  /** the last edition of the page before */
  after?: Pick<ListedEdition, 'kind' | 'date'> | undefined
  limit: number
}

/** Lists editions in pages, newest first. */
export const listEditionPage = (
  { db }: Pick<Services, 'db'>,
  { kind, unpublished, after, limit }: Page,
): Promise<ListedEdition[]> => query(db, Listed)`
  SELECT e.kind, e.date::text, e.state, e.held, e.subject, e.release_at, e.released_at, e.list_read_at, e.closes_at,
    (SELECT count(*)::int FROM edition_papers p WHERE p.edition_id = e.id) AS papers
  FROM editions e
  WHERE ${kind ? sql`e.kind = ${kind}` : sql`true`}
    AND ${unpublished ? sql`true` : IN_ARCHIVE}
    AND ${after ? sql`(e.date < ${after.date}::date OR e.date = ${after.date}::date AND e.kind > ${after.kind})` : sql`true`}
  ORDER BY e.date DESC, e.kind LIMIT ${limit}`

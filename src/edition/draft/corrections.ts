import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { shortDate } from '../../calendar/words.ts'
import { isolated } from '../../lib/isolated.ts'
import type { Messages } from '../../messages/catalogue.ts'
import { saysRetracted } from '../../papers/ingest/withdrawal.ts'
import { readable, sentences } from '../../papers/readable.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query, text } from '../../runtime/db/query.ts'
import { corrections as recordedCorrections } from '../../runtime/db/schema.ts'

/** A change to a paper since an edition showed it. */
export interface Correction {
  paperId: number
  kind: 'retitled' | 'withdrawn'
  /** as that edition showed it */
  title: string
  newTitle: string | null
  /** a withdrawn paper that is called retracted */
  retracted?: boolean
  /** that edition's date */
  date: string
  url: string | null
}

/** A paper as an edition shows it, with the source's own title. */
type PaperAsShown = { paperId: number; title: string; withdrawn: boolean }

const MAX_TITLE_CHARACTERS = 140

/**
 * Describes corrections in one language, as the templates show them.
 * @param editions the kind of the edition that reports them, and of those that they are about
 */
export const describeCorrections = (corrections: readonly Correction[], editions: 'daily' | 'weekly', t: Messages) =>
  corrections.map(({ kind, title, newTitle, retracted, date, url }) => {
    const day = shortDate({ kind: editions, date }, t)
    const short = (text: string) => isolated(sentences(readable(text), MAX_TITLE_CHARACTERS))
    return {
      url,
      words:
        kind === 'withdrawn'
          ? t.digest[retracted ? 'nowRetracted' : 'nowWithdrawn'](short(title), day)
          : t.digest.retitled(short(title), short(newTitle ?? title), day),
    }
  })

/** Report changes this long after an edition. */
const CORRECTION_DAYS = 35
/** In one edition. A source that changes hundreds of titles at once would leave no room for papers. */
const MOST_CORRECTIONS = 10

/**
 * Finds papers that earlier editions of this kind showed and that were withdrawn or retitled since.
 * Each change is reported once: changes that another edition reported are left out. Of many, the next edition reports the others.
 */
export async function findCorrections(
  db: Db,
  { id, kind }: { id: number; kind: 'daily' | 'weekly' },
  at: Date,
): Promise<Correction[]> {
  const found = await query(db, {
    paperId: bigint,
    kind: z.enum(['retitled', 'withdrawn']),
    title: text,
    newTitle: text.nullable(),
    date: text,
    url: text.nullable(),
    currentTitle: text,
    abstract: text,
  })`
    WITH last_shown AS (
      SELECT DISTINCT ON (c.paper_id) c.paper_id, c.title, c.withdrawn, e.date
      FROM editions e JOIN edition_papers c ON c.edition_id = e.id
      WHERE e.kind = ${kind} AND e.id <> ${id} AND e.state <> 'cancelled' AND c.title IS NOT NULL
        AND e.released_at > ${at}::timestamptz - make_interval(days => ${CORRECTION_DAYS})
      ORDER BY c.paper_id, e.released_at DESC
    ), changed AS (
      SELECT s.paper_id, 'withdrawn' AS kind, s.title, NULL AS new_title, s.date
      FROM last_shown s JOIN papers p ON p.id = s.paper_id WHERE p.withdrawn_at IS NOT NULL AND NOT s.withdrawn
      UNION ALL
      SELECT s.paper_id, 'retitled', s.title, p.title, s.date
      FROM last_shown s JOIN papers p ON p.id = s.paper_id WHERE p.title <> s.title AND p.withdrawn_at IS NULL
    )
    SELECT c.paper_id, c.kind, c.title, c.new_title, c.date::text, p.url, p.title AS current_title, p.abstract
    FROM changed c JOIN papers p ON p.id = c.paper_id
    WHERE NOT EXISTS (
      SELECT FROM corrections t JOIN editions e ON e.id = t.edition_id
      WHERE t.paper_id = c.paper_id AND t.kind = c.kind AND t.new_title IS NOT DISTINCT FROM c.new_title
        AND e.kind = ${kind} AND e.id <> ${id} AND e.state <> 'cancelled')
    ORDER BY c.kind DESC, c.date, c.paper_id`
  return found
    .filter(({ title, newTitle }) => newTitle === null || readable(title) !== readable(newTitle))
    .slice(0, MOST_CORRECTIONS)
    .map(({ currentTitle, abstract, ...correction }) => ({
      ...correction,
      retracted: correction.kind === 'withdrawn' && saysRetracted({ title: currentTitle, abstract }),
    }))
}

/**
 * Records an edition's corrections and how it shows its papers (title, withdrawn), for the corrections of later editions.
 * @param papers as they were composed: a source may have changed one since
 */
export async function recordShownPapers(
  db: Db,
  editionId: number,
  { papers, corrections }: { papers: readonly PaperAsShown[]; corrections: readonly Correction[] },
): Promise<void> {
  await db.execute(sql`
    UPDATE edition_papers c SET title = s.title, withdrawn = s.withdrawn
    FROM unnest(${sql.param(papers.map(({ paperId }) => paperId))}::bigint[], ${sql.param(papers.map(({ title }) => title))}::text[],
                ${sql.param(papers.map(({ withdrawn }) => withdrawn))}::boolean[]) AS s (paper_id, title, withdrawn)
    WHERE c.edition_id = ${editionId} AND c.paper_id = s.paper_id`)
  if (corrections.length === 0) return
  await db
    .insert(recordedCorrections)
    .values(corrections.map(({ paperId, kind, newTitle }) => ({ editionId, paperId, kind, newTitle })))
    .onConflictDoNothing()
}

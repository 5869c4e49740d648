import { and, eq, ne, or, sql } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import { arxivId } from '../../papers/paper-id.ts'
import { editionPapers, editions, papers, picks } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { assemble } from './assemble.ts'
import type { EditionKey } from './control.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/** What a curator may do with a paper, and how the log names it. */
export const VERDICTS = {
  pick: { verdict: 'picked', done: 'picked' },
  drop: { verdict: 'dropped', done: 'dropped' },
  unpick: { verdict: undefined, done: 'undid the pick or drop of' },
} as const
export type VerdictName = keyof typeof VERDICTS

export interface Curated {
  title: string
  listDay: string
  /** the drafts that were assembled again */
  assembled: EditionKey[]
}

/**
 * The curator picks a paper (it comes first in its list day's edition, with a note), drops it, or takes that back. It counts at once:
 * every draft that the paper is in, or would be in, is assembled again. The pages and the command line both call this.
 *
 * @param name the paper's arXiv id in any form, or the id in its link
 * @throws PaperboyError PAPER_NOT_FOUND; EDITION_STATE when all its editions are released, and nothing is changed
 */
export const curate = (deps: Deps, name: string, word: VerdictName, note?: string): Promise<Curated> =>
  deps.db.transaction(async (tx) => {
    const inside = { ...deps, db: tx }
    const paper = await keepWord(inside, name, word, note)
    const touched = await editionsOf(inside, paper)
    const drafts = touched.filter(({ state }) => state === 'draft')
    if (touched.length > 0 && drafts.length === 0)
      throw new PaperboyError(
        'EDITION_STATE',
        `Its edition of ${touched[0]!.date} is ${touched[0]!.state} and can no longer change. Nothing was changed.`,
      )
    const assembled = drafts.map(({ kind, date }) => ({ kind, date }))
    for (const key of assembled) await assemble(inside, key)
    return { title: paper.title, listDay: paper.listDay, assembled }
  })

async function keepWord({ db, config }: Deps, name: string, word: VerdictName, note: string | undefined) {
  const sourceId = arxivId(name) ?? name
  const [paper] = await db
    .select({ id: papers.id, title: papers.title, listDay: papers.listDay })
    .from(papers)
    .where(eq(papers.sourceId, sourceId))
    .orderBy(sql`${papers.source} <> 'arxiv'`)
    .limit(1)
  if (!paper)
    throw new PaperboyError(
      'PAPER_NOT_FOUND',
      `There is no paper "${sourceId}". Give the id as in its link, such as 2604.10098.`,
    )
  const { verdict } = VERDICTS[word]
  if (verdict === undefined) {
    await db.delete(picks).where(and(eq(picks.paperId, paper.id), eq(picks.listDay, paper.listDay)))
  } else {
    const kept = { verdict, note: note ?? null, curator: config.CURATOR_NAME }
    await db
      .insert(picks)
      .values({ paperId: paper.id, listDay: paper.listDay, ...kept })
      .onConflictDoUpdate({ target: [picks.listDay, picks.paperId], set: kept })
  }
  return paper
}

/** Editions of the paper's list day or its week, and drafts that have it as still rising. */
const editionsOf = ({ db }: Deps, { id, listDay }: { id: number; listDay: string }) =>
  db
    .select({ kind: editions.kind, date: editions.date, state: editions.state })
    .from(editions)
    .where(
      and(
        ne(editions.state, 'cancelled'),
        or(
          and(eq(editions.kind, 'daily'), eq(editions.date, listDay)),
          and(eq(editions.kind, 'weekly'), sql`${editions.date} = date_trunc('week', ${listDay}::date)::date`),
          and(
            eq(editions.state, 'draft'),
            sql`EXISTS (SELECT FROM ${editionPapers} c WHERE c.edition_id = ${editions.id} AND c.paper_id = ${id})`,
          ),
        ),
      ),
    )
    .orderBy(editions.date, editions.kind)

import { and, eq, ne, or, sql } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import { doiIn } from '../../papers/doi.ts'
import { arxivId } from '../../papers/paper-id.ts'
import { editionPapers, editions, papers, picks } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { assemble } from './assemble.ts'
import type { EditionKey } from './control.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/** A curator's actions on a paper: the verdict that each sets, and its name in the audit log. */
export const CURATOR_ACTIONS = {
  pick: { verdict: 'picked', auditName: 'picked' },
  drop: { verdict: 'dropped', auditName: 'dropped' },
  unpick: { verdict: undefined, auditName: 'undid the pick or drop of' },
} as const
type CuratorAction = keyof typeof CURATOR_ACTIONS

interface CurateResult {
  title: string
  listDay: string
  /** the drafts that were assembled again */
  assembled: EditionKey[]
}

/**
 * Picks a paper (it comes first in its list day's edition, with the note), drops it, or clears that verdict. It takes effect at once:
 * every draft that has the paper, or would have it, is assembled again.
 *
 * @param name the paper's arXiv id in any form, or the id in its link
 * @throws PaperboyError PAPER_NOT_FOUND; EDITION_STATE when all its editions are released: then nothing changes
 */
export const curate = (deps: Deps, name: string, action: CuratorAction, note?: string): Promise<CurateResult> =>
  deps.db.transaction(async (tx) => {
    const inside = { ...deps, db: tx }
    const paper = await recordVerdict(inside, name, action, note)
    const affected = await findEditionsOf(inside, paper)
    const drafts = affected.filter(({ state }) => state === 'draft')
    if (affected.length > 0 && drafts.length === 0)
      throw new PaperboyError(
        'EDITION_STATE',
        `Its edition of ${affected[0]!.date} is ${affected[0]!.state} and can no longer change. Nothing was changed.`,
      )
    const assembled = drafts.map(({ kind, date }) => ({ kind, date }))
    for (const key of assembled) await assemble(inside, key)
    return { title: paper.title, listDay: paper.listDay, assembled }
  })

async function recordVerdict({ db, config }: Deps, name: string, action: CuratorAction, note: string | undefined) {
  const sourceId = arxivId(name) ?? doiIn(name) ?? name
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
  const { verdict } = CURATOR_ACTIONS[action]
  if (verdict === undefined) {
    await db.delete(picks).where(and(eq(picks.paperId, paper.id), eq(picks.listDay, paper.listDay)))
  } else {
    const values = { verdict, note: note ?? null, curator: config.CURATOR_NAME }
    await db
      .insert(picks)
      .values({ paperId: paper.id, listDay: paper.listDay, ...values })
      .onConflictDoUpdate({ target: [picks.listDay, picks.paperId], set: values })
  }
  return paper
}

/** Finds the editions of the paper's list day and week, and drafts that show it as still rising. */
const findEditionsOf = ({ db }: Deps, { id, listDay }: { id: number; listDay: string }) =>
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

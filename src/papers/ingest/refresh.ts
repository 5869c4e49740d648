import { and, eq, inArray } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import type { Db } from '../../runtime/db/database.ts'
import { papers } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { arxivId } from '../paper-id.ts'
import type { Source } from './sources/source.ts'
import { type Stored, storeList } from './store.ts'

type Deps = Pick<Services, 'db' | 'now'> & { source: Source }

/**
 * Fetches known papers again: their current votes, a new version, a withdrawal. Their position on lists stays.
 *
 * @param ids arXiv ids or links
 * @param record runs in the transaction that changes papers, and only if it does
 * @throws PaperboyError SOURCE_UNAVAILABLE; BAD_IMPORT naming an invalid id
 */
export async function refresh(
  { db, now, source }: Deps,
  ids: readonly string[],
  record: (tx: Db, stored: Stored) => Promise<void> = async () => {},
): Promise<Stored> {
  const wanted = ids.map((text) => {
    const id = arxivId(text)
    if (!id) throw new PaperboyError('BAD_IMPORT', `"${text}" is not an arXiv id. Write it as 2507.06261.`)
    return id
  })
  const known = await db
    .select({ id: papers.sourceId, listDay: papers.listDay, position: papers.listPosition })
    .from(papers)
    .where(and(eq(papers.source, 'arxiv'), inArray(papers.sourceId, wanted)))
  const places = new Map(known.map((paper) => [paper.id, paper]))
  const looked = await source.fetchByIds([...places.keys()])
  const placed = looked.flatMap((paper) => {
    const place = places.get(paper.sourceId)
    return place ? [{ ...paper, listDay: place.listDay, listPosition: place.position }] : []
  })
  return db.transaction(async (tx) => {
    const stored = await storeList({ db: tx }, placed, { observedAt: now(), origin: source.name })
    if (stored.added + stored.changed + stored.signals > 0) await record(tx, stored)
    return stored
  })
}

import { eq } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import type { ListedPaper } from '../../papers/ingest/listed-paper.ts'
import type { Source } from '../../papers/ingest/sources/source.ts'
import { storeList } from '../../papers/ingest/store.ts'
import { number, queryOne } from '../../runtime/db/query.ts'
import { papers } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import type { EditionKey } from './control.ts'
import { curate } from './curate.ts'

/**
 * Looks a paper up at arXiv, if it is not stored. No transaction may be open: arXiv can take seconds.
 * @throws PaperboyError PAPER_NOT_FOUND | SOURCE_UNAVAILABLE
 */
export async function lookUpPaper(
  { db }: Pick<Services, 'db'>,
  id: string,
  arxiv: Pick<Source, 'fetchByIds'>,
): Promise<ListedPaper | undefined> {
  if ((await db.$count(papers, eq(papers.sourceId, id))) > 0) return undefined
  const found = (await arxiv.fetchByIds([id])).find(({ sourceId }) => sourceId === id)
  if (found) return found
  throw new PaperboyError('PAPER_NOT_FOUND', `arXiv has no paper "${id}". Check the number, or search by title.`)
}

/**
 * Adds a paper to a draft, as a pick. @param found from `lookUpPaper`; it goes to the end of the edition's first list day
 * @throws PaperboyError those of `curate`
 */
export const addPaper = (
  deps: Pick<Services, 'db' | 'config' | 'now'>,
  edition: EditionKey,
  id: string,
  found: ListedPaper | undefined,
) =>
  deps.db.transaction(async (tx) => {
    if (found) await storeLast({ ...deps, db: tx }, edition, found)
    return curate({ ...deps, db: tx }, id, 'pick', undefined, { edition })
  })

async function storeLast({ db, now }: Pick<Services, 'db' | 'now'>, { date }: EditionKey, paper: ListedPaper) {
  const { last } = await queryOne(db, { last: number })`
    SELECT coalesce(max(list_position), 0)::int AS last FROM papers WHERE list_day = ${date}::date`
  const listed = { ...paper, announced: false, listDay: date, listPosition: last + 1 }
  await storeList({ db }, [listed], { observedAt: now(), origin: 'arxiv' })
}

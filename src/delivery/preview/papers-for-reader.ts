import { type EditionPaper, newestEdition, readEditionList } from '../../edition/compose/edition-list.ts'
import { findEdition } from '../../edition/draft/control.ts'
import type { Services } from '../../runtime/services.ts'
import { readActiveReader, selectFor } from './preview.ts'

interface ForReader {
  /** YYYY-MM-DD, the edition's date */
  date: string
  /** in the digest's order. `because`: the wish that chose a paper, in words */
  papers: (EditionPaper & { because?: string | undefined })[]
}

/**
 * Returns what the digest of the newest daily edition has for a reader, chosen as for the email. Unlike the email, it has papers
 * that earlier digests showed.
 *
 * @returns undefined while there is no edition, or when this is not an active reader
 */
export async function papersForReader(
  services: Pick<Services, 'db' | 'now'>,
  subscriberId: number,
): Promise<ForReader | undefined> {
  const date = await newestEdition(services)
  const reader = await readActiveReader(services.db, subscriberId)
  const list = date && (await readEditionList(services, date))
  if (!list || !reader) return undefined
  const { id } = await findEdition(services, { kind: 'daily', date })
  const byPosition = new Map(list.papers.map((paper) => [paper.rank - 1, paper]))
  const { shown } = await selectFor(services.db, id, reader, reader.locale)
  return {
    date,
    papers: shown.flatMap(({ position, because }) => {
      const paper = byPosition.get(position)
      return paper ? [{ ...paper, because }] : []
    }),
  }
}

import { z } from 'zod'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, number, query, text } from '../../runtime/db/query.ts'
import { isSequel, namedSystem } from './sequel.ts'

/** An edition's paper about a later version of what an earlier paper names. */
export interface Sequel {
  position: number
  earlierId: number
  /** the earlier system, as its title writes it */
  name: string
}

/** A common first word, such as "deep", begins many titles. */
const MOST_COMPARED = 500

const Named = z.object({
  id: bigint,
  title: text,
  authors: z.array(text),
  organization: text.nullable(),
  listDay: text,
})

/** Finds the papers that an edition's papers follow. Some milliseconds, once per edition and worker that meets such a reader. */
export async function readSequels(db: Db, editionId: number): Promise<Sequel[]> {
  const own = await query(db, Named.extend({ position: number }))`
    SELECT p.id, p.title, p.authors, p.organization, p.list_day::text, c.position
    FROM edition_papers c JOIN papers p ON p.id = c.paper_id WHERE c.edition_id = ${editionId} ORDER BY c.position`
  const sequels: Sequel[] = []
  for (const paper of own) {
    const system = namedSystem(paper.title)
    const word = longestWord(system?.versions.length ? system.name : '')
    if (word === undefined) continue
    const candidates = await query(db, Named)`
      SELECT p.id, p.title, p.authors, p.organization, p.list_day::text FROM papers p
      -- The expression of the index of titles. The first version of "WebSailor2" is "WebSailor".
      WHERE to_tsvector('english', unaccented(coalesce(p.shown_title, p.title))) @@ to_tsquery('english', ${`${word}:*`})
        AND p.list_day < ${paper.listDay}::date AND NOT p.sample AND p.withdrawn_at IS NULL
      LIMIT ${MOST_COMPARED}`
    for (const earlier of candidates)
      if (isSequel(paper, earlier))
        sequels.push({ position: paper.position, earlierId: earlier.id, name: namedSystem(earlier.title)!.name })
  }
  return sequels
}

/** Returns the name's longest run of ASCII letters, which tsquery syntax cannot contain. */
const longestWord = (name: string): string | undefined =>
  name.match(/[a-z]{2,}/gi)?.reduce((longest, word) => (word.length > longest.length ? word : longest))

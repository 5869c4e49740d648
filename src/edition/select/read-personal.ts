import { sql } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { readable } from '../../papers/readable.ts'
import { readVectors } from '../../papers/search/read-vectors.ts'
import type { Vector } from '../../papers/search/vectorise.ts'
import { readTasteVectors } from '../../papers/votes/read-taste-vectors.ts'
import { tasteVector } from '../../papers/votes/taste-vector.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, bool, number, query, text } from '../../runtime/db/query.ts'
import { readSequels, type Sequel } from './read-sequels.ts'
import { SINGLE_PAPER_LIMITS, type TasteIndex } from './taste.ts'
import type { LikePaper, SelectionPreferences } from './wishes.ts'

/** What a reader asked for that only their own rows can tell. */
export interface PersonalWishes {
  subscriberId: number
  /** learn from their votes, saved papers and papers of no interest */
  likeVoted: boolean
  /** source ids of papers they want more like */
  likePapers: readonly string[]
  /** ids of papers that replace their stored votes, for a preview */
  voted?: readonly number[] | undefined
}

/** How a reader's personal wishes meet an edition. */
type PersonalMatches = Pick<SelectionPreferences, 'taste' | 'sequels' | 'likePapers' | 'unwanted'>

/** Reads how personal wishes meet one edition. */
export type PersonalMatcher = (db: Db, readers: readonly PersonalWishes[]) => Promise<Map<number, PersonalMatches>>

/** Cached papers: many readers may want more like the same one. */
const MOST_CACHED = 2000

/**
 * Opens an edition for personal wishes.
 * @param readIndex called at the first reader with such a wish, and again only if it failed
 */
export function openPersonalMatcher(editionId: number, readIndex: () => Promise<TasteIndex>): PersonalMatcher {
  let reading: Promise<TasteIndex> | undefined
  let readingSequels: Promise<Sequel[]> | undefined
  const likePapers = new LRUCache<string, LikePaper>({ max: MOST_CACHED })
  return async (db, readers) => {
    const matches = new Map<number, PersonalMatches>()
    const asking = readers.filter((reader) => reader.likeVoted || reader.likePapers.length > 0)
    if (asking.length === 0) return matches
    reading ??= readIndex()
    const index = await reading.catch((error) => {
      reading = undefined
      throw error
    })
    const learning = asking
      .filter(({ likeVoted, voted }) => likeVoted && !voted)
      .map(({ subscriberId }) => subscriberId)
    const tastes = learning.length === 0 ? [] : await readTastes(db, learning)
    const judged = learning.length === 0 ? [] : await readJudged(db, editionId, learning)
    const sequels = asking.some(({ likeVoted }) => likeVoted) ? await sequelsOf(db) : []
    const followed = await readFollowed(db, learning, sequels)
    // A batch may want more papers than the cache holds.
    const wanted = new Map(asking.flatMap((reader) => reader.likePapers.map((id) => [id, likePapers.get(id)])))
    const unknown = [...wanted].flatMap(([id, paper]) => (paper ? [] : id))
    for (const [id, paper] of await matchPapers(db, editionId, unknown, index)) {
      wanted.set(id, paper)
      likePapers.set(id, paper)
    }
    for (const reader of asking) {
      const own = judged.filter(({ subscriberId }) => subscriberId === reader.subscriberId)
      const isJudged = (position: number) => own.some((each) => each.position === position)
      const taste = reader.voted
        ? await learnFrom(db, reader.voted)
        : tastes.find(({ subscriberId }) => subscriberId === reader.subscriberId)
      const follows = reader.voted
        ? sequels
            .filter(({ earlierId }) => reader.voted!.includes(earlierId))
            .map((sequel) => ({ ...sequel, saved: false }))
        : followed.filter(({ subscriberId }) => subscriberId === reader.subscriberId)
      matches.set(reader.subscriberId, {
        // A paper that they judged themselves is not "similar" to one.
        taste: taste && index.papersLike(taste).filter(({ position }) => !isJudged(position)),
        sequels: follows.filter(({ position }) => !isJudged(position)),
        likePapers: reader.likePapers.flatMap((id) => wanted.get(id) ?? []),
        unwanted: own.filter(({ unwanted }) => unwanted).map(({ position }) => position),
      })
    }
    return matches
  }

  async function sequelsOf(db: Db): Promise<Sequel[]> {
    readingSequels ??= readSequels(db, editionId)
    return readingSequels.catch((error) => {
      readingSequels = undefined
      throw error
    })
  }
}

/** Undefined when there is nothing to learn from. */
async function learnFrom(db: Db, paperIds: readonly number[]): Promise<Vector | undefined> {
  const vectors = await readTasteVectors(db, paperIds)
  return vectors.size === 0 ? undefined : tasteVector([...vectors.values()], [])
}

const Taste = z.object({ subscriberId: bigint, terms: z.array(number), weights: z.array(number) })

const readTastes = (db: Db, subscriberIds: readonly number[]) =>
  query(
    db,
    Taste,
  )`SELECT subscriber_id, terms, weights FROM tastes WHERE subscriber_id = ANY(${sql.param(subscriberIds)}::bigint[])`

const Judged = z.object({ subscriberId: bigint, position: number, unwanted: bool })

/** Reads the edition's papers that these readers voted for, saved, or are not interested in. */
const readJudged = (db: Db, editionId: number, subscriberIds: readonly number[]) =>
  query(db, Judged)`
    SELECT j.subscriber_id, c.position, j.unwanted
    FROM (
      SELECT subscriber_id, paper_id, false AS unwanted FROM votes WHERE subscriber_id = ANY(${sql.param(subscriberIds)}::bigint[])
      UNION ALL
      SELECT subscriber_id, paper_id, kind = 'not interested' FROM marks WHERE subscriber_id = ANY(${sql.param(subscriberIds)}::bigint[])
    ) AS j JOIN edition_papers c ON c.edition_id = ${editionId} AND c.paper_id = j.paper_id`

const Earlier = z.object({ subscriberId: bigint, paperId: bigint, saved: bool })

/** Reads which of the followed papers these readers voted for or saved. */
async function readFollowed(db: Db, subscriberIds: readonly number[], sequels: readonly Sequel[]) {
  if (sequels.length === 0 || subscriberIds.length === 0) return []
  const ids = sequels.map(({ earlierId }) => earlierId)
  const rows = await query(db, Earlier)`
    SELECT subscriber_id, paper_id, bool_and(saved) AS saved FROM (
      SELECT subscriber_id, paper_id, false AS saved FROM votes WHERE subscriber_id = ANY(${sql.param(subscriberIds)}::bigint[])
      UNION ALL
      SELECT subscriber_id, paper_id, true FROM marks WHERE subscriber_id = ANY(${sql.param(subscriberIds)}::bigint[]) AND kind = 'saved'
    ) AS liked WHERE paper_id = ANY(${sql.param(ids)}::bigint[]) GROUP BY 1, 2`
  return rows.flatMap(({ subscriberId, paperId, saved }) =>
    sequels
      .filter(({ earlierId }) => earlierId === paperId)
      .map(({ position, name }) => ({ subscriberId, position, name, saved })),
  )
}

/**
 * Finds the edition's papers like each of these, by their source ids. None are like one that is not here; it is a wish all the same, so
 * that a reader of only their wishes gets no others.
 */
async function matchPapers(db: Db, editionId: number, sourceIds: readonly string[], index: TasteIndex) {
  const found = new Map<string, LikePaper>(sourceIds.map((id) => [id, { title: id, similar: [] }]))
  if (sourceIds.length === 0) return found
  const rows = await query(db, { id: bigint, sourceId: text, title: text, position: number.nullable() })`
    SELECT p.id, p.source_id, p.title, c.position
    FROM papers p LEFT JOIN edition_papers c ON c.edition_id = ${editionId} AND c.paper_id = p.id
    WHERE p.source_id = ANY(${sql.param(sourceIds)}::text[])`
  const vectors = await readVectors(
    db,
    rows.map(({ id }) => id),
  )
  for (const { id, sourceId, title, position } of rows) {
    const vector = vectors.get(id)
    const similar = vector ? index.papersLike(vector, SINGLE_PAPER_LIMITS) : []
    found.set(sourceId, { title: readable(title), similar: similar.filter((paper) => paper.position !== position) })
  }
  return found
}

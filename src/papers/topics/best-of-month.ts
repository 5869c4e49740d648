import { dayOf } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, queryColumn } from '../../runtime/db/query.ts'
import { type ListedRow, readListed } from '../lists/listed-rows.ts'
import { isCounted } from '../public-papers.ts'
import { countAllTopics } from './topic-counts.ts'

interface Deps {
  db: Db
  now: () => Date
}

/**
 * Returns a topic's papers with the most votes in the calendar month of the newest list, most votes first.
 * Papers without votes are left out.
 */
export async function bestOfMonth({ db, now }: Deps, slug: string, limit: number): Promise<ListedRow[]> {
  const at = now()
  const today = dayOf(at)
  // The month first: the index of topics would name all papers of a large topic.
  const ids = await queryColumn(db, bigint)`
      WITH month AS MATERIALIZED (
        SELECT p.id, p.topics FROM papers p
        WHERE p.list_day >= date_trunc('month', (SELECT max(list_day) FROM papers WHERE list_day <= ${today}::date))
          AND p.withdrawn_at IS NULL AND ${isCounted(today)}
      )
      SELECT p.id FROM month p
      JOIN LATERAL (
        SELECT votes FROM signals WHERE paper_id = p.id AND observed_at <= ${at} ORDER BY observed_at DESC LIMIT 1
      ) s ON s.votes > 0
      WHERE p.topics @> ARRAY[${slug}]
      ORDER BY s.votes DESC, p.id LIMIT ${limit}`
  return readListed(db, ids, at)
}

/** Returns how many papers a topic has, and the list day of the first. */
export async function topicExtent(deps: Deps, slug: string): Promise<{ papers: number; since: string | null }> {
  return (await countAllTopics(deps)).get(slug) ?? { papers: 0, since: null }
}

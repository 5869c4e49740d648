import { sql } from 'drizzle-orm'
import { isbot } from 'isbot'
import type { LinkName } from '../papers/lists/links.ts'
import type { Services } from '../runtime/services.ts'

/** Parts of a request that show whether a person made it. */
export interface Visit {
  method: string
  userAgent: string | undefined
  /** `Sec-Purpose` or `Purpose`: prefetch */
  purpose: string | undefined
}

/**
 * Returns whether a mail scanner made the request: one that says so, sends HEAD, or prefetches.
 * Scanners that run a full browser count as people, so the sums are a little high.
 */
export const isScanner = ({ method, userAgent, purpose }: Visit): boolean =>
  method === 'HEAD' || !userAgent || isbot(userAgent) || /prefetch|preview/i.test(purpose ?? '')

/** Adds one to the daily sum of a link. Nothing about the visit is stored. */
export async function countClick(
  { db, now }: Pick<Services, 'db' | 'now'>,
  paperId: number,
  link: LinkName,
  visit: Visit,
): Promise<void> {
  const [people, scanners] = isScanner(visit) ? [0, 1] : [1, 0]
  await db.execute(sql`
    INSERT INTO clicks AS c (paper_id, link, day, people, scanners)
    VALUES (${paperId}, ${link}, (${now()}::timestamptz AT TIME ZONE 'UTC')::date, ${people}, ${scanners})
    ON CONFLICT (paper_id, link, day) DO UPDATE SET people = c.people + excluded.people, scanners = c.scanners + excluded.scanners`)
}

import { type SQL, sql } from 'drizzle-orm'

// Sources and files may name a list day that has not begun. Its papers are public from then on (UTC); until then only the desk has them.
// Each condition is on papers `p`. `today` is the day that it is now, YYYY-MM-DD.

/** Whether their list day has begun. Lists, searches, counts and suggestions have no other papers. */
export const hasBegun = (today: string): SQL => sql`p.list_day <= ${today}::date`

/**
 * Whether they are found and counted: of the days that have begun, real ones, or samples while there are no others.
 * @param upTo the last day to count, for trends of the past
 */
export const isCounted = (today: string, upTo = today): SQL => sql`
  ${hasBegun(upTo)} AND NOT (p.sample AND EXISTS (SELECT FROM papers real WHERE NOT real.sample AND real.list_day <= ${today}::date))`

/** Whether they have a page, and can be voted for. A curator may have added one of a later day to an edition that is released. */
export const isPublic = (today: string): SQL => sql`
  (${hasBegun(today)} OR EXISTS (
    SELECT FROM edition_papers ep JOIN editions e ON e.id = ep.edition_id
    WHERE ep.paper_id = p.id AND e.released_at IS NOT NULL AND e.state <> 'cancelled'))`

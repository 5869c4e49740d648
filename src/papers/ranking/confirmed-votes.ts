import { type SQL, sql } from 'drizzle-orm'
import { VOTED_SOURCES } from '../../runtime/config/source-names.ts'

/**
 * When a later read of the list of paper `p` confirmed the votes of its snapshot, as it changed nothing. NULL without one by a moment.
 * Announcements have no votes to confirm: the read is of a community's list, or of the source that the snapshot is from.
 */
export const confirmedAt = (snapshot: SQL, by: SQL): SQL => sql`
  (SELECT max(read_at) FROM polls
    WHERE (source = ${snapshot}.origin OR source = ANY(${sql.param(VOTED_SOURCES)}::text[])) AND list_day = p.list_day
      AND read_at BETWEEN ${snapshot}.observed_at AND ${by})`

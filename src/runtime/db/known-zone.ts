import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/** SQL: a time zone's name, or UTC where the database does not know it. */
export const knownZone = (zone: SQLWrapper | string): SQL => sql`CASE WHEN is_zone(${zone}) THEN ${zone} ELSE 'UTC' END`

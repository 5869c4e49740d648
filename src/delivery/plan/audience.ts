import { type SQL, sql } from 'drizzle-orm'
import { number, queryOne } from '../../runtime/db/query.ts'
import type { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'

type Edition = Pick<typeof editions.$inferSelect, 'id' | 'kind' | 'date'>

/** SQL condition on a reader `s`: they asked for editions of this kind. Weekdays readers get no weekend list. */
export const asksFor = ({ kind, date }: Pick<Edition, 'kind' | 'date'>): SQL =>
  kind === 'weekly'
    ? sql`s.cadence = 'weekly'`
    : sql`(s.cadence = 'daily' OR (s.cadence = 'weekdays' AND extract(isodow FROM ${date}::date) <= 5))`

/** SQL condition on a reader `s`: an edition is for them. They asked for its kind, or the operator ordered it for everyone. */
export const isFor = ({
  toEveryone,
  ...edition
}: Pick<typeof editions.$inferSelect, 'kind' | 'date' | 'toEveryone'>): SQL =>
  toEveryone ? sql`true` : asksFor(edition)

/** SQL condition on a reader `s`: an edition may be planned for them now. Rule 3 is checked again when a delivery is marked. */
export const canBePlanned = (at: Date): SQL =>
  sql`s.status = 'active' AND (s.paused_until IS NULL OR s.paused_until <= ${at})`

/** SQL condition on a reader `s`: they may be emailed now (rule 3). */
export const canBeEmailed = (at: Date): SQL => sql`${canBePlanned(at)}
  AND NOT EXISTS (SELECT FROM suppressions x WHERE x.address_hash = s.address_hash)`

/** Counts readers without a delivery of this edition: those who asked for its kind, and the others. */
export const countAudience = ({ db, now }: Pick<Services, 'db' | 'now'>, edition: Edition) =>
  queryOne(db, { asked: number, others: number })`
    SELECT count(*) FILTER (WHERE ${asksFor(edition)})::int AS asked, count(*) FILTER (WHERE NOT ${asksFor(edition)})::int AS others
    FROM subscribers s
    WHERE ${canBePlanned(now())}
      AND NOT EXISTS (SELECT FROM deliveries d WHERE d.edition_id = ${edition.id} AND d.subscriber_id = s.id)`

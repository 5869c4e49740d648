import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from './database.ts'
import { moment, query } from './query.ts'

/**
 * A sum over fewer people is not stored, so no page can show it: with other knowledge it could say what one reader did.
 */
export const FEWEST_PEOPLE = 5

/** A sum that a worker counted, and when. */
export interface Counted<Body> {
  countedAt: Date
  body: Body
}

/** Stores a sum over readers or votes. The earlier one is replaced. */
export async function saveSum(db: Db, name: string, at: Date, body: object): Promise<void> {
  await db.execute(sql`
    INSERT INTO sums (name, counted_at, body) VALUES (${name}, ${at}, ${JSON.stringify(body)}::jsonb)
    ON CONFLICT (name) DO UPDATE SET counted_at = excluded.counted_at, body = excluded.body`)
}

/** Returns a sum; undefined until a worker counted it, or when an earlier version counted it in another form. */
export async function readSum<Type extends z.ZodType>(
  db: Db,
  name: string,
  type: Type,
): Promise<Counted<z.output<Type>> | undefined> {
  const [found] = await query(db, {
    countedAt: moment,
    body: z.unknown(),
  })`SELECT counted_at, body FROM sums WHERE name = ${name}`
  const body = type.safeParse(found?.body)
  return found && body.success ? { countedAt: found.countedAt, body: body.data } : undefined
}

import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Db } from './db/database.ts'
import { queryOne } from './db/query.ts'

/** Returns the id that tells this database from others, in Redis and in restore markers. Creates it on first use. */
export async function readInstallation(db: Db): Promise<string> {
  const known = await queryOne(
    db,
    z.object({ installation: z.string().nullable() }),
    sql`SELECT installation FROM mailing`,
  )
  if (known.installation !== null) return known.installation
  const made = sql`UPDATE mailing SET installation = coalesce(installation, gen_random_uuid()) RETURNING installation`
  return (await queryOne(db, z.object({ installation: z.string() }), made)).installation
}

import { z } from 'zod'
import type { Db } from './db/database.ts'
import { query } from './db/query.ts'

const Found = z.object({ installation: z.string().nullable() })

/** Returns the id that tells this database from others, in Redis and in restore markers. Creates it on first use. */
export async function readInstallation(db: Db): Promise<string> {
  const [found] = await query(db, Found)`SELECT installation FROM mailing`
  if (found?.installation) return found.installation
  const [made] = await query(
    db,
    Found,
  )`UPDATE mailing SET installation = coalesce(installation, gen_random_uuid()) RETURNING installation`
  return made!.installation!
}

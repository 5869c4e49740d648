import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { bytes, query } from '../../runtime/db/query.ts'

export type Size = 'small' | 'large'

/** Reads a picture. The hash must match, since its URL may be cached forever. */
export async function readThumbnail(
  db: Db,
  { paperId, hash, size }: { paperId: number; hash: string; size: Size },
): Promise<Buffer | undefined> {
  const [found] = await query(db, { picture: bytes })`
    SELECT ${sql.identifier(size)} AS picture FROM thumbnails WHERE paper_id = ${paperId} AND hash = ${hash}`
  return found?.picture
}

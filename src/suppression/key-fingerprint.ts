import { createHmac } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { ConfigError } from '../runtime/config/config.ts'
import type { Db } from '../runtime/db/database.ts'
import { queryColumn, text } from '../runtime/db/query.ts'

/**
 * Identifies a SUPPRESSION_KEY without revealing it. Hashes under another key match no address, which nothing else
 * would show.
 */
export const keyFingerprint = (suppressionKey: string): string =>
  createHmac('sha256', suppressionKey).update('name of this key').digest('hex').slice(0, 8)

/** This database was used with another key. Every process refuses to start. */
class WrongSuppressionKey extends ConfigError {
  constructor() {
    super(
      [
        'SUPPRESSION_KEY is not the key that this database was used with.',
        'With it, Paperboy would recognise no complaint, bounce or erasure, and would email those people again.',
        'Restore the old key: it is in the .env of then, or in secrets.json of the DATA_DIR of then. It must never change.',
        'If it is lost, see "Backup and restore" in docs/operations.md.',
      ].join('\n'),
    )
  }
}

async function storedFingerprint(db: Db) {
  const [fingerprint] = await queryColumn(db, text.nullable())`SELECT key_mark FROM mailing`
  return fingerprint
}

/** Returns whether the database was used with another key. A new database has none. */
export async function isWrongKey(db: Db, suppressionKey: string): Promise<boolean> {
  const stored = await storedFingerprint(db)
  return stored != null && stored !== keyFingerprint(suppressionKey)
}

/**
 * Stores the fingerprint of the key on first use. @throws WrongSuppressionKey when the database was used with another
 */
export async function registerKey(db: Db, suppressionKey: string): Promise<void> {
  if ((await storedFingerprint(db)) == null)
    await db.execute(sql`UPDATE mailing SET key_mark = ${keyFingerprint(suppressionKey)} WHERE key_mark IS NULL`)
  if (await isWrongKey(db, suppressionKey)) throw new WrongSuppressionKey()
}

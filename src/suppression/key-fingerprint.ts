import { createHmac } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { ConfigError } from '../runtime/config/config.ts'
import type { Db } from '../runtime/db/database.ts'

/** Names a SUPPRESSION_KEY without telling it: hashes made under another key match no address, and nothing else would show it. */
export const keyFingerprint = (suppressionKey: string): string =>
  createHmac('sha256', suppressionKey).update('name of this key').digest('hex').slice(0, 8)

/** The key that this database's suppressions were made with is another one: every process refuses to start. */
export class WrongSuppressionKey extends ConfigError {
  constructor() {
    super(
      [
        'SUPPRESSION_KEY is another one than this database was used with.',
        'With it no complaint, bounce or erasure would be recognised, and those people would be emailed again.',
        'Put the old key back. It is never changed; if it is lost, see "Restoring from a backup" in README.md.',
      ].join('\n'),
    )
  }
}

/** Whether the database knows another key. Before its first use it knows none. */
export async function isWrongKey(db: Db, suppressionKey: string): Promise<boolean> {
  const { rows } = await db.execute<{ key_mark: string | null }>(sql`SELECT key_mark FROM mailing`)
  const mark = rows[0]?.key_mark ?? null
  return mark !== null && mark !== keyFingerprint(suppressionKey)
}

/** Notes the key at the database's first use. @throws WrongSuppressionKey when it was used with another */
export async function registerKey(db: Db, suppressionKey: string): Promise<void> {
  const { rows } = await db.execute<{ key_mark: string | null }>(sql`SELECT key_mark FROM mailing`)
  if (rows[0]?.key_mark == null)
    await db.execute(sql`UPDATE mailing SET key_mark = ${keyFingerprint(suppressionKey)} WHERE key_mark IS NULL`)
  if (await isWrongKey(db, suppressionKey)) throw new WrongSuppressionKey()
}

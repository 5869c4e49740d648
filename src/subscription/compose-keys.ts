import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { addressHash, decomposed, parseAddress } from '../mail/address.ts'
import type { Db } from '../runtime/db/database.ts'
import { bigint, query } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

const Reader = z.object({ id: bigint, email: z.string(), emailKey: z.string(), status: z.string() })

/**
 * Gives readers that an earlier version stored under a decomposed key (e and an accent as two letters) the composed one, so that one
 * mailbox is one reader. Where the mailbox has a row under the composed key already, the other subscription ends: its reader would get
 * every digest twice. A pending row waits until it is confirmed or deleted.
 *
 * @returns how many keys were composed, and how many double subscriptions ended
 */
export async function composeKeys({ db, config, now }: Deps): Promise<{ composed: number; ended: number }> {
  const readers = await query(
    db,
    Reader,
  )`SELECT id, email, email_key, status FROM subscribers WHERE email_key ~ '[^[:ascii:]]' AND email_key IS NOT NFC NORMALIZED ORDER BY id`
  let composed = 0
  let ended = 0
  for (const { id, email, emailKey, status } of readers) {
    const { key } = parseAddress(email, { utf8: true })
    // Some letters keep a form that NFC would replace: see mail/address.ts.
    if (key === emailKey) continue
    await db.transaction(async (tx) => {
      const [other] = await query(tx, Reader)`
        SELECT id, email, email_key, status FROM subscribers WHERE email_key = ${key} FOR UPDATE`
      if (!other) {
        const hash = addressHash(config.SUPPRESSION_KEY, key)
        await tx.execute(sql`UPDATE subscribers SET email_key = ${key}, address_hash = ${hash} WHERE id = ${id}`)
        await carrySuppressions(tx, config, [key])
        composed++
      } else if (other.status !== 'pending' && (status === 'active' || status === 'pending')) {
        await tx.execute(sql`
          UPDATE subscribers SET status = 'unsubscribed', left_at = ${now()}, updated_at = ${now()} WHERE id = ${id}`)
        ended++
      }
    })
  }
  return { composed, ended }
}

/**
 * Moves suppressions that an earlier version stored under the decomposed spelling of these keys. A hash cannot be computed anew
 * without its address, so this happens whenever an address comes in. A suppression that stayed under the old hash would come back
 * after it was lifted. It stays only while a reader has the old hash.
 */
export async function carrySuppressions(
  db: Db,
  { SUPPRESSION_KEY }: Pick<Services['config'], 'SUPPRESSION_KEY'>,
  keys: readonly string[],
): Promise<void> {
  const spellings = keys.map((key) => ({ key, old: decomposed(key) })).filter(({ key, old }) => key !== old)
  if (spellings.length === 0) return
  const hashes = (of: 'key' | 'old') => sql.param(spellings.map((each) => addressHash(SUPPRESSION_KEY, each[of])))
  await db.execute(sql`
    WITH spelling AS (
      SELECT DISTINCT hash, old, EXISTS (SELECT FROM subscribers r WHERE r.address_hash = s.old) AS has_reader
      FROM unnest(${hashes('key')}::bytea[], ${hashes('old')}::bytea[]) AS s (hash, old)
    ), carried AS (
      SELECT s.hash, x.reason, x.created_at FROM spelling s JOIN suppressions x ON x.address_hash = s.old ORDER BY s.hash
    ), removed AS (
      DELETE FROM suppressions x USING spelling s WHERE x.address_hash = s.old AND NOT s.has_reader
    )
    INSERT INTO suppressions AS x (address_hash, reason, created_at) SELECT hash, reason, created_at FROM carried
    ON CONFLICT (address_hash) DO UPDATE SET reason = excluded.reason, created_at = excluded.created_at
    WHERE x.reason IN ('hard bounce', 'erasure') AND excluded.reason IN ('complaint', 'manual')`)
}

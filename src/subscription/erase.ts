import { sql } from 'drizzle-orm'
import type { Services } from '../runtime/services.ts'
import { deleteDomainData } from './delete-domain-data.ts'
import { subscriberIdOf } from './find-reader.ts'
import { PERSONAL_TABLES } from './personal-data.ts'

/**
 * Everything that is kept about one reader, by table, for them to take along.
 * @returns undefined when there is no such subscriber
 */
export async function exportReader(
  { db, now }: Pick<Services, 'db' | 'now'>,
  subscriberId: number,
): Promise<{ exportedAt: string; tables: Record<string, unknown[]> }> {
  const tables: Record<string, unknown[]> = {}
  for (const [name, { read }] of Object.entries(PERSONAL_TABLES)) {
    const { rows } = await db.execute<{ row: unknown }>(read(subscriberId))
    tables[name] = rows.map(({ row }) => row)
  }
  return { exportedAt: now().toISOString(), tables }
}

/**
 * Forgets a reader: the address is in no table any more, deliveries are emptied and still counted, and the address's keyed hash is
 * suppressed, so that no old list brings them back. A suppression that is stricter stays.
 */
export async function eraseReader({ db, now }: Pick<Services, 'db' | 'now'>, subscriberId: number): Promise<void> {
  const at = now()
  await db.transaction(async (tx) => {
    // Locked first: a sign-up or a confirmation that is under way comes before or after, never in between.
    await tx.execute(sql`SELECT FROM subscribers WHERE id = ${subscriberId} FOR UPDATE`)
    await tx.execute(sql`
      INSERT INTO suppressions (address_hash, reason, created_at)
      SELECT address_hash, 'erasure', ${at} FROM subscribers WHERE id = ${subscriberId} AND address_hash IS NOT NULL
      ON CONFLICT (address_hash) DO NOTHING`)
    await deleteDomainData(tx, subscriberId)
    for (const { erase } of Object.values(PERSONAL_TABLES)) if (erase) await tx.execute(erase(subscriberId))
    // What is not set here says nothing about a person any more: the id, and when the row was made and emptied.
    await tx.execute(sql`
      UPDATE subscribers SET status = 'erased', email = NULL, email_key = NULL, address_hash = NULL, zone = DEFAULT, hour = DEFAULT,
        cadence = DEFAULT, size = DEFAULT, locale = DEFAULT, topics = DEFAULT, keywords = DEFAULT, like_voted = DEFAULT,
        format = DEFAULT, weekday = DEFAULT, previous = NULL, missed_at = NULL, next_digest_at = NULL, paused_until = NULL,
        confirm_nonce = NULL, requested_at = NULL, confirmed_at = NULL, first_confirmed_at = NULL, reminded_at = NULL,
        left_at = NULL, consent_form = NULL, consent_origin = NULL, imported_by = NULL, imported_at = NULL, updated_at = ${at}
      WHERE id = ${subscriberId}`)
  })
}

/** For those who ask by mail. @throws PaperboyError BAD_ADDRESS, also when no subscriber has that address */
export async function eraseByAddress(deps: Pick<Services, 'db' | 'now'>, address: string): Promise<void> {
  await eraseReader(deps, await subscriberIdOf(deps, address))
}

import { getTableColumns, sql } from 'drizzle-orm'
import { z } from 'zod'
import { queryColumn } from '../runtime/db/query.ts'
import { subscribers } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import { deleteDomainData } from './delete-domain-data.ts'
import { deleteUploadsNaming } from './erase-from-uploads.ts'
import { subscriberIdOf } from './find-reader.ts'
import { PERSONAL_TABLES } from './personal-data.ts'

/**
 * Returns all stored data about one reader, by table, for their data export.
 * Tables are empty when there is no such subscriber.
 */
export async function exportReader(
  { db, now }: Pick<Services, 'db' | 'now'>,
  subscriberId: number,
): Promise<{ exportedAt: string; tables: Record<string, unknown[]> }> {
  const tables: Record<string, unknown[]> = {}
  for (const [name, { read }] of Object.entries(PERSONAL_TABLES)) {
    tables[name] = await queryColumn(db, z.unknown())`${read(subscriberId)}`
  }
  return { exportedAt: now().toISOString(), tables }
}

/**
 * Erases a reader: no table holds the address any more. Deliveries stay, emptied, so that counts still add up.
 * The keyed hash of the address is suppressed, so that no old list brings it back. A stricter suppression stays.
 * @returns false when they were erased before. Repeating it also erases later records
 */
export const eraseReader = (deps: Pick<Services, 'db' | 'now'>, subscriberId: number): Promise<boolean> =>
  deps.db.transaction(async (tx) => {
    await deleteUploadsNaming(tx, subscriberId)
    return emptyReader({ ...deps, db: tx }, subscriberId)
  })

/** These columns identify no person: the id, and when the row was made and emptied. */
const KEPT = new Set(['id', 'status', 'created_at', 'updated_at'])

/** Every other column, so that a new one is erased too. */
const EMPTIED = sql.raw(
  Object.values(getTableColumns(subscribers))
    .filter(({ name }) => !KEPT.has(name))
    .map(({ name }) => `${name} = DEFAULT`)
    .join(', '),
)

/** `eraseReader` without a search through uploaded files, which are deleted after a day: for the many whose data has expired. */
export async function emptyReader({ db, now }: Pick<Services, 'db' | 'now'>, subscriberId: number): Promise<boolean> {
  const at = now()
  return db.transaction(async (tx) => {
    // Lock first: a concurrent sign-up or confirmation then runs before or after this one, never in between.
    const [status] = await queryColumn(tx, z.string())`
      SELECT status FROM subscribers WHERE id = ${subscriberId} FOR UPDATE`
    await tx.execute(sql`
      INSERT INTO suppressions (address_hash, reason, created_at)
      SELECT address_hash, 'erasure', ${at} FROM subscribers WHERE id = ${subscriberId} AND address_hash IS NOT NULL
      ON CONFLICT (address_hash) DO NOTHING`)
    await deleteDomainData(tx, subscriberId)
    for (const { erase } of Object.values(PERSONAL_TABLES)) if (erase) await tx.execute(erase(subscriberId))
    await tx.execute(
      sql`UPDATE subscribers SET status = 'erased', updated_at = ${at}, ${EMPTIED} WHERE id = ${subscriberId}`,
    )
    return status !== undefined && status !== 'erased'
  })
}

/** For requests by email. @throws PaperboyError BAD_ADDRESS, also when no subscriber has that address */
export async function eraseByAddress(deps: Pick<Services, 'db' | 'now'>, address: string): Promise<void> {
  await eraseReader(deps, await subscriberIdOf(deps, address))
}

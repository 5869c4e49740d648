import type { Services } from '../runtime/services.ts'
import { carrySuppressions } from './compose-keys.ts'
import { type Row, rowOfAddress } from './import-rows.ts'
import { insertRows } from './insert-rows.ts'

export type AddedReader = 'added' | 'activated' | 'refused' | 'unchanged'

/** Whether an address became a reader's, or an active one's. */
export const isAddition = (added: AddedReader): boolean => added === 'added' || added === 'activated'

/**
 * Adds one reader, as an import of a single address does: pending, with a confirmation email, unless consent given elsewhere is
 * attested. A person who unsubscribed, bounced or complained here is refused. The caller wakes a worker once the transaction is
 * committed.
 *
 * @param given known values; the others are the newsletter's defaults
 * @throws AddressError
 */
export async function addReader(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  typed: string,
  options: { active: boolean; attestedBy: string },
  given: Partial<Row> = {},
): Promise<AddedReader> {
  const { SUPPRESSION_KEY: suppressionKey, newsletter } = config
  const row = { ...rowOfAddress({ suppressionKey, newsletter }, typed), ...given }
  const counts = await db.transaction(async (tx) => {
    await carrySuppressions(tx, config, [row.key])
    return insertRows(tx, [row], options, now())
  })
  if (counts.added > 0) return 'added'
  if (counts.activated > 0) return 'activated'
  return counts.refused > 0 ? 'refused' : 'unchanged'
}

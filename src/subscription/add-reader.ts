import type { Services } from '../runtime/services.ts'
import { carrySuppressions } from './compose-keys.ts'
import { insertRows } from './import.ts'
import { rowOfAddress } from './import-rows.ts'

export type AddedReader = 'added' | 'activated' | 'refused' | 'unchanged'

/**
 * Adds one reader by hand, as an import of a single address does: pending, with a confirmation email, unless the operator attests
 * that they agreed elsewhere. A person who unsubscribed, bounced or complained here is refused.
 *
 * @throws AddressError
 */
export async function addReader(
  { db, config, now, queues }: Pick<Services, 'db' | 'config' | 'now' | 'queues'>,
  typed: string,
  options: { active: boolean; attestedBy: string },
): Promise<AddedReader> {
  const row = rowOfAddress({ suppressionKey: config.SUPPRESSION_KEY, newsletter: config.newsletter }, typed)
  const counts = await db.transaction(async (tx) => {
    await carrySuppressions(tx, config, [row.key])
    return insertRows(tx, [row], options, now())
  })
  void queues.wake('send-service-emails', {})
  if (counts.added > 0) return 'added'
  if (counts.activated > 0) return 'activated'
  return counts.refused > 0 ? 'refused' : 'unchanged'
}

import { PaperboyError } from '../../lib/errors.ts'
import type { Db } from '../../runtime/db/database.ts'
import type { editions } from '../../runtime/db/schema.ts'
import { type EditionKey, editionNotFound, lockEdition } from './control.ts'

/**
 * Locks a draft until the transaction ends, so that its release waits for the change.
 * @throws PaperboyError EDITION_NOT_FOUND | EDITION_STATE when it is no draft any more
 */
export async function lockDraft(db: Db, key: EditionKey): Promise<typeof editions.$inferSelect> {
  const edition = await lockEdition(db, key)
  if (!edition) throw editionNotFound(key)
  if (edition.state !== 'draft') throw noDraft(edition)
  return edition
}

export const noDraft = ({ date, state }: Pick<typeof editions.$inferSelect, 'date' | 'state'>): PaperboyError =>
  new PaperboyError(
    'EDITION_STATE',
    `Its edition of ${date} is ${state} and can no longer change. Nothing was changed.${state === 'cancelled' ? '' : ' Recall it if no email can have arrived. Otherwise publish a correction.'}`,
  )

import { and, asc, eq, isNotNull } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import { editionNotices, editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { type EditionKey, editionNotFound, lockEdition } from './control.ts'

/** Characters of a correction. */
export const MAX_NOTICE = 500

/**
 * Publishes a correction of an edition that is out: its page shows it at once, and the next edition of its kind reports it.
 * @returns false when it has these words already, as after a double click
 * @throws PaperboyError EDITION_NOT_FOUND | BAD_EDITION; EDITION_STATE for a draft, which can still be changed itself
 */
export async function publishNotice(
  { db, now }: Pick<Services, 'db' | 'now'>,
  key: EditionKey,
  words: string,
): Promise<boolean> {
  const trimmed = words.trim().replaceAll(/\s+/g, ' ')
  if (trimmed === '' || trimmed.length > MAX_NOTICE)
    throw new PaperboyError('BAD_EDITION', `Write the correction in 1 to ${MAX_NOTICE} characters.`)
  return db.transaction(async (tx) => {
    const edition = await lockEdition(tx, key)
    if (!edition) throw editionNotFound(key)
    const { id, state, releasedAt } = edition
    if (releasedAt === null)
      throw new PaperboyError('EDITION_STATE', `This edition is ${state}. Only a released edition needs a correction.`)
    const same = and(eq(editionNotices.editionId, id), eq(editionNotices.words, trimmed))
    if ((await tx.$count(editionNotices, same)) > 0) return false
    await tx.insert(editionNotices).values({ editionId: id, writtenAt: now(), words: trimmed })
    return true
  })
}

/** Reads the corrections of a released edition, oldest first. Their words are plain text. */
export const readNotices = ({ db }: Pick<Services, 'db'>, { kind, date }: EditionKey) =>
  db
    .select({ id: editionNotices.id, writtenAt: editionNotices.writtenAt, words: editionNotices.words })
    .from(editionNotices)
    .innerJoin(editions, eq(editions.id, editionNotices.editionId))
    .where(and(eq(editions.kind, kind), eq(editions.date, date), isNotNull(editions.releasedAt)))
    .orderBy(asc(editionNotices.id))

import { and, asc, eq, isNotNull } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import { editionNotices, editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { type EditionKey, findEdition } from './control.ts'

/** Characters of a correction. */
export const MAX_NOTICE = 500

/**
 * Publishes a correction of an edition that is out: its page shows it at once, and the next edition of its kind reports it.
 * @throws PaperboyError EDITION_NOT_FOUND | BAD_EDITION; EDITION_STATE for a draft, which can still be changed itself
 */
export async function publishNotice(
  { db, now }: Pick<Services, 'db' | 'now'>,
  key: EditionKey,
  words: string,
): Promise<void> {
  const trimmed = words.trim().replaceAll(/\s+/g, ' ')
  if (trimmed === '' || trimmed.length > MAX_NOTICE)
    throw new PaperboyError('BAD_EDITION', `Write the correction in 1 to ${MAX_NOTICE} characters.`)
  const { id, state, releasedAt } = await findEdition({ db }, key)
  if (releasedAt === null)
    throw new PaperboyError('EDITION_STATE', `This edition is ${state}. Only a released edition needs a correction.`)
  await db.insert(editionNotices).values({ editionId: id, writtenAt: now(), words: trimmed })
}

/** Reads the corrections of a released edition, oldest first. Their words are plain text. */
export const readNotices = ({ db }: Pick<Services, 'db'>, { kind, date }: EditionKey) =>
  db
    .select({ id: editionNotices.id, writtenAt: editionNotices.writtenAt, words: editionNotices.words })
    .from(editionNotices)
    .innerJoin(editions, eq(editions.id, editionNotices.editionId))
    .where(and(eq(editions.kind, kind), eq(editions.date, date), isNotNull(editions.releasedAt)))
    .orderBy(asc(editionNotices.id))

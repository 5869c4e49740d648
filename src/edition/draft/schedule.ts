import { isDeepStrictEqual } from 'node:util'
import { eq } from 'drizzle-orm'
import { minuteUtc } from '../../calendar/words.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { checkUnchanged } from './check-unchanged.ts'
import type { EditionKey } from './control.ts'
import { lockDraft } from './lock-draft.ts'

/** A release further away than this is a slip: readers get no edition that is older than two lists. */
const MAX_DAYS_AHEAD = 7

/**
 * Sets when a draft is released, also before its final ranking. A held draft is held no longer.
 *
 * @param at null: as the schedule has it
 * @param seen fingerprint of `releaseState`, as a form showed it
 * @returns whether it changed anything
 * @throws PaperboyError EDITION_NOT_FOUND | EDITION_STATE | EDITION_CHANGED | BAD_EDITION when the time has passed or is too far away
 */
export async function schedule(
  { db, config, now }: Pick<Services, 'db' | 'config' | 'now'>,
  key: EditionKey,
  at: Date | null,
  seen?: string,
): Promise<boolean> {
  if (at !== null && at <= now())
    throw new PaperboyError('BAD_EDITION', `${minuteUtc(at)} has passed. To release it at once, use "release".`)
  if (at !== null && at.getTime() > now().getTime() + MAX_DAYS_AHEAD * 86_400_000)
    throw new PaperboyError('BAD_EDITION', `Give a time within the next ${MAX_DAYS_AHEAD} days.`)
  return db.transaction(async (tx) => {
    const edition = await lockDraft(tx, key)
    checkUnchanged(seen, ...releaseState(edition))
    const usual = new Date(edition.closesAt.getTime() + config.EDITION_RELEASE_DELAY_MINUTES * 60_000)
    const set = { scheduledAt: at, releaseAt: at ?? usual, held: false, heldWhy: null, byHand: true }
    await tx.update(editions).set(set).where(eq(editions.id, edition.id))
    return !isDeepStrictEqual({ ...edition, ...set }, edition)
  })
}

/** The change's name in the audit log. */
export const scheduleAuditName = (at: Date | null): string =>
  `set the release to ${at ? minuteUtc(at) : 'the usual time'} of`

/** What decides when a draft is released, for its fingerprint. */
export const releaseState = ({
  state,
  held,
  releaseAt,
}: Pick<typeof editions.$inferSelect, 'state' | 'held' | 'releaseAt'>) =>
  [state, held, releaseAt.toISOString()] as const

import { asc, eq, type SQL, sql } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import { LOCALES } from '../../messages/catalogue.ts'
import { editionParts, editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { composeEdition } from '../compose/compose.ts'
import { readComposingInput } from '../compose/composing-input.ts'
import { editionNotFound, lockEdition } from './control.ts'
import { recordShownPapers } from './corrections.ts'
import { LIST_TOO_OLD, listTooOldBefore } from './edition-age.ts'
import { recordNotices } from './notices.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>
type Key = { kind?: 'daily' | 'weekly'; date: string }

/**
 * Releases a draft: freezes its papers, composes its segments and creates its partition of the ledger. Releasing again changes nothing.
 *
 * @param by with `hand`, a person released it: readers then get it even if its list is old (draft/edition-age.ts). The `clock` releases
 *   only a draft that is due: a person may have held it or set another time while the editions before it were composed. A first
 *   `start` does not wait for that, but its readers get no old list
 * @returns whether this call released it
 * @throws PaperboyError EDITION_NOT_FOUND; EDITION_STATE when it was cancelled
 */
export async function release(
  { db, config, now }: Deps,
  { kind = 'daily', date }: Key,
  by: 'hand' | 'clock' | 'start' = 'hand',
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const edition = await lockEdition(tx, { kind, date }, by === 'clock' ? isDue(now()) : undefined)
    if (!edition && by === 'clock') return false
    if (!edition) throw editionNotFound({ kind, date })
    if (edition.state === 'cancelled') {
      throw new PaperboyError('EDITION_STATE', `The ${kind} edition of ${date} was cancelled.`)
    }
    if (edition.state !== 'draft') return false
    const input = await readComposingInput(tx, edition, now(), config)
    await recordShownPapers(tx, edition.id, input)
    await recordNotices(tx, edition.id, input.notices ?? [])
    let inbox: { subject: string; preheader: string } | undefined
    // One language after another: emails being sent wait no longer than one takes.
    for (const locale of LOCALES) {
      const { segments, ...words } = await composeEdition(config, edition, input, locale)
      await tx.insert(editionParts).values({ editionId: edition.id, locale, parts: segments })
      if (locale === config.newsletter.languages[0]) inbox = words
    }
    await tx.execute(sql`SELECT ensure_delivery_partition(${edition.id})`)
    await tx
      .update(editions)
      .set({
        state: 'released',
        held: false,
        heldWhy: null,
        releasedAt: now(),
        byHand: edition.byHand || by === 'hand',
        ...inbox,
      })
      .where(eq(editions.id, edition.id))
    return true
  })
}

/**
 * SQL condition on an unqualified row of `editions`: a draft to release now. It has the final ranking, unless a person scheduled it before
 * the close. When a worker starts again, a draft may still be as a curator saw it the day before.
 */
export const isDue = (at: Date): SQL => sql`
  state = 'draft' AND NOT held AND release_at <= ${at} AND (assembled_at >= closes_at OR scheduled_at < closes_at)`

/** Releases every draft that is due and not held, after holding those whose list is too old by now. @returns the released dates */
export async function releaseDue(deps: Deps & Pick<Services, 'log'>): Promise<string[]> {
  await holdOldDrafts(deps)
  const due = await deps.db
    .select({ kind: editions.kind, date: editions.date })
    .from(editions)
    .where(isDue(deps.now()))
    .orderBy(asc(editions.date))
  const released: string[] = []
  for (const key of due) {
    // A draft that cannot be composed must not block the next ones.
    await release(deps, key, 'clock').then(
      (done) => done && released.push(key.date),
      (error) => deps.log.error({ ...key, err: error }, 'releasing an edition failed'),
    )
  }
  return released
}

/** Holds drafts that waited too long, for example during an outage, unless a person resumed them. */
async function holdOldDrafts({ db, config, now, log }: Deps & Pick<Services, 'log'>): Promise<void> {
  const held = await db
    .update(editions)
    .set({ held: true, heldWhy: LIST_TOO_OLD })
    .where(
      sql`${editions.state} = 'draft' AND NOT ${editions.held} AND NOT ${editions.byHand} AND ${editions.closesAt} < ${listTooOldBefore(now(), config.EDITION_CLOSE_HOUR_UTC)}`,
    )
    .returning({ kind: editions.kind, date: editions.date })
  for (const key of held) log.warn({ ...key, reason: LIST_TOO_OLD }, 'draft held')
}

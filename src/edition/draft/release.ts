import { and, asc, eq, sql } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import { LOCALES } from '../../messages/catalogue.ts'
import { editionParts, editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { composeEdition } from '../compose/compose.ts'
import { readContents } from '../compose/composing-input.ts'
import { noteShown } from './corrections.ts'
import { OLD_NEWS, oldNewsBefore } from './news.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>
type Key = { kind?: 'daily' | 'weekly'; date: string }

/**
 * Freezes a draft: its papers and order are kept, its parts composed, its partition of the ledger made. Releasing again changes nothing.
 * @param by whether a person asked for it: then also an old list is news (draft/news.ts)
 * @returns whether this call released it
 * @throws PaperboyError EDITION_NOT_FOUND | EDITION_STATE when it was cancelled
 */
export async function release(
  { db, config, now }: Deps,
  { kind = 'daily', date }: Key,
  by: 'hand' | 'clock' = 'hand',
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const [edition] = await tx
      .select()
      .from(editions)
      .where(and(eq(editions.kind, kind), eq(editions.date, date)))
      .for('update')
    if (!edition) throw notFound(kind, date)
    if (edition.state === 'cancelled') {
      throw new PaperboyError('EDITION_STATE', `The ${kind} edition of ${date} was cancelled.`)
    }
    if (edition.state !== 'draft') return false
    const contents = await readContents(tx, edition, now())
    await noteShown(tx, edition.id, contents.corrections)
    const [composed] = await Promise.all(
      LOCALES.map(async (locale) => {
        const made = await composeEdition(config, edition, contents, locale)
        await tx.insert(editionParts).values({ editionId: edition.id, locale, parts: made.parts })
        return made
      }),
    )
    await tx.execute(sql`SELECT ensure_delivery_partition(${edition.id})`)
    await tx
      .update(editions)
      .set({
        state: 'released',
        releasedAt: now(),
        byHand: edition.byHand || by === 'hand',
        subject: composed!.subject,
        preheader: composed!.preheader,
      })
      .where(eq(editions.id, edition.id))
    return true
  })
}

/** Releases every draft whose time has come and that is not held; holds those that are old news by now. @returns the dates released */
export async function releaseDue(deps: Deps & Pick<Services, 'log'>): Promise<string[]> {
  await holdOldNews(deps)
  const due = await deps.db
    .select({ kind: editions.kind, date: editions.date })
    .from(editions)
    .where(sql`${editions.state} = 'draft' AND NOT ${editions.held} AND ${editions.releaseAt} <= ${deps.now()}`)
    .orderBy(asc(editions.date))
  const released: string[] = []
  for (const key of due) {
    // One that cannot be composed must not keep the next ones back.
    await release(deps, key, 'clock').then(
      (done) => done && released.push(key.date),
      (error) => deps.log.error({ ...key, err: error }, 'an edition could not be released'),
    )
  }
  return released
}

/** After an outage of days: whoever let a held draft go has decided already. */
async function holdOldNews({ db, now, log }: Deps & Pick<Services, 'log'>): Promise<void> {
  const held = await db
    .update(editions)
    .set({ held: true, heldWhy: OLD_NEWS })
    .where(
      sql`${editions.state} = 'draft' AND NOT ${editions.held} AND NOT ${editions.byHand} AND ${editions.closesAt} < ${oldNewsBefore(now())}`,
    )
    .returning({ kind: editions.kind, date: editions.date })
  for (const key of held) log.warn({ ...key, reason: OLD_NEWS }, 'the draft is held')
}

export const notFound = (kind: string, date: string): PaperboyError =>
  new PaperboyError(
    'EDITION_NOT_FOUND',
    `There is no ${kind} edition of ${date}. Assemble it first: paperboy edition assemble --date ${date}`,
  )

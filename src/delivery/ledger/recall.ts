import { eq, sql } from 'drizzle-orm'
import { describeEdition, type EditionKey, findEdition } from '../../edition/draft/control.ts'
import { PaperboyError } from '../../lib/errors.ts'
import type { Db } from '../../runtime/db/database.ts'
import { bool, queryOne } from '../../runtime/db/query.ts'
import { corrections, editionNotices, editionPapers, editionParts, editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { isFor } from '../plan/audience.ts'
import { mayHaveArrived } from './attempts.ts'

/**
 * Makes a released edition a held draft again, while no reader can have it: attempts that relays refused or deferred left nothing
 * with a reader. Its deliveries are removed, and their readers are due again at the hour that they had, unless they have moved to
 * another schedule.
 *
 * Marking a delivery locks its batch (start-attempts.ts). This locks every batch of the edition before it looks at the ledger, so
 * either it sees the mark, or the mark finds no batch.
 *
 * @throws PaperboyError EDITION_NOT_FOUND; EDITION_STATE when it is no released edition, or one email may have arrived
 */
export async function recall({ db, config }: Pick<Services, 'db' | 'config'>, key: EditionKey): Promise<void> {
  await db.transaction(async (tx) => {
    const { id } = await findEdition({ db: tx }, key)
    // Planning locks the edition before it inserts.
    const [edition] = await tx.select().from(editions).where(eq(editions.id, id)).for('update')
    if (!['released', 'sending', 'paused', 'sent'].includes(edition!.state))
      throw new PaperboyError(
        'EDITION_STATE',
        `${describe(key)} is ${edition!.state}. Only a released one can be recalled.`,
      )
    await tx.execute(sql`SELECT FROM batches WHERE edition_id = ${id} ORDER BY id FOR UPDATE`)
    if (await hasArrived(tx, id))
      throw new PaperboyError(
        'EDITION_STATE',
        `${describe(key)} is on its way: at least one email may have arrived, so it cannot be recalled. Pause or cancel it, or publish a correction.`,
      )
    // Readers planned by their hour have moved on to their next one. An order to send at once did not move them.
    const orderedUntil =
      edition!.sendAllAt && new Date(edition!.sendAllAt.getTime() + config.DIGEST_EXPIRY_HOURS * 3_600_000)
    await tx.execute(sql`
      UPDATE subscribers s SET next_digest_at = d.expires_at - make_interval(secs => ${config.DIGEST_EXPIRY_HOURS * 3600})
      FROM deliveries d
      WHERE d.edition_id = ${id} AND s.id = d.subscriber_id AND s.next_digest_at IS NOT NULL AND d.state IN ('queued', 'deferred', 'refused')
        AND d.expires_at IS DISTINCT FROM ${orderedUntil}::timestamptz AND ${isFor(edition!)}`)
    await tx.execute(sql`DELETE FROM deliveries WHERE edition_id = ${id}`)
    await tx.execute(sql`DELETE FROM batches WHERE edition_id = ${id}`)
    await tx.delete(editionParts).where(eq(editionParts.editionId, id))
    await tx.delete(corrections).where(eq(corrections.editionId, id))
    await tx.update(editionNotices).set({ reportedBy: null }).where(eq(editionNotices.reportedBy, id))
    await tx.update(editionPapers).set({ title: null, withdrawn: false }).where(eq(editionPapers.editionId, id))
    await tx
      .update(editions)
      .set({
        state: 'draft',
        held: true,
        heldWhy: null,
        byHand: false,
        releasedAt: null,
        subject: null,
        preheader: null,
        sendAllAt: null,
        toEveryone: false,
        plannedAt: null,
        sentAt: null,
        pausedWhy: null,
        answered: 0,
        refused: 0,
      })
      .where(eq(editions.id, id))
  })
}

/** Returns whether at least one email of an edition may be with a reader: then it cannot be recalled. */
export async function hasArrived(db: Db, editionId: number): Promise<boolean> {
  const { arrived } = await queryOne(db, { arrived: bool })`
    SELECT EXISTS (SELECT FROM deliveries WHERE edition_id = ${editionId} AND ${mayHaveArrived(sql`deliveries`)}) AS arrived`
  return arrived
}

const describe = (key: EditionKey): string => describeEdition(key).replace(/^t/, 'T')

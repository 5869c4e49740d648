import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import type { Db } from '../../runtime/db/database.ts'
import { withEarlierReply } from '../../runtime/db/earlier-reply.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'

type Deps = Pick<Services, 'db' | 'now'>
type State = typeof editions.$inferSelect.state
export type EditionKey = { kind: 'daily' | 'weekly'; date: string }

export const describeEdition = ({ kind, date }: EditionKey): string => `the ${kind} edition of ${date}`

/** Returns the options that name an edition in a command. */
export const editionOptions = ({ kind, date }: EditionKey): string =>
  `--date ${date}${kind === 'weekly' ? ' --kind weekly' : ''}`

export const editionNotFound = (key: EditionKey): PaperboyError =>
  new PaperboyError(
    'EDITION_NOT_FOUND',
    `There is no ${key.kind} edition of ${key.date}. Assemble it first: paperboy edition assemble ${editionOptions(key)}`,
  )

// Each returns whether it changed anything: done again, it does not.

/** Holds a draft: it is not released automatically. `release` still works. */
export const hold = (deps: Deps, key: EditionKey): Promise<boolean> =>
  changeState(deps, key, ['draft'], { held: true, heldWhy: null })

/** Pauses sending. It stops within one group of deliveries; attempts in flight finish. */
export const pause = (deps: Deps, key: EditionKey): Promise<boolean> =>
  changeState(deps, key, ['released', 'sending', 'paused'], { state: 'paused' })

/** Resumes a paused edition where it stopped, or makes a held draft release automatically again. */
export async function resume(deps: Deps, key: EditionKey): Promise<boolean> {
  const edition = await findEdition(deps, key)
  if (edition.state === 'draft') return changeState(deps, key, ['draft'], { held: false, heldWhy: null, byHand: true })
  return changeState(deps, key, ['paused'], { state: 'sending', pausedWhy: null, answered: 0, refused: 0 })
}

/** Cancels an edition for good. Unsent deliveries are skipped; the others keep their outcome. */
export async function cancel({ db, now }: Deps, key: EditionKey): Promise<boolean> {
  return db.transaction(async (tx) => {
    const changed = await changeState({ db: tx, now }, key, ['draft', 'released', 'sending', 'paused', 'cancelled'], {
      state: 'cancelled',
    })
    const { id } = await findEdition({ db: tx }, key)
    const skipped = await tx.execute(sql`
      UPDATE deliveries d SET state = 'skipped', reply = ${withEarlierReply('edition cancelled')}, settled_at = ${now()}
      WHERE edition_id = ${id} AND state IN ('queued', 'deferred')`)
    await tx.execute(sql`UPDATE batches SET state = 'done' WHERE edition_id = ${id} AND state = 'open'`)
    return changed || skipped.rowCount !== 0
  })
}

/** @throws PaperboyError EDITION_NOT_FOUND */
export async function findEdition({ db }: Pick<Deps, 'db'>, { kind, date }: EditionKey) {
  const [edition] = await db
    .select()
    .from(editions)
    .where(and(eq(editions.kind, kind), eq(editions.date, date)))
  if (!edition) throw editionNotFound({ kind, date })
  return edition
}

/** Finds an edition and locks it until the transaction ends. @param condition on its row once it is locked; others are not found */
export async function lockEdition(db: Db, { kind, date }: EditionKey, condition?: SQL) {
  const [edition] = await db
    .select()
    .from(editions)
    .where(and(eq(editions.kind, kind), eq(editions.date, date), condition))
    .for('update')
  return edition
}

async function changeState(
  { db }: Deps,
  key: EditionKey,
  from: State[],
  to: Partial<
    Pick<typeof editions.$inferSelect, 'state' | 'held' | 'heldWhy' | 'byHand' | 'pausedWhy' | 'answered' | 'refused'>
  >,
): Promise<boolean> {
  const isSo = Object.entries(to).map(([name, value]) => {
    const column = editions[name as keyof typeof to]
    return sql`${column} IS NOT DISTINCT FROM ${sql.param(value, column)}`
  })
  const { rowCount } = await db
    .update(editions)
    .set(to)
    .where(
      and(
        eq(editions.kind, key.kind),
        eq(editions.date, key.date),
        inArray(editions.state, from),
        sql`NOT (${and(...isSo)})`,
      ),
    )
  if (rowCount === 1) return true
  const { state } = await findEdition({ db }, key)
  if (from.includes(state)) return false
  throw new PaperboyError(
    'EDITION_STATE',
    `The ${key.kind} edition of ${key.date} is ${state}. This needs one that is ${from.join(' or ')}.`,
  )
}

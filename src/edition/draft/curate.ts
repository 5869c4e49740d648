import { isDeepStrictEqual } from 'node:util'
import { and, eq, ne, or, sql } from 'drizzle-orm'
import { daysLater } from '../../calendar/days.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { findPaper } from '../../papers/lists/paper.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editionPapers, editionPins, editions, picks } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { assemble } from './assemble.ts'
import { checkUnchanged } from './check-unchanged.ts'
import { describeEdition, type EditionKey, findEdition } from './control.ts'
import { noDraft } from './lock-draft.ts'
import { deletePin, storePin } from './pins.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/** A curator's actions on a paper: the verdict that each sets, and its name in the audit log. */
export const CURATOR_ACTIONS = {
  pick: { verdict: 'picked', auditName: 'picked' },
  drop: { verdict: 'dropped', auditName: 'dropped' },
  unpick: { verdict: undefined, auditName: 'undid the pick or drop of' },
  note: { verdict: undefined, auditName: 'set the note of' },
  pin: { verdict: undefined, auditName: 'pinned' },
  unpin: { verdict: undefined, auditName: 'unpinned' },
} as const
export type CuratorAction = keyof typeof CURATOR_ACTIONS

export interface CurateOptions {
  /** the draft to change; needed to pin, and for papers of other list days. Default: the editions of the paper's own day and week */
  edition?: EditionKey | undefined
  /** to pin: the place from 1 on; default: where it stands */
  place?: number | undefined
  /** fingerprint of the paper's verdict, note and place, as a form showed them (`paperState`) */
  seen?: string | undefined
}

interface CurateResult {
  title: string
  listDay: string
  /** the drafts that were assembled again */
  assembled: EditionKey[]
  /** whether its verdict, note or place is another one now */
  changed: boolean
}

/** Characters of Markdown in a note on a paper. */
const MAX_PAPER_NOTE = 500

/**
 * Applies a curator's decision on a paper at once: every draft that has the paper, or would have it, is assembled again.
 *
 * - pick: it comes first in its edition · drop: it is left out · unpick: undoes either, and keeps the note of a pick
 * - note: words for readers, in Markdown; empty removes them
 * - pin: fixes its place in one edition · unpin: lets it move again
 *
 * @param name the paper's arXiv id in any form, or the id in its link
 * @param note for `note`, or with a pick or a drop; undefined keeps the note that it has
 * @throws PaperboyError PAPER_NOT_FOUND | EDITION_NOT_FOUND | EDITION_CHANGED | BAD_EDITION; EDITION_STATE when all its editions, or the
 *   one named, are released. Then nothing changes
 */
export const curate = (
  deps: Deps,
  name: string,
  action: CuratorAction,
  note?: string,
  options: CurateOptions = {},
): Promise<CurateResult> =>
  deps.db.transaction(async (tx) => {
    const { edition: key, seen } = options
    if (note !== undefined && note.length > MAX_PAPER_NOTE)
      throw new PaperboyError('BAD_EDITION', `The note has ${note.length} characters. It may have ${MAX_PAPER_NOTE}.`)
    const paper = await findPaper(tx, name)
    if (!paper)
      throw new PaperboyError(
        'PAPER_NOT_FOUND',
        `There is no paper "${name}". Give the id as in its link, such as 2604.10098.`,
      )
    const day = key && !isListed(paper.listDay, key) ? key.date : paper.listDay
    const affected = await lockEditionsOf(tx, paper.id, day, key)
    const drafts = affected.filter(({ state }) => state === 'draft')
    const own = key && affected.find(({ kind, date }) => kind === key.kind && date === key.date)
    if (key && !own) throw noDraft(await findEdition({ db: tx }, key))
    if (own && own.state !== 'draft') throw noDraft(own)
    if (affected.length > 0 && drafts.length === 0) throw noDraft(affected[0]!)
    const before = await paperState(tx, paper.id, day, own?.id)
    if (seen !== undefined) checkUnchanged(seen, ...before)
    if (action === 'pin' || action === 'unpin') await movePin(tx, own, paper, action, options.place)
    else await recordVerdict({ ...deps, db: tx }, { ...paper, day }, action, note)
    const changed = !isDeepStrictEqual(await paperState(tx, paper.id, day, own?.id), before)
    const assembled = drafts.map(({ kind, date }) => ({ kind, date }))
    for (const draft of assembled) await assemble({ ...deps, db: tx }, draft)
    return { title: paper.title, listDay: paper.listDay, assembled, changed }
  })

/** Whether a list day belongs to an edition. */
export const isListed = (listDay: string, { kind, date }: EditionKey): boolean =>
  listDay >= date && listDay <= (kind === 'weekly' ? daysLater(date, 6) : date)

/** What the curator decided about a paper: verdict, note and place, for its fingerprint. */
async function paperState(db: Db, paperId: number, day: string, editionId: number | undefined) {
  const [found] = await db
    .select({ verdict: picks.verdict, note: picks.note })
    .from(picks)
    .where(and(eq(picks.paperId, paperId), eq(picks.listDay, day)))
  const [pin] = editionId === undefined ? [] : await selectPin(db, editionId, paperId)
  return [found?.verdict ?? null, found?.note ?? null, pin?.place ?? null] as const
}

const selectPin = (db: Db, editionId: number, paperId: number) =>
  db
    .select({ place: editionPins.place })
    .from(editionPins)
    .where(and(eq(editionPins.editionId, editionId), eq(editionPins.paperId, paperId)))

async function movePin(
  db: Db,
  edition: { id: number; kind: 'daily' | 'weekly'; date: string } | undefined,
  { id: paperId, title }: { id: number; title: string },
  action: 'pin' | 'unpin',
  place: number | undefined,
): Promise<void> {
  if (!edition) throw new PaperboyError('BAD_EDITION', 'Name the edition in which the paper has its place.')
  if (action === 'unpin') return void (await deletePin(db, edition.id, paperId))
  const [standing] = await db
    .select({ position: editionPapers.position, section: editionPapers.section })
    .from(editionPapers)
    .where(and(eq(editionPapers.editionId, edition.id), eq(editionPapers.paperId, paperId)))
  if (!standing || standing.section === 'rising')
    throw new PaperboyError('BAD_EDITION', `"${title}" has no place to pin in ${describeEdition(edition)}.`)
  const from = standing.position + 1
  await storePin(db, edition.id, { paperId, place: place ?? from, from })
}

async function recordVerdict(
  { db, config }: Deps,
  { id: paperId, listDay, day }: { id: number; listDay: string; day: string },
  action: 'pick' | 'drop' | 'unpick' | 'note',
  note: string | undefined,
): Promise<void> {
  const where = and(eq(picks.paperId, paperId), eq(picks.listDay, day))
  const text = note?.trim() || null
  const curator = config.CURATOR_NAME
  const store = (values: Partial<typeof picks.$inferInsert>) =>
    db
      .insert(picks)
      .values({ paperId, listDay: day, curator, ...values })
      .onConflictDoUpdate({ target: [picks.listDay, picks.paperId], set: { curator, ...values } })
  if (action === 'note' && text !== null) {
    await store({ note: text })
  } else if (action === 'note') {
    await db.delete(picks).where(and(where, sql`${picks.verdict} IS NULL`))
    await db.update(picks).set({ note: null }).where(where)
  } else if (action === 'unpick') {
    // A reason for a drop is no note for readers. The note of a paper that leaves the edition has no place.
    const kept = and(
      eq(picks.verdict, 'picked'),
      sql`${picks.note} IS NOT NULL`,
      day === listDay ? sql`true` : sql`false`,
    )
    await db.update(picks).set({ verdict: null }).where(and(where, kept))
    await db.delete(picks).where(and(where, sql`${picks.verdict} IS NOT NULL`))
  } else {
    await store({ verdict: CURATOR_ACTIONS[action].verdict, ...(note === undefined ? {} : { note: text }) })
  }
}

/**
 * Locks the editions of a list day and its week, drafts that show the paper as still rising, and the one named. In one order, so that
 * two curators wait for each other.
 */
const lockEditionsOf = (db: Db, paperId: number, day: string, key: EditionKey | undefined) =>
  db
    .select({ id: editions.id, kind: editions.kind, date: editions.date, state: editions.state })
    .from(editions)
    .where(
      and(
        ne(editions.state, 'cancelled'),
        or(
          and(eq(editions.kind, 'daily'), eq(editions.date, day)),
          and(eq(editions.kind, 'weekly'), sql`${editions.date} = date_trunc('week', ${day}::date)::date`),
          key && and(eq(editions.kind, key.kind), eq(editions.date, key.date)),
          and(
            eq(editions.state, 'draft'),
            sql`EXISTS (SELECT FROM ${editionPapers} c WHERE c.edition_id = ${editions.id} AND c.paper_id = ${paperId})`,
          ),
        ),
      ),
    )
    .orderBy(editions.date, editions.kind)
    .for('update')

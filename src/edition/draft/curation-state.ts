import type { Db } from '../../runtime/db/database.ts'
import { checkUnchanged } from './check-unchanged.ts'
import type { EditionKey } from './control.ts'
import { readCuratorView } from './curator-view.ts'
import { lockDraft } from './lock-draft.ts'
import { releaseState } from './schedule.ts'
import { wordingState } from './wording.ts'

type View = Awaited<ReturnType<typeof readCuratorView>>

/**
 * Everything that people decided about an edition, for its fingerprint: a release sends it to all readers. Votes and the order that
 * follows from them are left out, since they change by themselves.
 */
export const curationState = ({ edition, papers, dropped }: View) => [
  ...releaseState(edition),
  ...wordingState(edition),
  ...[...papers, ...dropped]
    .filter(({ verdict, note, place }) => verdict !== null || note !== null || place !== null)
    .map(({ id, verdict, note, place }) => [id, verdict, note, place] as const)
    .sort(([a], [b]) => a - b),
]

/**
 * Locks a draft, and checks that no other curator decided anything since a page showed it.
 * @throws PaperboyError EDITION_NOT_FOUND | EDITION_STATE | EDITION_CHANGED
 */
export async function checkCuration(db: Db, key: EditionKey, seen: string | undefined): Promise<void> {
  if (seen === undefined) return
  await lockDraft(db, key)
  checkUnchanged(seen, ...curationState(await readCuratorView({ db }, key)))
}

import { explainSelection, type SelectedPaper, selectPositions } from '../../edition/select/select-papers.ts'
import { NO_WISHES, type SelectionPreferences } from '../../edition/select/wishes.ts'
import type { Db } from '../../runtime/db/database.ts'
import type { Chosen, Pending } from '../ledger/deliveries.ts'
import { type Releases, readShownBefore } from '../ledger/repeats.ts'
import { readSavedPositions } from '../ledger/saved-positions.ts'
import type { StartedAttempt } from '../ledger/start-attempts.ts'
import type { CachedEdition } from './edition-cache.ts'

/** Selects the papers of an edition's readers, for one batch. */
export interface EditionSelection {
  /** Selects each reader's papers. In a transaction `db` that locked the readers, no other edition shows them the same papers. */
  select(pending: readonly Pending[], db: Db): Promise<Chosen[]>
  /** Adds sections and reasons to the selection of a marked delivery, once: call `select` for its reader before. */
  explain(marked: StartedAttempt): Explained
  /** whether other editions have papers of this one, so that readers must be locked for `select` */
  sharesPapers: boolean
  /** the releases that `sharesPapers` has seen */
  releases: Releases
}

interface Explained {
  selected: SelectedPaper[]
  /** positions that the reader had in other digests, or is not interested in */
  unlisted: ReadonlySet<number> | undefined
  /** positions that the reader saved, newest first; only in weekly editions */
  saved: readonly number[] | undefined
}

/** Opens the selection for one batch. Asks for shared papers each time: an edition released since may share a paper. */
export async function openSelection(
  editionId: number,
  {
    index,
    matchPersonal,
    findRepeats,
    weekly,
  }: Pick<CachedEdition, 'index' | 'matchPersonal' | 'findRepeats' | 'weekly'>,
): Promise<EditionSelection> {
  const { releases, repeats } = await findRepeats()
  // By subscriber. Reasons must be true of the preferences that selected the papers, even if the reader changes them.
  const preferencesOf = new Map<number, { preferences: SelectionPreferences } & Omit<Explained, 'selected'>>()
  return {
    releases,
    sharesPapers: repeats.size > 0,
    async select(pending, db) {
      const had = await readShownBefore(db, repeats, pending)
      const readers = pending.map(({ subscriberId, wishes }) => ({ ...wishes, subscriberId }))
      const personal = await matchPersonal(db, readers)
      const ids = readers.map(({ subscriberId }) => subscriberId)
      const saved = weekly ? await readSavedPositions(db, editionId, ids) : undefined
      return pending.map(({ subscriberId, wishes, chosen }) => {
        const preferences = { ...NO_WISHES, ...wishes, ...(personal.get(subscriberId) ?? NO_MATCHES) }
        const before = had.get(subscriberId)
        const { unwanted } = preferences
        preferencesOf.set(subscriberId, {
          preferences,
          unlisted: unwanted.length === 0 ? before : new Set([...(before ?? []), ...unwanted]),
          saved: saved?.get(subscriberId),
        })
        return { subscriberId, chosen: chosen ?? selectPositions(index, preferences, before) }
      })
    },
    explain({ subscriberId, chosen }) {
      const { preferences, ...rest } = preferencesOf.get(subscriberId)!
      preferencesOf.delete(subscriberId)
      return { selected: explainSelection(index, preferences, chosen), ...rest }
    },
  }
}

const NO_MATCHES = { likePapers: NO_WISHES.likePapers }

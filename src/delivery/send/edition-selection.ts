import { readLiked } from '../../edition/select/read-selection-index.ts'
import {
  explainSelection,
  type SelectedPaper,
  type SelectionPreferences,
  selectPositions,
} from '../../edition/select/select-papers.ts'
import type { SelectionIndex } from '../../edition/select/selection-index.ts'
import type { Db } from '../../runtime/db/database.ts'
import type { Services } from '../../runtime/services.ts'
import type { Chosen, Pending } from '../ledger/deliveries.ts'
import { findRepeats, type Releases, readReleases, readShownBefore } from '../ledger/repeats.ts'
import type { StartedAttempt } from '../ledger/start-attempts.ts'

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
  /** positions that the reader had in other digests */
  had: ReadonlySet<number> | undefined
}

/** Opens the selection for one batch. Reads shared papers each time: an edition released since may share a paper. */
export async function openSelection(
  { db, now }: Pick<Services, 'db' | 'now'>,
  editionId: number,
  index: SelectionIndex,
): Promise<EditionSelection> {
  const releases = await readReleases(db, now())
  const repeats = await findRepeats(db, editionId)
  // By subscriber. Reasons must be true of the preferences that selected the papers, even if the reader changes them.
  const preferencesOf = new Map<number, { preferences: SelectionPreferences; had: ReadonlySet<number> | undefined }>()
  return {
    releases,
    sharesPapers: repeats.size > 0,
    async select(pending, db) {
      const had = await readShownBefore(db, repeats, pending)
      const asking = pending.filter(({ wishes }) => wishes.likeVoted).map(({ subscriberId }) => subscriberId)
      const liked = await readLiked(db, asking, now())
      return pending.map(({ subscriberId, wishes, chosen }) => {
        const preferences = { ...wishes, liked: liked.get(subscriberId) ?? [] }
        const before = had.get(subscriberId)
        preferencesOf.set(subscriberId, { preferences, had: before })
        return { subscriberId, chosen: chosen ?? selectPositions(index, preferences, before) }
      })
    },
    explain({ subscriberId, chosen }) {
      const { preferences, had } = preferencesOf.get(subscriberId)!
      preferencesOf.delete(subscriberId)
      return { selected: explainSelection(index, preferences, chosen), had }
    },
  }
}

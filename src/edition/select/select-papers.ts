import { risingForReader } from './rising-for-reader.ts'
import type { SelectionIndex } from './selection-index.ts'
import { shareOut } from './share.ts'
import { hasWishes, matchWishes, type PersonalReason, type SelectionPreferences } from './wishes.ts'

export interface SelectedPaper {
  /** 0-based position in the edition: its rank by votes */
  position: number
  /** the edition's section of it, or `topics` for a paper that only the reader's wishes brought in */
  section: string
  /** how many wishes it meets, plus how well it fits their taste; 0 for none. Independent of rank */
  fit: number
  reasons: PersonalReason[]
}

/** A selection as the ledger stores it, so that a resend shows the same papers. */
export interface Selection {
  /** positions, ascending */
  shown: number[]
  /** how many of them are `topics`: the last ones before "still rising" */
  own: number
}

/**
 * Selects the papers of one reader's digest, in the edition's order, each with its section and reasons.
 *
 * Without wishes these are the edition's first papers. With wishes, papers from further down replace the last of those that meet no
 * wish, until the reader's share is met (share.ts). With a share of 1, only papers that meet a wish remain.
 * A paper that the reader had before comes again only in "still rising". Without any new paper there is no digest.
 *
 * @param had positions that they had in other digests
 */
export const selectPapers = (
  index: SelectionIndex,
  preferences: SelectionPreferences,
  had: ReadonlySet<number> = NONE,
): SelectedPaper[] => explainSelection(index, preferences, selectPositions(index, preferences, had))

/** Selects only positions, for the ledger. */
export function selectPositions(
  index: SelectionIndex,
  preferences: SelectionPreferences,
  had: ReadonlySet<number> = NONE,
): Selection {
  const { size, share, unwanted } = preferences
  const isFresh = (position: number) => !had.has(position) && !unwanted.includes(position)
  const fresh = had.size + unwanted.length === 0 ? index.ranked : index.ranked.filter(isFresh)
  const wishes = matchWishes(index, preferences)
  const meetsWish = (position: number) => wishes.some((wish) => wish.positions.includes(position))
  const onlyWishes = share === 1 && hasWishes(preferences)
  const mine = onlyWishes ? fresh.filter(meetsWish) : fresh
  if (mine.length === 0) return { shown: [], own: 0 }
  const candidates = index.rising.filter(
    (position) => !unwanted.includes(position) && (!onlyWishes || meetsWish(position)),
  )
  const rising = risingForReader(candidates, had, size)
  const places = Math.max(size - rising.length, 0)
  const wanted = Math.min(Math.ceil(size * share), places)
  const { top, own } = shareOut(index, wishes, mine, places, wanted)
  return { shown: [...top, ...own, ...rising].sort((a, b) => a - b), own: own.length }
}

/**
 * Adds sections and reasons to a selection, new or from the ledger.
 * Each reason is true of these preferences, even if they changed since the selection.
 */
export function explainSelection(
  index: SelectionIndex,
  preferences: SelectionPreferences,
  { shown, own }: Selection,
): SelectedPaper[] {
  const wishes = matchWishes(index, preferences)
  const ranked = shown.filter((position) => index.sections[position] !== 'rising')
  const firstOwn = own > 0 ? ranked[ranked.length - own]! : Number.POSITIVE_INFINITY
  return shown.map((position) => {
    const section = index.sections[position]!
    let fit = 0
    const reasons: PersonalReason[] = []
    for (const { reason, positions, fits } of wishes) {
      const at = positions.indexOf(position)
      if (at < 0) continue
      reasons.push(reason)
      fit += fits === undefined ? 1 : fits[at]!
    }
    return { position, section: section !== 'rising' && position >= firstOwn ? 'topics' : section, fit, reasons }
  })
}

const NONE: ReadonlySet<number> = new Set()

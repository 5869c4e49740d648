import type { SelectedPaper, Selection } from '../../../src/edition/select/select-papers.ts'
import type { SelectionIndex } from '../../../src/edition/select/selection-index.ts'
import { hasWishes, matchWishes, type SelectionPreferences } from '../../../src/edition/select/wishes.ts'

/** The selection as the rule reads, with sets and by sorting. src/edition/select must agree with it; benches compare both. */

const NONE: ReadonlySet<number> = new Set()

export function referenceSelectPositions(
  index: SelectionIndex,
  preferences: SelectionPreferences,
  had: ReadonlySet<number> = NONE,
): Selection {
  const { size, share } = preferences
  const unwanted = new Set(preferences.unwanted)
  const wishes = matchWishes(index, preferences).map(({ positions, standings, fits }) => ({
    standings: new Map(
      positions.map((position, at) => [position, standings ? standings[at]! : index.standing[position]!]),
    ),
    fits: new Map(positions.map((position, at) => [position, fits ? fits[at]! : 1])),
  }))
  const fitOf = (position: number) => wishes.reduce((sum, { fits }) => sum + (fits.get(position) ?? 0), 0)
  const onlyMine = share === 1 && hasWishes(preferences)
  const isWanted = (position: number) => !unwanted.has(position) && (!onlyMine || fitOf(position) > 0)
  const fresh = index.ranked.filter((position) => !had.has(position) && isWanted(position))
  if (fresh.length === 0) return { shown: [], own: 0 }
  const unseen = index.rising.filter((position) => !had.has(position) && isWanted(position))
  const rising = unseen.slice(0, Math.floor(size * 0.2))
  const places = size - rising.length
  const first = fresh.slice(0, places)
  const shown = new Set(first)
  const given = new Set<number>()
  for (let place = 0; place < Math.min(Math.ceil(size * share), places); place++) {
    const [next] = wishes
      .map(({ standings }) => {
        const papers = fresh.filter((position) => standings.has(position))
        const got = papers.filter((position) => given.has(position)).length
        const [best] = papers
          .filter((position) => !given.has(position))
          .sort(
            (a, b) =>
              Number(shown.has(b)) - Number(shown.has(a)) ||
              fitOf(b) - fitOf(a) ||
              standings.get(b)! - standings.get(a)! ||
              a - b,
          )
        return { got, papers: papers.length, best, standing: standings.get(best ?? -1) ?? 0 }
      })
      .filter(({ best }) => best !== undefined)
      .sort((a, b) => a.got - b.got || a.papers - b.papers || b.standing - a.standing)
    if (next?.best === undefined) break
    if (!shown.has(next.best)) {
      const losers = [...shown].filter((position) => !given.has(position)).sort((a, b) => b - a)
      const loser = losers.find((position) => fitOf(position) === 0) ?? losers[0]
      if (loser === undefined) break
      shown.delete(loser)
      shown.add(next.best)
    }
    given.add(next.best)
  }
  const own = [...shown].filter((position) => !first.includes(position))
  return { shown: [...shown, ...rising].sort((a, b) => a - b), own: own.length }
}

export function referenceExplainSelection(
  index: SelectionIndex,
  preferences: SelectionPreferences,
  { shown, own }: Selection,
): SelectedPaper[] {
  const wishes = matchWishes(index, preferences)
  const ranked = shown.filter((position) => index.sections[position] !== 'rising')
  const ofTopics = new Set(own > 0 ? ranked.slice(-own) : [])
  return shown.map((position) => {
    const met = wishes.filter(({ positions }) => positions.includes(position))
    return {
      position,
      section: ofTopics.has(position) ? 'topics' : index.sections[position]!,
      fit: met.reduce((sum, { positions, fits }) => sum + (fits ? fits[positions.indexOf(position)]! : 1), 0),
      reasons: met.map(({ reason }) => reason),
    }
  })
}

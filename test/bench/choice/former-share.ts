import type { SelectionIndex } from '../../../src/edition/select/selection-index.ts'
import { matchWishes, type SelectionPreferences, sumFits } from '../../../src/edition/select/wishes.ts'

/**
 * The selection before wishes took turns, as a baseline: the list's first papers count for the share whatever wish they meet, and the
 * missing ones come by fit, then by turn within their topic, then by standing.
 */
export function formerPositions(index: SelectionIndex, preferences: SelectionPreferences): number[] {
  const fresh = index.ranked
  const places = preferences.size
  const fits = sumFits(matchWishes(index, preferences), index.sections.length)
  const matching = fresh.filter((position) => fits[position])
  const wanted = Math.min(Math.ceil(preferences.size * 0.4), places, matching.length)
  let top = Math.min(places, fresh.length)
  const met = () => fresh.slice(0, top).filter((position) => fits[position]).length
  while (met() + places - top < wanted) top--
  const { turns, standings } = assignTurns(index, preferences.topics)
  const own = matching
    .slice(met())
    .sort((a, b) => fits[b]! - fits[a]! || turns[a]! - turns[b]! || standings[b]! - standings[a]! || a - b)
    .slice(0, Math.max(wanted - met(), 0))
  return [...fresh.slice(0, top), ...own].sort((a, b) => a - b)
}

/** Returns each paper's earliest rank within a topic, starting at 1, and its best standing among the topics. */
function assignTurns(index: SelectionIndex, topics: readonly string[]) {
  const turns = index.sections.map(() => 0)
  const standings = [...index.standing]
  for (const slug of topics) {
    index.inTopic(slug).forEach((position, at) => {
      const standing = index.standingIn(slug)[at]!
      standings[position] = turns[position] ? Math.max(standings[position]!, standing) : standing
      turns[position] = turns[position] ? Math.min(turns[position], at + 1) : at + 1
    })
  }
  return { turns: turns.map((turn) => turn || 1), standings }
}

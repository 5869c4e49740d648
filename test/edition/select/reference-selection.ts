import type {
  PersonalReason,
  SelectedPaper,
  Selection,
  SelectionPreferences,
} from '../../../src/edition/select/select-papers.ts'
import type { SelectionIndex } from '../../../src/edition/select/selection-index.ts'

/** The selection as the rule reads, with maps and by sorting all matches. src/edition/select must agree with it; benches compare both. */

const NONE: ReadonlySet<number> = new Set()

export function referenceSelectPositions(
  index: SelectionIndex,
  preferences: SelectionPreferences,
  had: ReadonlySet<number> = NONE,
): Selection {
  const fresh = index.ranked.filter((position) => !had.has(position))
  if (fresh.length === 0) return { shown: [], own: 0 }
  const unseen = index.rising.filter((position) => !had.has(position))
  const rising = unseen.slice(0, Math.floor(preferences.size * 0.2))
  const places = Math.max(preferences.size - rising.length, 0)
  const fits = computeFits(index, preferences)
  const matching = fresh.filter((position) => fits.has(position))
  const wanted = Math.min(Math.ceil(preferences.size * 0.4), places, matching.length)
  let top = Math.min(places, fresh.length)
  const met = () => fresh.slice(0, top).filter((position) => fits.has(position)).length
  while (met() + places - top < wanted) top--
  const below = matching.slice(met())
  const { turns, standings } = assignTurns(index, preferences.topics, fresh)
  const own = below
    .sort(
      (a, b) =>
        fits.get(b)! - fits.get(a)! || turns.get(a)! - turns.get(b)! || standings.get(b)! - standings.get(a)! || a - b,
    )
    .slice(0, Math.max(wanted - met(), 0))
  return { shown: [...fresh.slice(0, top), ...own, ...rising].sort((a, b) => a - b), own: own.length }
}

export function referenceExplainSelection(
  index: SelectionIndex,
  preferences: SelectionPreferences,
  { shown, own }: Selection,
): SelectedPaper[] {
  const fits = computeFits(index, preferences)
  const ranked = shown.filter((position) => index.sections[position] !== 'rising')
  const ofTopics = new Set(own > 0 ? ranked.slice(-own) : [])
  return shown.map((position) => ({
    position,
    section: ofTopics.has(position) ? 'topics' : index.sections[position]!,
    fit: fits.get(position) ?? 0,
    reasons: reasonsOf(index, preferences, position),
  }))
}

/** Returns each fresh paper's earliest turn, starting at 1, and best standing among its topics. Without a topic, the turn is 1. */
function assignTurns(index: SelectionIndex, topics: readonly string[], fresh: readonly number[]) {
  const isFresh = new Set(fresh)
  const turns = new Map<number, number>()
  const standings = new Map<number, number>()
  for (const slug of topics) {
    const topicStandings = index.standingIn(slug)
    const own = index.inTopic(slug).map((position, at) => ({ position, standing: topicStandings[at]! }))
    for (const [at, { position, standing }] of own.filter((one) => isFresh.has(one.position)).entries()) {
      turns.set(position, Math.min(at + 1, turns.get(position) ?? at + 1))
      standings.set(position, Math.max(standing, standings.get(position) ?? standing))
    }
  }
  for (const position of fresh) {
    if (turns.has(position)) continue
    turns.set(position, 1)
    standings.set(position, index.standing[position]!)
  }
  return { turns, standings }
}

function computeFits(index: SelectionIndex, { topics, keywords, liked }: SelectionPreferences): Map<number, number> {
  const fits = new Map<number, number>()
  const add = (position: number, fit: number) => fits.set(position, (fits.get(position) ?? 0) + fit)
  for (const slug of topics) for (const position of index.inTopic(slug)) add(position, 1)
  for (const word of keywords) for (const position of index.mentioning(word)) add(position, 1)
  for (const paperId of liked) for (const { position, likeness } of index.similarTo(paperId)) add(position, likeness)
  return fits
}

const reasonsOf = (
  index: SelectionIndex,
  { topics, keywords, liked }: SelectionPreferences,
  position: number,
): PersonalReason[] => [
  ...topics.filter((slug) => index.inTopic(slug).includes(position)).map((slug) => ({ kind: 'topic' as const, slug })),
  ...keywords
    .filter((word) => index.mentioning(word).includes(position))
    .map((word) => ({ kind: 'keyword' as const, word })),
  ...(liked.some((id) => index.similarTo(id).some((one) => one.position === position))
    ? [{ kind: 'like' as const }]
    : []),
]

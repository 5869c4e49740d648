import type { Choice, ChosenPaper, OwnReason, Wishes } from '../../src/edition/select/choose.ts'
import type { Candidates } from '../../src/edition/select/selection-index.ts'

/** Choosing as the rule reads, by maps and by sorting all that fits: what src/edition/select/choose.ts must agree with, and is measured beside. */

const NONE: ReadonlySet<number> = new Set()

export function pickPlainly(candidates: Candidates, wishes: Wishes, had: ReadonlySet<number> = NONE): Choice {
  const fresh = candidates.ranked.filter((position) => !had.has(position))
  if (fresh.length === 0) return { shown: [], own: 0 }
  const rising = candidates.rising.slice(0, Math.floor(wishes.size * 0.2))
  const places = Math.max(wishes.size - rising.length, 0)
  const fits = fitOf(candidates, wishes)
  const matching = fresh.filter((position) => fits.has(position))
  const wanted = Math.min(Math.ceil(wishes.size * 0.4), places, matching.length)
  let crowd = Math.min(places, fresh.length)
  const met = () => fresh.slice(0, crowd).filter((position) => fits.has(position)).length
  while (met() + places - crowd < wanted) crowd--
  const left = matching.slice(met())
  const { turns, standings } = turnsOf(candidates, wishes.topics, fresh)
  const own = left
    .sort(
      (a, b) =>
        fits.get(b)! - fits.get(a)! || turns.get(a)! - turns.get(b)! || standings.get(b)! - standings.get(a)! || a - b,
    )
    .slice(0, Math.max(wanted - met(), 0))
  return { shown: [...fresh.slice(0, crowd), ...own, ...rising].sort((a, b) => a - b), own: own.length }
}

export function arrangePlainly(candidates: Candidates, wishes: Wishes, { shown, own }: Choice): ChosenPaper[] {
  const fits = fitOf(candidates, wishes)
  const ranked = shown.filter((position) => candidates.sections[position] !== 'rising')
  const ofTopics = new Set(own > 0 ? ranked.slice(-own) : [])
  return shown.map((position) => ({
    position,
    section: ofTopics.has(position) ? 'topics' : candidates.sections[position]!,
    fit: fits.get(position) ?? 0,
    reasons: reasonsOf(candidates, wishes, position),
  }))
}

/** Where each fresh paper stands best among its topics' fresh ones: the turn, from 1, and the standing. Without a topic it has the first. */
function turnsOf(candidates: Candidates, topics: readonly string[], fresh: readonly number[]) {
  const isFresh = new Set(fresh)
  const turns = new Map<number, number>()
  const standings = new Map<number, number>()
  for (const slug of topics) {
    const inTopic = candidates.standingIn(slug)
    const own = candidates.ofTopic(slug).map((position, at) => ({ position, standing: inTopic[at]! }))
    for (const [at, { position, standing }] of own.filter((one) => isFresh.has(one.position)).entries()) {
      turns.set(position, Math.min(at + 1, turns.get(position) ?? at + 1))
      standings.set(position, Math.max(standing, standings.get(position) ?? standing))
    }
  }
  for (const position of fresh) {
    if (turns.has(position)) continue
    turns.set(position, 1)
    standings.set(position, candidates.standing[position]!)
  }
  return { turns, standings }
}

function fitOf(candidates: Candidates, { topics, keywords, liked }: Wishes): Map<number, number> {
  const fits = new Map<number, number>()
  const add = (position: number, fit: number) => fits.set(position, (fits.get(position) ?? 0) + fit)
  for (const slug of topics) for (const position of candidates.ofTopic(slug)) add(position, 1)
  for (const word of keywords) for (const position of candidates.mentioning(word)) add(position, 1)
  for (const paperId of liked) for (const { position, likeness } of candidates.like(paperId)) add(position, likeness)
  return fits
}

const reasonsOf = (candidates: Candidates, { topics, keywords, liked }: Wishes, position: number): OwnReason[] => [
  ...topics
    .filter((slug) => candidates.ofTopic(slug).includes(position))
    .map((slug) => ({ kind: 'topic' as const, slug })),
  ...keywords
    .filter((word) => candidates.mentioning(word).includes(position))
    .map((word) => ({ kind: 'keyword' as const, word })),
  ...(liked.some((id) => candidates.like(id).some((one) => one.position === position))
    ? [{ kind: 'like' as const }]
    : []),
]

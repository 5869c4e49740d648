import type { Candidates } from './candidates.ts'

/** What decides which papers of an edition one reader gets. */
export interface Wishes {
  /** papers in a digest, at most */
  size: number
  /** slugs */
  topics: readonly string[]
  keywords: readonly string[]
  /** ids of papers they voted for; empty unless they asked for papers like these */
  liked: readonly number[]
}

/** Why a paper is in this reader's digest, beside the reason that the edition gives everybody. */
export type OwnReason = { kind: 'topic'; slug: string } | { kind: 'keyword'; word: string } | { kind: 'like' }

export interface ChosenPaper {
  /** the crowd's rank: 0-based place in the edition */
  position: number
  /** the edition's section of it, or `topics` where it is here for the reader's wishes alone */
  section: string
  /** personal fit, apart from the rank: how many wishes it meets, and how much it is like what they voted for; 0 for none */
  fit: number
  reasons: OwnReason[]
}

/** Which papers, as the ledger keeps it, so that a resend shows the same. */
export interface Choice {
  /** positions, ascending */
  shown: number[]
  /** how many of them are `topics`: the last so many outside "still rising" */
  own: number
}

/** At least so much of a digest meets the reader's wishes, where the edition has as many such papers. */
const OWN_SHARE = 0.4
/** At most so much of it is still rising. */
const RISING_SHARE = 0.2

/**
 * One reader's digest of an edition: ordered papers, each with its section and why it is there.
 *
 * Always in the edition's order. Without wishes it is the edition's first papers; with them, the last of those give way to papers
 * from further down until the reader's share is met, so that most of the digest stays what the community found worth reading.
 * Nothing that the reader had comes again, except in "still rising"; where nothing else is new, there is no digest.
 *
 * @param had positions that they had in other digests
 */
export const choose = (candidates: Candidates, wishes: Wishes, had: ReadonlySet<number> = NOTHING): ChosenPaper[] =>
  arrange(candidates, wishes, pick(candidates, wishes, had))

/** The part of `choose` that the ledger keeps. */
export function pick(candidates: Candidates, wishes: Wishes, had: ReadonlySet<number> = NOTHING): Choice {
  const fresh = had.size === 0 ? candidates.ranked : candidates.ranked.filter((position) => !had.has(position))
  if (fresh.length === 0) return { shown: [], own: 0 }
  const rising = candidates.rising.slice(0, Math.floor(wishes.size * RISING_SHARE))
  const places = Math.max(wishes.size - rising.length, 0)
  const fits = fitOf(candidates, wishes)
  const matching = fits.size === 0 ? [] : fresh.filter((position) => fits.has(position))
  const wanted = Math.min(Math.ceil(wishes.size * OWN_SHARE), places, matching.length)

  // The longest run of the crowd's best that leaves room for the reader's share.
  let crowd = Math.min(places, fresh.length)
  let met = matching.filter((position) => position <= fresh[crowd - 1]!).length
  while (met + places - crowd < wanted) {
    crowd--
    if (fits.has(fresh[crowd]!)) met--
  }
  const left = matching.slice(met)
  const turns = turnsOf(candidates, wishes.topics, left)
  const own = left
    .sort((a, b) => fits.get(b)! - fits.get(a)! || (turns.get(a) ?? 0) - (turns.get(b) ?? 0) || a - b)
    .slice(0, Math.max(wanted - met, 0))
  const shown = [...fresh.slice(0, crowd), ...own, ...rising].sort((a, b) => a - b)
  return { shown, own: own.length }
}

/**
 * A topic's papers take turns with those of the reader's other topics, its best first, so that a small one gets its share beside
 * one that has most votes: what counts is a paper's place within its topic.
 */
function turnsOf(
  candidates: Candidates,
  topics: readonly string[],
  left: readonly number[],
): ReadonlyMap<number, number> {
  const turns = new Map<number, number>()
  for (const slug of topics) {
    const own = candidates.ofTopic(slug).filter((position) => left.includes(position))
    for (const [turn, position] of own.entries()) turns.set(position, Math.min(turn, turns.get(position) ?? turn))
  }
  return turns
}

/** What was picked, with section and reasons: from the ledger as well as fresh. Each reason is true of the wishes given here. */
export function arrange(candidates: Candidates, wishes: Wishes, { shown, own }: Choice): ChosenPaper[] {
  const fits = fitOf(candidates, wishes)
  const ranked = shown.filter((position) => candidates.sections[position] !== 'rising')
  const firstOwn = own > 0 ? ranked[ranked.length - own]! : Number.POSITIVE_INFINITY
  return shown.map((position) => {
    const section = candidates.sections[position]!
    const fit = fits.get(position) ?? 0
    return {
      position,
      section: section !== 'rising' && position >= firstOwn ? 'topics' : section,
      fit,
      reasons: fit > 0 ? reasonsOf(candidates, wishes, position) : NO_REASONS,
    }
  })
}

/** Position → personal fit, of papers that meet any wish. */
function fitOf(candidates: Candidates, { topics, keywords, liked }: Wishes): ReadonlyMap<number, number> {
  if (topics.length + keywords.length + liked.length === 0) return NO_FIT
  const fits = new Map<number, number>()
  const add = (position: number, fit: number) => fits.set(position, (fits.get(position) ?? 0) + fit)
  for (const slug of topics) for (const position of candidates.ofTopic(slug)) add(position, 1)
  for (const word of keywords) for (const position of candidates.mentioning(word)) add(position, 1)
  for (const paperId of liked) for (const { position, likeness } of candidates.like(paperId)) add(position, likeness)
  return fits
}

function reasonsOf(candidates: Candidates, { topics, keywords, liked }: Wishes, position: number): OwnReason[] {
  const reasons: OwnReason[] = []
  for (const slug of topics) if (candidates.ofTopic(slug).includes(position)) reasons.push({ kind: 'topic', slug })
  for (const word of keywords)
    if (candidates.mentioning(word).includes(position)) reasons.push({ kind: 'keyword', word })
  if (liked.some((paperId) => candidates.like(paperId).some((one) => one.position === position))) {
    reasons.push({ kind: 'like' })
  }
  return reasons
}

const NOTHING: ReadonlySet<number> = new Set()
const NO_FIT: ReadonlyMap<number, number> = new Map()
const NO_REASONS: OwnReason[] = []

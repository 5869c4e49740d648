import type { Candidates } from './selection-index.ts'

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

/**
 * The part of `choose` that the ledger keeps. A few passes over the edition's positions; nothing but the reader's own share is put
 * in order.
 */
export function pick(candidates: Candidates, wishes: Wishes, had: ReadonlySet<number> = NOTHING): Choice {
  const fresh = had.size === 0 ? candidates.ranked : candidates.ranked.filter((position) => !had.has(position))
  if (fresh.length === 0) return { shown: [], own: 0 }
  const rising = candidates.rising.slice(0, Math.floor(wishes.size * RISING_SHARE))
  const places = Math.max(wishes.size - rising.length, 0)
  const fits = fitsOf(candidates, wishes)
  const { crowd, owed } = shareOut(fresh, fits, wishes.size, places)
  const own = owed === 0 ? [] : bestOf(candidates, wishes.topics, fits, fresh, crowd, owed)
  const shown = [...fresh.slice(0, crowd), ...own, ...rising].sort((a, b) => a - b)
  return { shown, own: own.length }
}

/** The longest run of the crowd's best that leaves room for the reader's share, and how much of that it does not meet itself. */
function shareOut(fresh: readonly number[], fits: Fits, size: number, places: number) {
  let crowd = Math.min(places, fresh.length)
  let matching = 0
  let met = 0
  for (let at = 0; at < fresh.length; at++) {
    if (!fits[fresh[at]!]) continue
    matching++
    if (at < crowd) met++
  }
  const wanted = Math.min(Math.ceil(size * OWN_SHARE), places, matching)
  while (met + places - crowd < wanted) {
    crowd--
    if (fits[fresh[crowd]!]) met--
  }
  return { crowd, owed: Math.max(wanted - met, 0) }
}

/**
 * The first so many of a reader's papers behind the crowd's: those that meet most, then in turns, of equal turns those that stand out
 * most in their topics, then in the crowd's order.
 */
function bestOf(
  candidates: Candidates,
  topics: readonly string[],
  fits: Fits,
  fresh: readonly number[],
  crowd: number,
  count: number,
): number[] {
  const { turns, standings } = turnsOf(candidates, topics, fresh)
  const isBefore = (a: number, b: number) =>
    (fits[a]! - fits[b]! || turns[b]! - turns[a]! || standings[a]! - standings[b]!) > 0
  const best: number[] = []
  for (const position of fresh.slice(crowd)) {
    if (!fits[position]) continue
    let place = best.length
    while (place > 0 && isBefore(position, best[place - 1]!)) place--
    if (place === count) continue
    best.splice(place, 0, position)
    if (best.length > count) best.pop()
  }
  return best
}

/**
 * A topic's papers take turns with those of the reader's other topics, its best first, so that a small one gets its share beside
 * one that has most votes: what counts is a paper's place within its topic, from 1, those that the crowd put into the digest among
 * them.
 * @returns by position, the turn (0 for one that is not fresh) and how it stands in the topic of these where it stands best
 */
function turnsOf(candidates: Candidates, topics: readonly string[], fresh: readonly number[]) {
  const turns = new Uint16Array(candidates.sections.length)
  const standings = new Float64Array(candidates.standing)
  for (const position of fresh) turns[position] = NO_TURN
  for (const slug of topics) {
    let turn = 0
    const inTopic = candidates.standingIn(slug)
    for (const [at, position] of candidates.ofTopic(slug).entries()) {
      if (!turns[position]) continue
      const isFirst = turns[position] === NO_TURN
      standings[position] = isFirst ? inTopic[at]! : Math.max(standings[position]!, inTopic[at]!)
      turns[position] = Math.min(turns[position], ++turn)
    }
  }
  for (const position of fresh) if (turns[position] === NO_TURN) turns[position] = 1
  return { turns, standings }
}

/** What was picked, with section and reasons: from the ledger as well as fresh. Each reason is true of the wishes given here. */
export function arrange(candidates: Candidates, wishes: Wishes, { shown, own }: Choice): ChosenPaper[] {
  const ranked = shown.filter((position) => candidates.sections[position] !== 'rising')
  const firstOwn = own > 0 ? ranked[ranked.length - own]! : Number.POSITIVE_INFINITY
  return shown.map((position) => {
    const section = candidates.sections[position]!
    return {
      position,
      section: section !== 'rising' && position >= firstOwn ? 'topics' : section,
      ...meets(candidates, wishes, position),
    }
  })
}

/** By position: personal fit, 0 for a paper that meets no wish. */
type Fits = Float64Array

function fitsOf(candidates: Candidates, { topics, keywords, liked }: Wishes): Fits {
  const fits = new Float64Array(candidates.sections.length)
  for (const slug of topics) for (const position of candidates.ofTopic(slug)) fits[position]! += 1
  for (const word of keywords) for (const position of candidates.mentioning(word)) fits[position]! += 1
  for (const paperId of liked)
    for (const { position, likeness } of candidates.like(paperId)) fits[position]! += likeness
  return fits
}

/** One paper's fit, as `fitsOf` has it, and the reasons that it has. */
function meets(candidates: Candidates, { topics, keywords, liked }: Wishes, position: number) {
  const reasons: OwnReason[] = []
  for (const slug of topics) if (candidates.ofTopic(slug).includes(position)) reasons.push({ kind: 'topic', slug })
  for (const word of keywords)
    if (candidates.mentioning(word).includes(position)) reasons.push({ kind: 'keyword', word })
  let fit = reasons.length
  for (const paperId of liked)
    for (const one of candidates.like(paperId)) if (one.position === position) fit += one.likeness
  if (fit > reasons.length) reasons.push({ kind: 'like' })
  return { fit, reasons }
}

const NOTHING: ReadonlySet<number> = new Set()
const NO_TURN = 0xffff

import { risingForReader } from './rising-for-reader.ts'
import type { SelectionIndex } from './selection-index.ts'

/** The reader's preferences that decide which papers of an edition they get. */
export interface SelectionPreferences {
  /** maximum number of papers in a digest */
  size: number
  /** slugs */
  topics: readonly string[]
  keywords: readonly string[]
  /** ids of papers they voted for; empty unless they asked for papers like these */
  liked: readonly number[]
}

/** Why a paper is in this reader's digest, beside the reason that the edition gives all readers. */
export type PersonalReason = { kind: 'topic'; slug: string } | { kind: 'keyword'; word: string } | { kind: 'like' }

export interface SelectedPaper {
  /** 0-based position in the edition: its rank by votes */
  position: number
  /** the edition's section of it, or `topics` for a paper that only the reader's preferences brought in */
  section: string
  /** how many preferences it matches, plus its likeness to papers they voted for; 0 for none. Independent of rank */
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

/** Minimum share of a digest that matches the reader's preferences, while the edition has enough such papers. */
const OWN_SHARE = 0.4

/**
 * Selects the papers of one reader's digest, in the edition's order, each with its section and reasons.
 *
 * Without preferences these are the edition's first papers. With preferences, papers from further down replace the last of those
 * until the reader's share is met. So most of a digest stays the papers that the community ranked highest.
 * A paper that the reader had before comes again only in "still rising". Without any new paper there is no digest.
 *
 * @param had positions that they had in other digests
 */
export const selectPapers = (
  index: SelectionIndex,
  preferences: SelectionPreferences,
  had: ReadonlySet<number> = NONE,
): SelectedPaper[] => explainSelection(index, preferences, selectPositions(index, preferences, had))

/** Selects only positions, for the ledger. It takes a few passes over the edition and sorts only the reader's share. */
export function selectPositions(
  index: SelectionIndex,
  preferences: SelectionPreferences,
  had: ReadonlySet<number> = NONE,
): Selection {
  const fresh = had.size === 0 ? index.ranked : index.ranked.filter((position) => !had.has(position))
  if (fresh.length === 0) return { shown: [], own: 0 }
  const rising = risingForReader(index.rising, had, preferences.size)
  const places = Math.max(preferences.size - rising.length, 0)
  const fits = computeFits(index, preferences)
  const { top, owed } = splitPlaces(fresh, fits, preferences.size, places)
  const own = owed === 0 ? [] : selectOwn(index, preferences.topics, fits, fresh, top, owed)
  const shown = [...fresh.slice(0, top), ...own, ...rising].sort((a, b) => a - b)
  return { shown, own: own.length }
}

/**
 * Splits the places between the top of the list and the reader's own papers.
 *
 * @returns top: the longest run from the top that leaves room for the reader's share. owed: papers of that share that the run lacks
 */
function splitPlaces(fresh: readonly number[], fits: Fits, size: number, places: number) {
  let top = Math.min(places, fresh.length)
  let matching = 0
  let met = 0
  for (let at = 0; at < fresh.length; at++) {
    if (!fits[fresh[at]!]) continue
    matching++
    if (at < top) met++
  }
  const wanted = Math.min(Math.ceil(size * OWN_SHARE), places, matching)
  while (met + places - top < wanted) {
    top--
    if (fits[fresh[top]!]) met--
  }
  return { top, owed: Math.max(wanted - met, 0) }
}

/**
 * Selects `count` matching papers below the top of the list: best fit first, then earliest turn (see `assignTurns`), then the highest
 * standing in their topics, then the edition's order.
 */
function selectOwn(
  index: SelectionIndex,
  topics: readonly string[],
  fits: Fits,
  fresh: readonly number[],
  top: number,
  count: number,
): number[] {
  const { turns, standings } = assignTurns(index, topics, fresh)
  const isBefore = (a: number, b: number) =>
    (fits[a]! - fits[b]! || turns[b]! - turns[a]! || standings[a]! - standings[b]!) > 0
  const best: number[] = []
  for (const position of fresh.slice(top)) {
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
 * Lets the reader's topics take turns, each with its best paper first. So a small topic gets its share beside one with most votes.
 * A paper's turn is its rank within its topic, starting at 1. Papers at the top of the list use up turns too.
 *
 * @returns by position: the turn (0 unless fresh), and the paper's best standing among these topics
 */
function assignTurns(index: SelectionIndex, topics: readonly string[], fresh: readonly number[]) {
  const turns = new Uint16Array(index.sections.length)
  const standings = new Float64Array(index.standing)
  for (const position of fresh) turns[position] = NO_TURN
  for (const slug of topics) {
    let turn = 0
    const topicStandings = index.standingIn(slug)
    for (const [at, position] of index.inTopic(slug).entries()) {
      if (!turns[position]) continue
      const isFirst = turns[position] === NO_TURN
      standings[position] = isFirst ? topicStandings[at]! : Math.max(standings[position]!, topicStandings[at]!)
      turns[position] = Math.min(turns[position], ++turn)
    }
  }
  for (const position of fresh) if (turns[position] === NO_TURN) turns[position] = 1
  return { turns, standings }
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
  const ranked = shown.filter((position) => index.sections[position] !== 'rising')
  const firstOwn = own > 0 ? ranked[ranked.length - own]! : Number.POSITIVE_INFINITY
  return shown.map((position) => {
    const section = index.sections[position]!
    return {
      position,
      section: section !== 'rising' && position >= firstOwn ? 'topics' : section,
      ...explainFit(index, preferences, position),
    }
  })
}

/** Personal fit by position; 0 for a paper that matches no preference. */
type Fits = Float64Array

function computeFits(index: SelectionIndex, { topics, keywords, liked }: SelectionPreferences): Fits {
  const fits = new Float64Array(index.sections.length)
  for (const slug of topics) for (const position of index.inTopic(slug)) fits[position]! += 1
  for (const word of keywords) for (const position of index.mentioning(word)) fits[position]! += 1
  for (const paperId of liked)
    for (const { position, likeness } of index.similarTo(paperId)) fits[position]! += likeness
  return fits
}

/** Returns one paper's fit, equal to that of `computeFits`, with its reasons. */
function explainFit(index: SelectionIndex, { topics, keywords, liked }: SelectionPreferences, position: number) {
  const reasons: PersonalReason[] = []
  for (const slug of topics) if (index.inTopic(slug).includes(position)) reasons.push({ kind: 'topic', slug })
  for (const word of keywords) if (index.mentioning(word).includes(position)) reasons.push({ kind: 'keyword', word })
  let fit = reasons.length
  for (const paperId of liked)
    for (const similar of index.similarTo(paperId)) if (similar.position === position) fit += similar.likeness
  if (fit > reasons.length) reasons.push({ kind: 'like' })
  return { fit, reasons }
}

const NONE: ReadonlySet<number> = new Set()
const NO_TURN = 0xffff

import type { SelectionIndex } from './selection-index.ts'

/** The reader's preferences that decide which papers of an edition they get. */
export interface SelectionPreferences {
  /** maximum number of papers in a digest */
  size: number
  /** how much of a digest is for their wishes, from 0 to 1. With 1, no other paper is in it */
  share: number
  /** slugs */
  topics: readonly string[]
  keywords: readonly string[]
  /** names as papers write them */
  authors: readonly string[]
  organisations: readonly string[]
  /** papers they want more like */
  likePapers: readonly LikePaper[]
  /** papers of the edition that fit their taste. Undefined: nothing is learned, or they did not ask for it */
  taste: readonly SimilarPaper[] | undefined
  /** papers of the edition that follow one they voted for or saved */
  sequels: readonly FollowedPaper[]
  /** positions of papers that they are not interested in */
  unwanted: readonly number[]
}

/** A paper that a reader wants more like, and the edition's papers that are. */
export interface LikePaper {
  title: string
  similar: readonly SimilarPaper[]
}

export interface SimilarPaper {
  position: number
  /** above 0 and up to 1, on the scale of a topic, which counts 1 */
  fit: number
}

/** A paper about a later version of what a paper of the reader names. */
interface FollowedPaper {
  position: number
  /** the earlier version, such as "HY-World 1.0" */
  name: string
  /** the reader saved it; else they voted for it */
  saved: boolean
}

/** Why a paper is in this reader's digest, beside the reason that the edition gives all readers. */
export type PersonalReason =
  | { kind: 'topic'; slug: string }
  | { kind: 'keyword'; word: string }
  | { kind: 'author'; name: string }
  | { kind: 'organisation'; name: string }
  | { kind: 'paper'; title: string }
  | { kind: 'taste' }
  | { kind: 'sequel'; name: string; saved: boolean }

/** One wish and the edition's papers that meet it. */
export interface Wish {
  reason: PersonalReason
  /** ascending */
  positions: readonly number[]
  /** how well each of them stands within this wish, in the order of `positions`. Undefined: by votes alone */
  standings: readonly number[] | undefined
  /** how much each adds to a paper's fit, in the order of `positions`. Undefined: 1 each */
  fits: readonly number[] | undefined
}

/** Preferences without a wish. */
export const NO_WISHES = {
  topics: [],
  keywords: [],
  authors: [],
  organisations: [],
  likePapers: [],
  taste: undefined,
  sequels: [],
  unwanted: [],
} as const

/** Returns the wishes that papers of this edition meet, in the order of the preferences. */
export function matchWishes(index: SelectionIndex, preferences: SelectionPreferences): Wish[] {
  const wishes: Wish[] = []
  const add = (
    reason: PersonalReason,
    positions: readonly number[],
    standings?: readonly number[],
    fits?: readonly number[],
  ) => {
    if (positions.length > 0) wishes.push({ reason, positions, standings, fits })
  }
  for (const slug of preferences.topics) add({ kind: 'topic', slug }, index.inTopic(slug), index.standingIn(slug))
  for (const word of preferences.keywords) add({ kind: 'keyword', word }, index.mentioning(word))
  for (const wanted of preferences.authors) {
    const { name, positions } = index.byAuthor(wanted)
    add({ kind: 'author', name }, positions)
  }
  for (const wanted of preferences.organisations) {
    const { name, positions } = index.fromOrganisation(wanted)
    add({ kind: 'organisation', name }, positions)
  }
  for (const { title, similar } of preferences.likePapers) addSimilar({ kind: 'paper', title }, similar)
  addSimilar({ kind: 'taste' }, preferences.taste ?? [])
  for (const { position, name, saved } of preferences.sequels) add({ kind: 'sequel', name, saved }, [position])
  return wishes

  function addSimilar(reason: PersonalReason, similar: readonly SimilarPaper[]) {
    if (similar.length === 0) return
    const fits = similar.map((paper) => paper.fit)
    add(
      reason,
      similar.map((paper) => paper.position),
      fits,
      fits,
    )
  }
}

/** Whether the reader has any wish, met by this edition or not. */
export const hasWishes = ({ topics, keywords, authors, organisations, likePapers, taste }: SelectionPreferences) =>
  topics.length + keywords.length + authors.length + organisations.length + likePapers.length > 0 || taste !== undefined

/** Returns the fit of every position: the sum over the wishes that it meets; 0 for none. */
export function sumFits(wishes: readonly Wish[], papers: number): Float64Array {
  const sums = new Float64Array(papers)
  for (const { positions, fits } of wishes) {
    for (let at = 0; at < positions.length; at++) sums[positions[at]!]! += fits === undefined ? 1 : fits[at]!
  }
  return sums
}

import { LRUCache } from 'lru-cache'
import { NO_BASELINES, standingOf, type VoteBaselines } from '../../papers/ranking/standing.ts'
import { readable } from '../../papers/readable.ts'

/** An edition's papers, prepared once so that choosing for a reader is a few look-ups. Positions count from 0. */
export interface Candidates {
  /** the section of each position */
  sections: readonly string[]
  /** positions outside "still rising", ascending: the crowd's order */
  ranked: readonly number[]
  /** positions of "still rising", ascending */
  rising: readonly number[]
  /** the positions of a topic's papers, ascending */
  ofTopic(slug: string): readonly number[]
  /** by position, how a paper's votes stand against what is usual among all papers; 0 is usual */
  standing: readonly number[]
  /** the same against what is usual in a topic, in the order of `ofTopic` */
  standingIn(slug: string): readonly number[]
  /** the positions of papers whose title, keywords or abstract have these words, one after the other, ascending */
  mentioning(keyword: string): readonly number[]
  /** papers that are like another one, which need not be in this edition */
  like(paperId: number): readonly Alike[]
}

export interface Alike {
  position: number
  /** cosine, above 0 and up to 1 */
  likeness: number
}

export interface CandidatePaper {
  section: string
  topics: readonly string[]
  title: string
  abstract: string
  keywords: readonly string[]
  /** null: not known */
  votes?: number | null
}

/** Keywords looked up lately: many readers have the same, and no list of them may grow for ever. */
const KEPT_KEYWORDS = 5000

/** @param papers in the edition's order */
export function candidatesOf(
  papers: readonly CandidatePaper[],
  alike: ReadonlyMap<number, readonly Alike[]> = new Map(),
  usuals: VoteBaselines = NO_BASELINES,
): Candidates {
  const positions = papers.map((_, position) => position)
  const topics = new Map<string, number[]>()
  papers.forEach((paper, position) => {
    for (const slug of new Set(paper.topics)) topics.set(slug, [...(topics.get(slug) ?? []), position])
  })
  const standings = new Map(
    [...topics].map(([slug, own]) => [slug, own.map((at) => standingOf(papers[at]!.votes ?? 0, usuals, slug))]),
  )
  const texts = papers.map(
    ({ title, abstract, keywords }) =>
      ` ${[title, ...keywords, abstract].map((text) => folded(readable(text))).join('  ')} `,
  )
  const having = positionsOfWords(texts)
  const mentions = new LRUCache<string, readonly number[]>({ max: KEPT_KEYWORDS })
  return {
    sections: papers.map((paper) => paper.section),
    ranked: positions.filter((position) => papers[position]!.section !== 'rising'),
    rising: positions.filter((position) => papers[position]!.section === 'rising'),
    ofTopic: (slug) => topics.get(slug) ?? NONE,
    standing: papers.map((paper) => standingOf(paper.votes ?? 0, usuals)),
    standingIn: (slug) => standings.get(slug) ?? NONE,
    mentioning(keyword) {
      const known = mentions.get(keyword)
      if (known) return known
      const words = folded(keyword).split(' ')
      const last = words.pop()!
      const rarest = words
        .map(having)
        .reduce((a, b) => (b.length < a.length ? b : a), union(having(last), having(`${last}s`)))
      const phrase = ` ${[...words, last].join(' ')}`
      // One word is found by the index alone; where there are more, texts are read that have the rarest.
      const found =
        words.length === 0
          ? rarest
          : rarest.filter((at) => texts[at]!.includes(`${phrase} `) || texts[at]!.includes(`${phrase}s `))
      mentions.set(keyword, found)
      return found
    },
    like: (paperId) => alike.get(paperId) ?? NO_ALIKE,
  }
}

/** "Müller's LoRA-based" → "muller s lora based": words alone, without case and accents. */
const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

/** Word → positions of the texts that have it, ascending. */
function positionsOfWords(texts: readonly string[]): (word: string) => readonly number[] {
  const index = new Map<string, number[]>()
  texts.forEach((text, position) => {
    for (const word of new Set(text.split(' '))) {
      const known = index.get(word)
      if (known) known.push(position)
      else index.set(word, [position])
    }
  })
  // Between words stands nothing, which is no keyword.
  index.delete('')
  return (word) => index.get(word) ?? NONE
}

const union = (a: readonly number[], b: readonly number[]): readonly number[] =>
  b.length === 0 ? a : [...new Set([...a, ...b])].sort((one, other) => one - other)

const NONE: readonly number[] = []
const NO_ALIKE: readonly Alike[] = []

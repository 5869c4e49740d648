import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parseHfEntry } from '../../../src/papers/ingest/formats/hf-entry.ts'
import { isBad, type ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { readable } from '../../../src/papers/readable.ts'
import { pairLikeness, wordPairs } from '../../../src/papers/search/pair-likeness.ts'
import { MOST_COMPARED } from '../../../src/papers/search/similar.ts'
import { countWords, type Vector, vectorise } from '../../../src/papers/search/vectorise.ts'
import { topicsOf } from '../../../src/papers/topics/topics.ts'
import { mean } from './measures.ts'

/** Reads all distinct papers from a folder of daily_papers replies, of all months or of those named, such as 2026-04. */
export function readPapers(folder: string, months?: readonly string[]): ListedPaper[] {
  const found = new Map<string, ListedPaper>()
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.json.gz') && (!months || months.includes(name.slice(0, 7))))
    .sort()) {
    const entries = JSON.parse(gunzipSync(readFileSync(join(folder, file))).toString()) as unknown[]
    for (const [at, entry] of entries.entries()) {
      const paper = parseHfEntry(entry, at + 1)
      if (!isBad(paper)) found.set(paper.sourceId, paper)
    }
  }
  return [...found.values()]
}

/** What pages show and the index has. */
const shownTexts = ({ title, abstract }: ListedPaper) => ({ title: readable(title), abstract: readable(abstract) })

/** Returns the similarity of every paper to the liked ones. */
export type Likeness = (liked: readonly number[]) => Float64Array

/** @param most terms per vector */
export function byVectors(papers: readonly ListedPaper[], most?: number): Likeness {
  const counts = papers.map((paper) => countWords(shownTexts(paper)))
  const known = new Map<string, { id: number; papers: number }>()
  for (const words of counts) {
    for (const word of words.keys()) {
      const term = known.get(word) ?? { id: known.size, papers: 0 }
      known.set(word, { ...term, papers: term.papers + 1 })
    }
  }
  const vectors = counts.map((words) => vectorise(words, known, papers.length, most))
  const holders = new Map<number, [number, number][]>()
  for (const [at, { terms, weights }] of vectors.entries()) {
    for (const [place, term] of terms.entries()) {
      if (!holders.has(term)) holders.set(term, [])
      holders.get(term)!.push([at, weights[place]!])
    }
  }
  return (liked) => {
    const sums = new Float64Array(papers.length)
    for (const { terms, weights } of liked.map((at): Vector => vectors[at]!)) {
      for (const [place, term] of terms.entries())
        for (const [at, weight] of holders.get(term)!) sums[at]! += weight * weights[place]!
    }
    return sums
  }
}

/** As the product finds papers like one: the nearest by words, then by pairs of words as well. */
export function byWordsAndPairs(papers: readonly ListedPaper[]): Likeness {
  const byWords = byVectors(papers)
  const pairs = papers.map((paper) => wordPairs(shownTexts(paper)))
  return (liked) => {
    const [own] = liked
    const sums = byWords(liked)
    const near = [...sums.keys()]
      .filter((at) => at !== own && sums[at]! > 0)
      .sort((a, b) => sums[b]! - sums[a]! || a - b)
      .slice(0, MOST_COMPARED)
    const likeness = new Float64Array(papers.length)
    for (const at of near) likeness[at] = sums[at]! + pairLikeness(pairs[own!]!, pairs[at]!)
    return likeness
  }
}

/** Shared topics. Rare topics weigh more. */
export function byTopics(papers: readonly ListedPaper[]): Likeness {
  const holders = new Map<string, number[]>()
  const topics = papers.map(topicsOf)
  for (const [at, slugs] of topics.entries())
    for (const slug of slugs) holders.set(slug, [...(holders.get(slug) ?? []), at])
  return (liked) => {
    const sums = new Float64Array(papers.length)
    for (const slug of liked.flatMap((at) => topics[at]!))
      for (const at of holders.get(slug)!) sums[at]! += 1 / holders.get(slug)!.length
    return sums
  }
}

function nearest(sums: Float64Array, without: ReadonlySet<number>): number[] {
  const order = [...sums.keys()].filter((at) => sums[at]! > 0 && !without.has(at))
  return order.sort((a, b) => sums[b]! - sums[a]! || a - b).slice(0, 10)
}

/** Papers with more authors are collaborations, where a shared author means little. */
const MOST_AUTHORS = 50

/** Of papers whose authors have another paper: the share with one of those among the ten most similar. */
export function authorHits(papers: readonly ListedPaper[], likeness: Likeness): number {
  const small = papers.flatMap((paper, at) => (paper.authors.length <= MOST_AUTHORS ? [at] : []))
  const of = Map.groupBy(
    small.flatMap((at) => papers[at]!.authors.map((name) => ({ name, at }))),
    ({ name }) => name,
  )
  const hits: number[] = []
  for (const at of small) {
    const shared = new Set(
      papers[at]!.authors.flatMap((name) => of.get(name)!.map((one) => one.at)).filter((other) => other !== at),
    )
    if (shared.size > 0) hits.push(nearest(likeness([at]), new Set([at])).some((other) => shared.has(other)) ? 1 : 0)
  }
  return mean(hits)
}

const LIKED = 5

/**
 * Simulates a reader for every keyword with 15 to 60 papers, who liked its first five.
 * Returns the share of the keyword's other papers among the ten most similar.
 */
export function keywordReaders(papers: readonly ListedPaper[], likeness: Likeness): number {
  const of = Map.groupBy(
    papers.flatMap((paper, at) =>
      [...new Set(paper.keywords.map((word) => word.toLowerCase()))].map((word) => ({ word, at })),
    ),
    ({ word }) => word,
  )
  const readers = [...of.values()]
    .filter((all) => all.length >= 15 && all.length <= 60)
    .map((all) => all.map(({ at }) => at))
  return mean(
    readers.map((all) => {
      const liked = all.slice(0, LIKED)
      const rest = new Set(all.slice(LIKED))
      return nearest(likeness(liked), new Set(liked)).filter((at) => rest.has(at)).length / 10
    }),
  )
}

import type { ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { keywordTopic, unbracketed } from '../../../src/papers/topics/keywords.ts'
import { topicName } from '../../../src/papers/topics/topic-name.ts'
import { topicsOf } from '../../../src/papers/topics/topics.ts'

export interface CountedTopic {
  papers: number
  name: string
}

/** Counts the topics of papers, and names each as the database would: by its most frequent spelling. */
export function topicsWithSpellings(papers: readonly ListedPaper[]): Map<string, CountedTopic> {
  const spellings = new Map<string, Map<string, number>>()
  const counts = new Map<string, number>()
  for (const paper of papers) {
    for (const slug of topicsOf(paper)) counts.set(slug, (counts.get(slug) ?? 0) + 1)
    for (const keyword of paper.keywords) {
      const slug = keywordTopic(keyword)
      if (slug === undefined) continue
      const own = spellings.get(slug) ?? new Map<string, number>()
      own.set(unbracketed(keyword), (own.get(unbracketed(keyword)) ?? 0) + 1)
      spellings.set(slug, own)
    }
  }
  return new Map(
    [...counts].map(([slug, papers]) => [
      slug,
      { papers, name: topicName(slug, undefined, mostFrequent(spellings.get(slug))) },
    ]),
  )
}

const mostFrequent = (spellings: ReadonlyMap<string, number> = new Map()): string | undefined =>
  [...spellings].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0]

/**
 * Finds pairs of topics that are one: their slugs are equal without hyphens and plurals, or abstracts write "long form (ABBR)" of
 * both at least three times. It shares no rule with the product.
 */
export function findDoubles(
  papers: readonly ListedPaper[],
  topics: ReadonlyMap<string, CountedTopic>,
  fewest: number,
): [string, string][] {
  const large = [...topics].filter(([, topic]) => topic.papers >= fewest).map(([slug]) => slug)
  const forms = Map.groupBy(large, plainForm)
  const alike = [...forms.values()].filter((slugs) => slugs.length > 1).map((slugs) => [slugs[0]!, slugs[1]!] as const)
  const abbreviated = [...mineAbbreviations(papers)].flatMap(([pair, times]) => {
    const [long, short] = pair.split('=') as [string, string]
    return times >= 3 && long !== short && forms.has(long) && forms.has(short)
      ? [[forms.get(long)![0]!, forms.get(short)![0]!] as const]
      : []
  })
  return [...alike, ...abbreviated].map(([a, b]) => [a, b])
}

/** "video-generation-models" → "videogeneration": without hyphens, plurals and the word "model". */
const plainForm = (slug: string): string =>
  slug
    .split('-')
    .map((word) => word.replace(/ie(s)?$/, 'y').replace(/(?<![su])s$/, ''))
    .filter((word, at) => at === 0 || word !== 'model')
    .join('')

/** Counts "long form (ABBR)" in abstracts where the words' initials spell the abbreviation. */
function mineAbbreviations(papers: readonly ListedPaper[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const { abstract } of papers) {
    for (const [, before, short] of abstract.matchAll(/((?:[A-Za-z-]+ ){1,8})\(([A-Za-z-]{2,8}?)s?\)/g)) {
      const words = before!.toLowerCase().split(/[ -]+/).filter(Boolean)
      const letters = short!.toLowerCase().replaceAll('-', '')
      const long = words.slice(-letters.length)
      if (long.map((word) => word.charAt(0)).join('') !== letters) continue
      const pair = `${plainForm(long.join('-'))}=${plainForm(letters)}`
      found.set(pair, (found.get(pair) ?? 0) + 1)
    }
  }
  return found
}

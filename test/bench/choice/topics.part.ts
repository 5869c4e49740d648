import type { ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { type Described, fieldsOf, isField } from '../../../src/papers/topics/topics.ts'
import { findDoubles, topicsWithSpellings } from '../../papers/topics/real-topics.ts'
import { type ChoicePart, type ChoiceRow, FIT_MONTHS, TEST_MONTHS } from './part.ts'
import { FIELDS_BEFORE, nameBefore, slugBefore } from './topics-before.ts'

/**
 * Fields are scored where the source gave keywords: those of title and keywords are the truth, and the rules see the paper
 * without its keywords. Micro-averages over all papers and fields.
 */
export const part: ChoicePart = {
  title: 'Topics: fields without keywords, papers without a field, names and doubles',
  async measure(data) {
    return [FIT_MONTHS, TEST_MONTHS].flatMap((months) =>
      rowsOf(data.papers(months), `${months[0]} to ${months.at(-1)}`),
    )
  },
}

function rowsOf(papers: readonly ListedPaper[], when: string): ChoiceRow[] {
  const scored = papers.filter(({ keywords }) => keywords.length > 0)
  const now = score(scored, fieldsOf, (paper) => fieldsOf({ ...paper, keywords: [] }))
  const before = score(scored, fieldsBefore, (paper) => fieldsBefore({ ...paper, keywords: [] }))
  const topics = topicsWithSpellings(papers)
  const named = topicsBefore(papers)
  const share = (count: number) => `${((100 * count) / papers.length).toFixed(1)} %`
  const row = (what: string, baselineValue: string | number, value: string | number, target = ''): ChoiceRow => ({
    what: `${what}, ${when}`,
    baseline: 'before',
    baselineValue: String(baselineValue),
    value: String(value),
    target,
  })
  return [
    row(`micro-F1, ${scored.length} papers`, before.f1.toFixed(3), now.f1.toFixed(3), '≥ .78'),
    row('precision', before.precision.toFixed(3), now.precision.toFixed(3), '≥ .80'),
    row('recall', before.recall.toFixed(3), now.recall.toFixed(3)),
    row(
      `papers without a field, of ${papers.length}`,
      share(papers.filter((paper) => fieldsBefore(paper).length === 0).length),
      share(papers.filter((paper) => fieldsOf(paper).length === 0).length),
      '≤ 1.5 %',
    ),
    row(
      'the same, all keywords hidden',
      share(papers.filter((paper) => fieldsBefore({ ...paper, keywords: [] }).length === 0).length),
      share(papers.filter((paper) => fieldsOf({ ...paper, keywords: [] }).length === 0).length),
    ),
    row('keyword topics', named.size, [...topics.keys()].filter((slug) => !isField(slug)).length),
    row('names with a broken plural', brokenBefore(papers, named), broken(papers, topics), '0'),
    row(
      'doubles among topics of ≥ 10 papers',
      findDoubles(papers, named, 10).length,
      findDoubles(papers, topics, 10).length,
      '0',
    ),
    row('fields a paper', mean(papers, fieldsBefore), mean(papers, fieldsOf)),
  ]
}

type Rule = (paper: Described) => readonly (string | number)[]

function score(papers: readonly ListedPaper[], truth: Rule, guess: Rule) {
  let right = 0
  let guessed = 0
  let true_ = 0
  for (const paper of papers) {
    const own = new Set(truth(paper))
    const found = guess(paper)
    right += found.filter((field) => own.has(field)).length
    guessed += found.length
    true_ += own.size
  }
  const precision = right / guessed
  const recall = right / true_
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall) }
}

const fieldsBefore = ({ title, keywords }: Described): number[] => {
  const texts = [title, ...keywords].map((text) => text.toLowerCase())
  return FIELDS_BEFORE.flatMap((words, at) => (texts.some((text) => words.test(text)) ? [at] : []))
}

function topicsBefore(papers: readonly ListedPaper[]): Map<string, { papers: number; name: string }> {
  const found = new Map<string, { papers: number; name: string }>()
  for (const { keywords } of papers)
    for (const slug of new Set(keywords.slice(0, 10).map(slugBefore)))
      found.set(slug, { papers: (found.get(slug)?.papers ?? 0) + 1, name: nameBefore(slug) })
  return found
}

/** A shown word that no source wrote, such as "capabilitie". */
function countUnwritten(papers: readonly ListedPaper[], names: readonly string[]): number {
  const written = new Set(
    papers.flatMap(({ title, abstract, keywords }) => wordsOf([title, abstract, ...keywords].join(' '))),
  )
  return names.filter((name) => wordsOf(name).some((word) => !written.has(word))).length
}
const wordsOf = (text: string): string[] =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .match(/[a-z]{3,}/g) ?? []

const broken = (papers: readonly ListedPaper[], topics: ReadonlyMap<string, { name: string }>): number =>
  countUnwritten(
    papers,
    [...topics].filter(([slug]) => !isField(slug)).map(([, { name }]) => name),
  )
const brokenBefore = (papers: readonly ListedPaper[], topics: ReadonlyMap<string, { name: string }>): number =>
  countUnwritten(
    papers,
    [...topics.values()].map(({ name }) => name),
  )

const mean = (papers: readonly ListedPaper[], rule: Rule): string =>
  (papers.reduce((sum, paper) => sum + rule(paper).length, 0) / papers.length).toFixed(1)

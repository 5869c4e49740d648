import { authorHits, byVectors, byWordsAndPairs } from '../ranking/likeness.ts'
import { type ChoicePart, FIT_MONTHS, TEST_MONTHS } from './part.ts'

export const part: ChoicePart = {
  title: 'Similar papers: a shared author among the ten most similar',
  async measure(data) {
    return [FIT_MONTHS, TEST_MONTHS].map((months) => {
      const papers = data.papers(months)
      return {
        what: `hit@10, ${months[0]} to ${months.at(-1)}, ${papers.length} papers`,
        baseline: '64 words',
        baselineValue: authorHits(papers, byVectors(papers, 64)).toFixed(3),
        value: authorHits(papers, byWordsAndPairs(papers)).toFixed(3),
        target: '≥ baseline',
      }
    })
  },
}

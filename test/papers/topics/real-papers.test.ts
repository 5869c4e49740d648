import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fieldsOf, isField } from '../../../src/papers/topics/topics.ts'
import { readPapers } from '../../bench/ranking/likeness.ts'
import { SHARED_DATA } from '../../support/suites.ts'
import { noRealPapers } from '../support.ts'
import { findDoubles, topicsWithSpellings } from './real-topics.ts'

/** `npm run bench -- choice --only topics` has the figures. */
describe.skipIf(noRealPapers)('of all real papers', () => {
  const papers = noRealPapers ? [] : readPapers(join(SHARED_DATA, 'papers/hf-daily'))
  const topics = topicsWithSpellings(papers)

  test('fewer than 1.5 % have no field', () => {
    expect(papers.filter((paper) => fieldsOf(paper).length === 0).length / papers.length).toBeLessThan(0.015)
    const bare = papers.map((paper) => ({ ...paper, keywords: [] }))
    expect(bare.filter((paper) => fieldsOf(paper).length === 0).length / papers.length).toBeLessThan(0.015)
  })

  test('every name of a keyword is written so in a keyword', () => {
    const lettersOf = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '')
    const written = new Set(
      papers.flatMap(({ keywords }) => keywords.map((one) => lettersOf(one.replace(/\([^)]*\)/g, '')))),
    )
    const names = [...topics].flatMap(([slug, { name }]) => (isField(slug) ? [] : [name]))
    expect(names.length).toBeGreaterThan(10_000)
    expect(names.filter((name) => !written.has(lettersOf(name)))).toEqual([])
  })

  test('no two topics with ten papers are one', () => {
    expect(findDoubles(papers, topics, 10)).toEqual([])
  })
})

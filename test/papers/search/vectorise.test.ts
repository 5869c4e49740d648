import { expect, test } from 'vitest'
import { countWords, vectorise } from '../../../src/papers/search/vectorise.ts'

test('rare words weigh most, common ones have no weight, and the length is 1', () => {
  const counts = countWords({ title: 'Gaussian splatting models', abstract: 'The models splat Gaussians. Models!' })
  expect(Object.fromEntries(counts)).toEqual({ gaussian: 3, splatting: 2, model: 4, splat: 1 })
  const known = new Map([
    ['gaussian', { id: 7, papers: 10 }],
    ['splatting', { id: 8, papers: 1 }],
    ['model', { id: 9, papers: 101 }],
  ])
  const { terms, weights } = vectorise(counts, known, 100)
  expect(terms).toEqual([8, 7])
  expect(Math.hypot(...weights)).toBeCloseTo(1)
  expect(vectorise(new Map(), known, 100)).toEqual({ terms: [], weights: [] })
})

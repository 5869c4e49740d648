import { describe, expect, test } from 'vitest'
import { countFields, describeLead, type FieldInTopTen } from '../../../src/edition/compose/lead.ts'
import { messagesIn } from '../../../src/messages/catalogue.ts'

const en = messagesIn('en')
const NAMES = ['OmniShow', 'Uni-ViGU', 'QuanBench+']
const papers = (...votes: (number | null)[]) =>
  votes.map((count, at) => ({ name: NAMES[at] ?? `Paper ${at}`, section: 'top', votes: count }))
const field = (slug: string, count: number, usual: number | null = null): FieldInTopTen => ({
  slug,
  papers: count,
  usual,
})
const lead = (fields: FieldInTopTen[], list: ReturnType<typeof papers>, t = en) => describeLead(fields, list, t)

const TEN = papers(50, 40, ...Array(8).fill(1))

describe('the lead', () => {
  test('names the field with most papers among the first ten, and the paper with most votes', () => {
    expect(lead([field('video-generation', 4), field('agents', 3)], TEN)).toBe(
      '4 of the top 10 are on video generation. OmniShow is first with 50 votes.',
    )
    expect(lead([field('video-generation', 4)], TEN, messagesIn('de'))).toBe(
      '4 der ersten 10 gehören zum Thema Videoerzeugung. OmniShow führt mit 50 Stimmen.',
    )
  })

  test('prefers a field that has at least twice as many as usual', () => {
    expect(lead([field('language-models', 5, 4.5), field('robotics', 3, 1)], TEN)).toMatch(
      /^3 of the top 10 are on robotics, at least twice as many as usual\./,
    )
  })

  test('says nothing about fields with few papers, or with as many as another', () => {
    expect(lead([field('agents', 2)], TEN)).toBe('OmniShow is first with 50 votes.')
    expect(lead([field('agents', 3), field('robotics', 3)], TEN)).toBe('OmniShow is first with 50 votes.')
  })

  test('names two papers that share the most votes, and none of three', () => {
    expect(lead([], papers(9, 9, 3))).toBe('OmniShow and Uni-ViGU are first with 9 votes each.')
    expect(lead([], papers(9, 9, 9))).toBe('')
  })

  test('is empty for a list without votes, and ignores papers of earlier lists', () => {
    expect(lead([], papers(null, null))).toBe('')
    const [first, second, third] = papers(3, 200, 1)
    expect(lead([], [first!, { ...second!, section: 'rising' }, third!])).toBe('OmniShow is first with 3 votes.')
  })

  test('does not call a list’s only paper first', () => {
    expect(lead([], papers(50))).toBe('')
    const [only, rising] = papers(50, 200)
    expect(lead([], [only!, { ...rising!, section: 'rising' }])).toBe('')
  })

  test('counts only broad fields, among the first ten', () => {
    const list = Array.from({ length: 12 }, (_, at) => ({
      topics: at % 2 ? ['agents', 'kv-cache'] : ['robotics', 'agents'],
    }))
    expect(countFields(list)).toEqual([field('agents', 10), field('robotics', 5)])
  })
})

test('a title from right to left is isolated in the sentence', () => {
  const list = [{ name: 'نموذج اللغة', section: 'top', votes: 12 }, ...papers(3)]
  expect(describeLead([], list, messagesIn('en'))).toBe('\u2068نموذج اللغة\u2069 is first with 12 votes.')
})

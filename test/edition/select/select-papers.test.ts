import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  explainSelection,
  type SelectionPreferences,
  selectPapers,
  selectPositions,
} from '../../../src/edition/select/select-papers.ts'
import {
  buildSelectionIndex,
  type IndexedPaper,
  type SelectionIndex,
  type SimilarPaper,
} from '../../../src/edition/select/selection-index.ts'
import type { VoteBaselines } from '../../../src/papers/ranking/standing.ts'
import { referenceExplainSelection, referenceSelectPositions } from './reference-selection.ts'

const TOPICS = ['speech', 'vision', 'robotics', 'theory', 'agents']
const WORDS = ['diffusion', 'sparse attention', 'lora', 'speech']

const paper = (section: string, topics: string[] = [], abstract = ''): IndexedPaper => ({
  section,
  topics,
  title: 'A Title',
  abstract,
  keywords: [],
})
const edition = (count: number, of: (position: number) => Partial<IndexedPaper> = () => ({})) =>
  Array.from({ length: count }, (_, position) => ({ ...paper('top'), ...of(position) }))
const preferences = (some: Partial<SelectionPreferences> = {}): SelectionPreferences => ({
  size: 10,
  topics: [],
  keywords: [],
  liked: [],
  ...some,
})

const positions = (selected: { position: number }[]) => selected.map((one) => one.position)
const count = (n: number) => Array.from({ length: n }, (_, i) => i)

const USUALS: VoteBaselines = {
  all: { papers: 200, mean: 2.5 },
  topics: new Map([
    ['speech', { papers: 12, mean: 1 }],
    ['agents', { papers: 90, mean: 3.5 }],
  ]),
}

// In the order of assembled editions: picks, the ranked papers, "still rising".
const anyEdition = fc
  .tuple(fc.nat(4), fc.nat(40), fc.nat(5))
  .chain(([picks, top, rising]) =>
    fc.tuple(
      fc.constant([
        ...count(picks).map(() => 'picks'),
        ...count(top).map(() => 'top'),
        ...count(rising).map(() => 'rising'),
      ]),
      fc.array(fc.subarray(TOPICS), { minLength: picks + top + rising, maxLength: picks + top + rising }),
      fc.array(fc.subarray(WORDS), { minLength: picks + top + rising, maxLength: picks + top + rising }),
      fc.array(
        fc.tuple(
          fc.nat(9),
          fc.nat(Math.max(picks + top + rising - 1, 0)),
          fc.double({ min: 0.01, max: 1, noNaN: true }),
        ),
        { maxLength: 20 },
      ),
      fc.array(fc.nat(400), { minLength: picks + top + rising, maxLength: picks + top + rising }),
    ),
  )
  .map(([sections, topics, words, likes, votes]) => {
    const papers = sections.map((section, i) => ({
      ...paper(section, topics[i], `It uses ${words[i]!.join(' and ')}.`),
      votes: votes[i]!,
    }))
    const similar = new Map<number, SimilarPaper[]>()
    if (papers.length > 0) {
      for (const [id, position, likeness] of likes)
        similar.set(id, [...(similar.get(id) ?? []), { position, likeness }])
    }
    return { papers, similar, index: buildSelectionIndex(papers, similar, USUALS) }
  })
const anyWishes = fc.record({
  size: fc.integer({ min: 1, max: 20 }),
  topics: fc.subarray([...TOPICS, 'unheard-of']),
  keywords: fc.subarray([...WORDS, 'nowhere', '  ', '%']),
  liked: fc.uniqueArray(fc.nat(12), { maxLength: 6 }),
})
const anyHad = fc.array(fc.nat(49)).map((list) => new Set(list))

interface SampleEdition {
  papers: IndexedPaper[]
  similar: Map<number, SimilarPaper[]>
  index: SelectionIndex
}

/** Checks a property over sample editions, preferences and earlier digests. */
const property = (
  name: string,
  check: (given: { e: SampleEdition; w: SelectionPreferences; had: Set<number> }) => void,
) =>
  test(name, () => {
    fc.assert(
      fc.property(anyEdition, anyWishes, anyHad, (e, w, had) => check({ e, w, had })),
      { numRuns: 400 },
    )
  })

describe('for any edition, preferences and earlier digests', () => {
  property('no paper comes twice, and earlier ones only as still rising', ({ e, w, had }) => {
    const selected = selectPapers(e.index, w, had)
    expect(new Set(positions(selected)).size).toBe(selected.length)
    for (const { position, section } of selected) {
      if (had.has(position)) expect(section).toBe('rising')
    }
  })

  property('a digest has at most its size, and fewer only when new papers run out', ({ e, w, had }) => {
    const selected = selectPapers(e.index, w, had)
    const fresh = e.index.ranked.filter((position) => !had.has(position)).length
    expect(selected.length).toBeLessThanOrEqual(w.size)
    const rising = selected.filter(({ section }) => section === 'rising').length
    expect(selected.length - rising).toBe(fresh === 0 ? 0 : Math.min(fresh, w.size - rising))
    expect(rising).toBeLessThanOrEqual(w.size / 5)
  })

  property('the order is the edition’s, and selecting again gives the same', ({ e, w, had }) => {
    const selected = selectPapers(e.index, w, had)
    expect(positions(selected)).toEqual(positions(selected).toSorted((a, b) => a - b))
    expect(selectPapers(e.index, w, had)).toEqual(selected)
  })

  property('every reason is true', ({ e, w, had }) => {
    for (const { position, reasons, section, fit } of selectPapers(e.index, w, had)) {
      const { topics, abstract, section: own } = e.papers[position]!
      for (const reason of reasons) {
        if (reason.kind === 'topic') {
          expect(w.topics).toContain(reason.slug)
          expect(topics).toContain(reason.slug)
        } else if (reason.kind === 'keyword') {
          expect(w.keywords).toContain(reason.word)
          expect(abstract.toLowerCase()).toContain(reason.word)
        } else {
          expect(w.liked.some((id) => e.similar.get(id)?.some((one) => one.position === position))).toBe(true)
        }
      }
      expect(fit > 0).toBe(reasons.length > 0)
      if (section === 'topics') expect(reasons.length, 'matches a preference').toBeGreaterThan(0)
      else expect(section).toBe(own)
    }
  })

  property('two in five papers match, while the edition has as many', ({ e, w, had }) => {
    const selected = selectPapers(e.index, w, had).filter(({ section }) => section !== 'rising')
    const rising = Math.min(e.index.rising.length, Math.floor(w.size / 5))
    const fitting = selectPapers(e.index, { ...w, size: 200 }, had).filter(
      (one) => one.section !== 'rising' && one.fit > 0,
    )
    const share = Math.min(Math.ceil(w.size * 0.4), w.size - rising, fitting.length)
    expect(selected.filter(({ fit }) => fit > 0).length).toBeGreaterThanOrEqual(share)
  })

  property('the other papers are the top of the edition, in its order', ({ e, w, had }) => {
    const top = positions(
      selectPapers(e.index, w, had).filter(({ section }) => section !== 'rising' && section !== 'topics'),
    )
    const fresh = e.index.ranked.filter((position) => !had.has(position))
    expect(top).toEqual(fresh.slice(0, top.length))
  })

  property('a stored selection gives the same papers and sections, even after preferences change', ({ e, w, had }) => {
    const selected = selectPapers(e.index, w, had)
    const stored = selectPositions(e.index, w, had)
    expect(explainSelection(e.index, w, stored)).toEqual(selected)
    const later = explainSelection(e.index, preferences({ size: 5, topics: ['theory'] }), stored)
    expect(later.map(({ position, section }) => [position, section])).toEqual(
      selected.map(({ position, section }) => [position, section]),
    )
  })

  property('it equals the reference, which sorts all matches', ({ e, w, had }) => {
    // Also when no paper at the top matches, so that the reader's share comes from further down.
    const deep = e.papers.map((one, at) => (at < 12 ? { ...one, topics: [], abstract: '' } : one))
    for (const index of [e.index, buildSelectionIndex(deep, e.similar, USUALS)]) {
      const reference = referenceSelectPositions(index, w, had)
      expect(selectPositions(index, w, had)).toEqual(reference)
      expect(explainSelection(index, w, reference)).toEqual(referenceExplainSelection(index, w, reference))
    }
  })

  property('without preferences and earlier digests, it is the top of the edition', ({ e, w }) => {
    const selected = selectPapers(e.index, preferences({ size: w.size }))
    const ranked = positions(selected.filter(({ section }) => section !== 'rising'))
    expect(ranked).toEqual(e.index.ranked.slice(0, ranked.length))
    expect(selected.every(({ fit, section, position }) => fit === 0 && section === e.papers[position]!.section)).toBe(
      true,
    )
  })
})

describe('by example', () => {
  test('a reader of speech gets four papers on it, which replace the lowest ranked', () => {
    const index = buildSelectionIndex(
      edition(40, (at) => ({ topics: [20, 25, 30, 35, 39].includes(at) ? ['speech'] : [] })),
    )
    const selected = selectPapers(index, preferences({ topics: ['speech'] }))
    expect(positions(selected)).toEqual([0, 1, 2, 3, 4, 5, 20, 25, 30, 35])
    expect(selected.slice(6).map(({ section, reasons }) => [section, reasons])).toEqual(
      Array.from({ length: 4 }, () => ['topics', [{ kind: 'topic', slug: 'speech' }]]),
    )
  })

  test('matches at the top of the list count, and show their reason', () => {
    const index = buildSelectionIndex(edition(40, (at) => ({ topics: at < 4 ? ['speech'] : [] })))
    const selected = selectPapers(index, preferences({ topics: ['speech'] }))
    expect(positions(selected)).toEqual(count(10))
    expect(selected.map(({ section }) => section)).toEqual(count(10).map(() => 'top'))
    expect(selected[0]!.reasons).toEqual([{ kind: 'topic', slug: 'speech' }])
  })

  test('papers that match more preferences come first', () => {
    const index = buildSelectionIndex(
      edition(40, (at) => ({ topics: at >= 20 ? ['speech'] : [], abstract: at >= 35 ? 'With LoRA.' : '' })),
    )
    const selected = selectPapers(index, preferences({ topics: ['speech'], keywords: ['lora'] }))
    expect(positions(selected).slice(6)).toEqual([35, 36, 37, 38])
  })

  test('still rising has its places, for papers that the reader has not had; alone it makes no digest', () => {
    const papers = [...edition(20), ...edition(3, () => ({ section: 'rising' }))]
    const index = buildSelectionIndex(papers)
    expect(positions(selectPapers(index, preferences(), new Set([0, 20])))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 21, 22])
    expect(selectPapers(index, preferences(), new Set(count(20)))).toEqual([])
  })

  test.for([
    ['attention', 'Sparse Attention, revisited', true],
    ['sparse attention', 'Sparse-attention transformers', true],
    ['transformer', 'Sparse-attention transformers', true],
    ['sparse transformer', 'Sparse-attention transformers', false],
    ['attention transformer', 'Sparse-attention transformers', true],
    ['former', 'Sparse-attention transformers', false],
    ['muller', 'The Müller–Lyer illusion', true],
    ['Müller', 'The Muller illusion', true],
    ['ia-red²', 'IA-RED$^2$: pruning', true],
    ['.*', 'Anything', false],
    ['語音', '語音 synthesis', true],
  ] as const)('the keyword %o in %o: %o', ([word, title, found]) => {
    const index = buildSelectionIndex([{ ...paper('top'), title }])
    expect(index.mentioning(word)).toEqual(found ? [0] : [])
  })
})

describe('topics with few voters and with many', () => {
  const big = { papers: 60, mean: Math.log(80) }
  const usuals = {
    all: { papers: 100, mean: Math.log(40) },
    topics: new Map([
      ['vision', big],
      ['agents', big],
      ['speech', { papers: 12, mean: Math.log(5) }],
    ]),
  }
  const ownOf = (papers: IndexedPaper[], topics: string[], size = 10) =>
    selectPapers(buildSelectionIndex(papers, undefined, usuals), preferences({ topics, size })).filter(
      (one) => one.section === 'topics',
    )

  test('a small topic has its turn beside one with most votes', () => {
    // Ten others, then twelve on vision, and the two on speech last.
    const papers = edition(24, (at) => ({ topics: at < 10 ? [] : at < 22 ? ['vision'] : ['speech'] }))
    expect(positions(ownOf(papers, ['vision', 'speech']))).toEqual([10, 11, 22, 23])
  })

  test('papers at the top use up turns of their topic', () => {
    // Three on vision are in every digest. Speech gets the one remaining place of the reader's share.
    const papers = edition(20, (at) => ({ topics: at < 3 || at === 12 ? ['vision'] : at === 19 ? ['speech'] : [] }))
    expect(positions(ownOf(papers, ['vision', 'speech']))).toEqual([19])
  })

  test('with more topics than places, a paper that stands out in its topic beats average ones', () => {
    // Two places of five. 80 votes are usual for vision and agents; 40 are many for speech.
    const topicsAt = new Map([
      [10, ['vision']],
      [11, ['agents']],
      [12, ['speech']],
    ])
    const papers = edition(13, (at) => ({ topics: topicsAt.get(at) ?? [], votes: at < 10 ? 300 : at === 12 ? 40 : 80 }))
    expect(positions(ownOf(papers, ['vision', 'agents', 'speech'], 5))).toEqual([10, 12])
  })

  test('the best paper of a small topic is in, however many papers of big topics have more votes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 20 }), fc.nat(30), fc.nat(40), (size, others, average) => {
        const votes = fc.sample(fc.integer({ min: 20, max: 110 }), { numRuns: average, seed: size + others })
        const papers = [
          ...edition(size + others, () => ({ votes: 500 })),
          ...votes
            .sort((a, b) => b - a)
            .map((count, at) => ({ ...paper('top', [at % 2 ? 'vision' : 'agents']), votes: count })),
          { ...paper('top', ['speech']), votes: 19 },
        ]
        // 19 votes are twice the usual for speech. 110, the most for vision and agents, are less than 1.5 times theirs.
        expect(positions(ownOf(papers, ['agents', 'vision', 'speech'], size))).toContain(papers.length - 1)
      }),
    )
  })

  property('without preferences, usual votes change nothing', ({ e, w, had }) => {
    const plain = { ...w, topics: [], keywords: [], liked: [] }
    expect(selectPapers(buildSelectionIndex(e.papers, e.similar, usuals), plain, had)).toEqual(
      selectPapers(e.index, plain, had),
    )
  })
})

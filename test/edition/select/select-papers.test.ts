import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { explainSelection, selectPapers, selectPositions } from '../../../src/edition/select/select-papers.ts'
import {
  buildSelectionIndex,
  type IndexedPaper,
  type SelectionIndex,
} from '../../../src/edition/select/selection-index.ts'
import { hasWishes, matchWishes, NO_WISHES, type SelectionPreferences } from '../../../src/edition/select/wishes.ts'
import type { VoteBaselines } from '../../../src/papers/ranking/standing.ts'
import { referenceExplainSelection, referenceSelectPositions } from './reference-selection.ts'

const TOPICS = ['speech', 'vision', 'robotics', 'theory', 'agents']
const WORDS = ['diffusion', 'sparse attention', 'lora', 'speech']
const AUTHORS = ['Yejin Choi', 'Łukasz Kaiser', 'Müller, Jr.']
const ORGANISATIONS = ['Analytical Engines', 'ETH Zürich']

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
  ...NO_WISHES,
  size: 10,
  share: 0.4,
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
const anyEdition = fc.tuple(fc.nat(4), fc.nat(40), fc.nat(5)).chain(([picks, top, rising]) => {
  const sections = [
    ...count(picks).map(() => 'picks'),
    ...count(top).map(() => 'top'),
    ...count(rising).map(() => 'rising'),
  ]
  const each = <T>(any: fc.Arbitrary<T>) => fc.array(any, { minLength: sections.length, maxLength: sections.length })
  return fc
    .tuple(
      each(fc.subarray(TOPICS)),
      each(fc.subarray(WORDS)),
      each(fc.subarray(AUTHORS)),
      each(fc.option(fc.constantFrom(...ORGANISATIONS))),
      each(fc.nat(400)),
    )
    .map(([topics, words, authors, organizations, votes]) => {
      const papers = sections.map((section, i) => ({
        ...paper(section, topics[i], `It uses ${words[i]!.join(' and ')}.`),
        authors: authors[i]!,
        organization: organizations[i]!,
        votes: votes[i]!,
      }))
      return { papers, index: buildSelectionIndex(papers, USUALS) }
    })
})

/** Positions with fits, within an edition of this many papers. */
const anySimilar = (papers: number) =>
  fc
    .dictionary(fc.integer({ min: 0, max: 48 }).map(String), fc.double({ min: 0.01, max: 1, noNaN: true }))
    .map((fits) =>
      Object.entries(fits)
        .map(([position, fit]) => ({ position: Number(position), fit }))
        .filter(({ position }) => position < papers)
        .sort((a, b) => a.position - b.position),
    )

const anyWishes = (papers: number): fc.Arbitrary<SelectionPreferences> =>
  fc.record({
    size: fc.integer({ min: 1, max: 20 }),
    share: fc.constantFrom(0.4, 0.8, 1),
    topics: fc.subarray([...TOPICS, 'unheard-of']),
    keywords: fc.subarray([...WORDS, 'nowhere', '  ', '%']),
    authors: fc.subarray(['yejin choi', 'Łukasz  Kaiser', 'MULLER JR', 'Nobody', '']),
    organisations: fc.subarray(['eth zurich', 'Analytical Engines', '-']),
    likePapers: fc
      .array(anySimilar(papers), { maxLength: 2 })
      .map((all) => all.map((similar) => ({ title: 'T', similar }))),
    taste: fc.option(anySimilar(papers), { nil: undefined }),
    sequels: anySimilar(papers).map((some) =>
      some.slice(0, 2).map(({ position, fit }) => ({ position, name: 'A 1', saved: fit > 0.5 })),
    ),
    unwanted: fc.uniqueArray(fc.nat(49), { maxLength: 4 }),
  })
const anyHad = fc.array(fc.nat(49)).map((list) => new Set(list))

interface SampleEdition {
  papers: IndexedPaper[]
  index: SelectionIndex
}
interface Given {
  e: SampleEdition
  w: SelectionPreferences
  had: Set<number>
}

/** Checks a property over sample editions, preferences and earlier digests. */
const property = (name: string, check: (given: Given) => void) =>
  test(name, () => {
    const any = anyEdition.chain((e) => fc.tuple(fc.constant(e), anyWishes(e.papers.length), anyHad))
    fc.assert(
      fc.property(any, ([e, w, had]) => check({ e, w, had })),
      { numRuns: 400 },
    )
  })

/** Positions of new papers that the reader may get. */
function freshOf({ e, w, had }: Given): number[] {
  const wishes = matchWishes(e.index, w)
  const onlyMine = w.share === 1 && hasWishes(w)
  return e.index.ranked.filter(
    (position) =>
      !had.has(position) &&
      !w.unwanted.includes(position) &&
      (!onlyMine || wishes.some((wish) => wish.positions.includes(position))),
  )
}

describe('for any edition, preferences and earlier digests', () => {
  property('no paper comes twice, earlier ones only as still rising, and unwanted ones never', ({ e, w, had }) => {
    const selected = selectPapers(e.index, w, had)
    expect(new Set(positions(selected)).size).toBe(selected.length)
    for (const { position, section } of selected) {
      if (had.has(position)) expect(section).toBe('rising')
      expect(w.unwanted).not.toContain(position)
    }
  })

  property('a digest has at most its size, and fewer only when new papers run out', (given) => {
    const { e, w, had } = given
    const selected = selectPapers(e.index, w, had)
    const fresh = freshOf(given).length
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
      const { topics, abstract, authors, organization, section: own } = e.papers[position]!
      const isSimilar = (similar: readonly { position: number }[]) => similar.some((one) => one.position === position)
      for (const reason of reasons) {
        if (reason.kind === 'topic') {
          expect(w.topics).toContain(reason.slug)
          expect(topics).toContain(reason.slug)
        } else if (reason.kind === 'keyword') {
          expect(w.keywords).toContain(reason.word)
          expect(abstract.toLowerCase()).toContain(reason.word)
        } else if (reason.kind === 'author') expect(authors).toContain(reason.name)
        else if (reason.kind === 'organisation') expect(organization).toBe(reason.name)
        else if (reason.kind === 'paper') expect(w.likePapers.some(({ similar }) => isSimilar(similar))).toBe(true)
        else expect(isSimilar(reason.kind === 'sequel' ? w.sequels : w.taste!)).toBe(true)
      }
      expect(fit > 0).toBe(reasons.length > 0)
      if (section === 'topics') expect(reasons.length, 'meets a wish').toBeGreaterThan(0)
      else expect(section).toBe(own)
    }
  })

  property(
    'the reader’s share meets a wish, while the edition has as many; with all of it, no other paper',
    (given) => {
      const { e, w, had } = given
      const selected = selectPapers(e.index, w, had).filter(({ section }) => section !== 'rising')
      const wishes = matchWishes(e.index, w)
      const fitting = freshOf(given).filter((position) => wishes.some((wish) => wish.positions.includes(position)))
      const rising = selectPapers(e.index, w, had).length - selected.length
      const share = Math.min(Math.ceil(w.size * w.share), w.size - rising, fitting.length)
      expect(selected.filter(({ fit }) => fit > 0).length).toBeGreaterThanOrEqual(share)
      if (w.share === 1 && hasWishes(w)) expect(selected.every(({ fit }) => fit > 0)).toBe(true)
    },
  )

  property('every wish with a new paper is met, while the share has a place for each', (given) => {
    const { e, w, had } = given
    const fresh = freshOf(given)
    const selected = selectPapers(e.index, w, had)
    const rising = selected.filter(({ section }) => section === 'rising').length
    const wishes = matchWishes(e.index, w).filter((wish) => fresh.some((position) => wish.positions.includes(position)))
    if (Math.min(Math.ceil(w.size * w.share), w.size - rising) < wishes.length) return
    for (const { positions: own, reason } of wishes)
      expect(
        selected.some(({ position }) => own.includes(position)),
        reason.kind,
      ).toBe(true)
  })

  property('papers that meet no wish are the first of these on the list, in its order', (given) => {
    const { e, w, had } = given
    const others = selectPapers(e.index, w, had).filter(({ fit, section }) => fit === 0 && section !== 'rising')
    const wishes = matchWishes(e.index, w)
    const first = freshOf(given).filter((position) => !wishes.some((wish) => wish.positions.includes(position)))
    expect(positions(others)).toEqual(first.slice(0, others.length))
  })

  property('a stored selection gives the same papers and sections, even after preferences change', ({ e, w, had }) => {
    const selected = selectPapers(e.index, w, had)
    const stored = selectPositions(e.index, w, had)
    expect(explainSelection(e.index, w, stored)).toEqual(selected)
    const later = explainSelection(e.index, preferences({ size: 5, topics: ['theory'] }), stored)
    expect(later.map(({ position, section }) => [position, section])).toEqual(
      selected.map(({ position, section }) => [position, section]),
    )
    for (const { position, reasons } of later)
      expect(reasons).toEqual(e.papers[position]!.topics.includes('theory') ? [{ kind: 'topic', slug: 'theory' }] : [])
  })

  property('it equals the reference, which sorts all matches', ({ e, w, had }) => {
    // Also when no paper at the top matches, so that the reader's share comes from further down.
    const deep = e.papers.map((one, at) =>
      at < 12 ? { ...one, topics: [], abstract: '', authors: [], organization: null } : one,
    )
    for (const index of [e.index, buildSelectionIndex(deep, USUALS)]) {
      const reference = referenceSelectPositions(index, w, had)
      expect(selectPositions(index, w, had)).toEqual(reference)
      expect(explainSelection(index, w, reference)).toEqual(referenceExplainSelection(index, w, reference))
    }
  })

  property('without wishes and earlier digests, it is the top of the edition', ({ e, w }) => {
    const selected = selectPapers(e.index, preferences({ size: w.size, share: w.share }))
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
    ['Transformers', 'One transformer', true],
    ['world models', 'A World-Model that plans', true],
    ['sparse transformers', 'Sparse-attention transformer', false],
    ['analyses', 'An analysis', true],
    ['novels', 'A novel approach', false],
    ['news', 'A new approach', false],
    ['muller', 'The Müller–Lyer illusion', true],
    ['Müller', 'The Muller illusion', true],
    ['ia-red²', 'IA-RED$^2$: pruning', true],
    ['.*', 'Anything', false],
    ['語音', '語音 synthesis', true],
    ['語音', '端到端語音合成', true],
    ['音語', '端到端語音合成', false],
    ['AI大模型', '关于AI大模型的研究', true],
    ['강화 학습', '강화학습을 이용한 제어', true],
    ['हिंदी', 'हद की', false],
    ['∞', 'The model’s attention', false],
    ['❤️', 'The model’s ☎️', false],
    ['C++', 'Vitamin C and Python', false],
    ['C++', 'Translating C++-code to Rust', true],
    ['C', 'Translating C++-code to Rust', true],
    ['C#', 'Unity’s C#', true],
    ['A* search', 'We do a search', false],
    ['A* search', 'Learned A$^*$-search', true],
    ['Q*', 'Q-learning of RNAQ*', false],
    ['LLM+RL', 'LLM + RL', true],
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
    selectPapers(buildSelectionIndex(papers, usuals), preferences({ topics, size })).filter(
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

  property('without wishes, usual votes change nothing', ({ e, w, had }) => {
    const plain = preferences({ size: w.size })
    expect(selectPapers(buildSelectionIndex(e.papers, usuals), plain, had)).toEqual(selectPapers(e.index, plain, had))
  })

  test('a topic that is everywhere does not use up the share of a narrow one', () => {
    // All of the list's first ten are on agents. Speech has its two papers last.
    const papers = edition(24, (at) => ({ topics: at < 22 ? ['agents'] : ['speech'] }))
    const selected = selectPapers(buildSelectionIndex(papers, usuals), preferences({ topics: ['agents', 'speech'] }))
    expect(positions(selected)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 22, 23])
  })
})

describe('each wish', () => {
  const papers = edition(20, (at) =>
    at === 15
      ? { authors: ['Ada Lovelace', 'Łukasz Kaiser'] }
      : at === 16
        ? { organization: 'ETH Z\\"urich' }
        : { authors: ['Ada Lovelace'] },
  )
  const reasonsOf = (some: Partial<SelectionPreferences>) =>
    selectPapers(buildSelectionIndex(papers), preferences(some))
      .filter(({ section }) => section === 'topics')
      .map(({ position, reasons }) => [position, ...reasons])

  test('an author, whatever the case and accents, by the name on the paper', () => {
    expect(reasonsOf({ authors: ['łukasz kaiser'] })).toEqual([[15, { kind: 'author', name: 'Łukasz Kaiser' }]])
    expect(reasonsOf({ authors: ['Kaiser'] })).toEqual([])
  })

  test('an organisation, in plain text', () => {
    expect(reasonsOf({ organisations: ['ETH Zürich'] })).toEqual([[16, { kind: 'organisation', name: 'ETH Zürich' }]])
  })

  test('papers like one, and papers that fit the taste', () => {
    const like = { title: 'Keyformer: Cache', similar: [{ position: 17, fit: 0.5 }] }
    expect(reasonsOf({ likePapers: [like], taste: [{ position: 18, fit: 0.9 }] })).toEqual([
      [17, { kind: 'paper', title: 'Keyformer: Cache' }],
      [18, { kind: 'taste' }],
    ])
  })

  test('a later version of what a paper names that they voted for or saved', () => {
    const sequel = { position: 17, name: 'HY-World 1.0', saved: false }
    expect(reasonsOf({ sequels: [sequel] })).toEqual([[17, { kind: 'sequel', name: 'HY-World 1.0', saved: false }]])
  })

  test('only mine: nothing else, and no digest on a day without', () => {
    const only = (topics: string[]) =>
      positions(
        selectPapers(
          buildSelectionIndex(edition(20, (at) => ({ topics: at === 7 ? ['speech'] : [] }))),
          preferences({ topics, share: 1 }),
        ),
      )
    expect(only(['speech'])).toEqual([7])
    expect(only(['theory'])).toEqual([])
    expect(only([])).toEqual(count(10))
  })
})

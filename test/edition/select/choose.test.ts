import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arrange, choose, pick, type Wishes } from '../../../src/edition/select/choose.ts'
import {
  type Alike,
  type CandidatePaper,
  type Candidates,
  candidatesOf,
} from '../../../src/edition/select/selection-index.ts'
import type { VoteBaselines } from '../../../src/papers/ranking/standing.ts'
import { arrangePlainly, pickPlainly } from '../choose-plainly.ts'

const TOPICS = ['speech', 'vision', 'robotics', 'theory', 'agents']
const WORDS = ['diffusion', 'sparse attention', 'lora', 'speech']

const paper = (section: string, topics: string[] = [], abstract = ''): CandidatePaper => ({
  section,
  topics,
  title: 'A Title',
  abstract,
  keywords: [],
})
const edition = (count: number, of: (position: number) => Partial<CandidatePaper> = () => ({})) =>
  Array.from({ length: count }, (_, position) => ({ ...paper('top'), ...of(position) }))
const wishes = (some: Partial<Wishes> = {}): Wishes => ({ size: 10, topics: [], keywords: [], liked: [], ...some })

const positions = (chosen: { position: number }[]) => chosen.map((one) => one.position)
const count = (n: number) => Array.from({ length: n }, (_, i) => i)

const USUALS: VoteBaselines = {
  all: { papers: 200, mean: 2.5 },
  topics: new Map([
    ['speech', { papers: 12, mean: 1 }],
    ['agents', { papers: 90, mean: 3.5 }],
  ]),
}

// Picks first, then the crowd's, "still rising" at the end: as editions are assembled.
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
    const alike = new Map<number, Alike[]>()
    if (papers.length > 0) {
      for (const [id, position, likeness] of likes) alike.set(id, [...(alike.get(id) ?? []), { position, likeness }])
    }
    return { papers, alike, candidates: candidatesOf(papers, alike, USUALS) }
  })
const anyWishes = fc.record({
  size: fc.integer({ min: 1, max: 20 }),
  topics: fc.subarray([...TOPICS, 'unheard-of']),
  keywords: fc.subarray([...WORDS, 'nowhere', '  ', '%']),
  liked: fc.uniqueArray(fc.nat(12), { maxLength: 6 }),
})
const anyHad = fc.array(fc.nat(49)).map((list) => new Set(list))

interface MadeUp {
  papers: CandidatePaper[]
  alike: Map<number, Alike[]>
  candidates: Candidates
}

/** Every property over the same made-up editions, readers and pasts. */
const holds = (name: string, check: (given: { e: MadeUp; w: Wishes; had: Set<number> }) => void) =>
  test(name, () => {
    fc.assert(
      fc.property(anyEdition, anyWishes, anyHad, (e, w, had) => check({ e, w, had })),
      { numRuns: 400 },
    )
  })

describe('whatever the edition, the wishes and the past', () => {
  holds('no paper comes twice, nor again, except as still rising', ({ e, w, had }) => {
    const chosen = choose(e.candidates, w, had)
    expect(new Set(positions(chosen)).size).toBe(chosen.length)
    for (const { position, section } of chosen) {
      if (had.has(position)) expect(section).toBe('rising')
    }
  })

  holds('never more than asked for, nor fewer than there are', ({ e, w, had }) => {
    const chosen = choose(e.candidates, w, had)
    const fresh = e.candidates.ranked.filter((position) => !had.has(position)).length
    expect(chosen.length).toBeLessThanOrEqual(w.size)
    const rising = chosen.filter(({ section }) => section === 'rising').length
    expect(chosen.length - rising).toBe(fresh === 0 ? 0 : Math.min(fresh, w.size - rising))
    expect(rising).toBeLessThanOrEqual(w.size / 5)
  })

  holds('the order is the edition’s, and asking again gives the same', ({ e, w, had }) => {
    const chosen = choose(e.candidates, w, had)
    expect(positions(chosen)).toEqual(positions(chosen).toSorted((a, b) => a - b))
    expect(choose(e.candidates, w, had)).toEqual(chosen)
  })

  holds('every reason is true', ({ e, w, had }) => {
    for (const { position, reasons, section, fit } of choose(e.candidates, w, had)) {
      const { topics, abstract, section: own } = e.papers[position]!
      for (const reason of reasons) {
        if (reason.kind === 'topic') {
          expect(w.topics).toContain(reason.slug)
          expect(topics).toContain(reason.slug)
        } else if (reason.kind === 'keyword') {
          expect(w.keywords).toContain(reason.word)
          expect(abstract.toLowerCase()).toContain(reason.word)
        } else {
          expect(w.liked.some((id) => e.alike.get(id)?.some((one) => one.position === position))).toBe(true)
        }
      }
      expect(fit > 0).toBe(reasons.length > 0)
      if (section === 'topics') expect(reasons.length, 'here for a wish').toBeGreaterThan(0)
      else expect(section).toBe(own)
    }
  })

  holds('two in five are the reader’s, where the edition has as many', ({ e, w, had }) => {
    const chosen = choose(e.candidates, w, had).filter(({ section }) => section !== 'rising')
    const rising = Math.min(e.candidates.rising.length, Math.floor(w.size / 5))
    const fitting = choose(e.candidates, { ...w, size: 200 }, had).filter(
      (one) => one.section !== 'rising' && one.fit > 0,
    )
    const share = Math.min(Math.ceil(w.size * 0.4), w.size - rising, fitting.length)
    expect(chosen.filter(({ fit }) => fit > 0).length).toBeGreaterThanOrEqual(share)
  })

  holds('most of it stays the crowd’s, in the crowd’s order from the top', ({ e, w, had }) => {
    const crowd = positions(
      choose(e.candidates, w, had).filter(({ section }) => section !== 'rising' && section !== 'topics'),
    )
    const fresh = e.candidates.ranked.filter((position) => !had.has(position))
    expect(crowd).toEqual(fresh.slice(0, crowd.length))
  })

  holds('what the ledger keeps gives the same papers and sections, also once wishes have changed', ({ e, w, had }) => {
    const chosen = choose(e.candidates, w, had)
    const kept = pick(e.candidates, w, had)
    expect(arrange(e.candidates, w, kept)).toEqual(chosen)
    const later = arrange(e.candidates, wishes({ size: 5, topics: ['theory'] }), kept)
    expect(later.map(({ position, section }) => [position, section])).toEqual(
      chosen.map(({ position, section }) => [position, section]),
    )
  })

  holds('it is what sorting all that fits would give', ({ e, w, had }) => {
    // Also where nothing of the crowd's best fits, so that the reader's share comes from further down.
    const deep = e.papers.map((one, at) => (at < 12 ? { ...one, topics: [], abstract: '' } : one))
    for (const candidates of [e.candidates, candidatesOf(deep, e.alike, USUALS)]) {
      const plainly = pickPlainly(candidates, w, had)
      expect(pick(candidates, w, had)).toEqual(plainly)
      expect(arrange(candidates, w, plainly)).toEqual(arrangePlainly(candidates, w, plainly))
    }
  })

  holds('without wishes and without a past, it is the edition from its top', ({ e, w }) => {
    const chosen = choose(e.candidates, wishes({ size: w.size }))
    const ranked = positions(chosen.filter(({ section }) => section !== 'rising'))
    expect(ranked).toEqual(e.candidates.ranked.slice(0, ranked.length))
    expect(chosen.every(({ fit, section, position }) => fit === 0 && section === e.papers[position]!.section)).toBe(
      true,
    )
  })
})

describe('by example', () => {
  test('a reader of speech gets four papers on it, the last in the crowd’s order giving way', () => {
    const candidates = candidatesOf(
      edition(40, (at) => ({ topics: [20, 25, 30, 35, 39].includes(at) ? ['speech'] : [] })),
    )
    const chosen = choose(candidates, wishes({ topics: ['speech'] }))
    expect(positions(chosen)).toEqual([0, 1, 2, 3, 4, 5, 20, 25, 30, 35])
    expect(chosen.slice(6).map(({ section, reasons }) => [section, reasons])).toEqual(
      Array.from({ length: 4 }, () => ['topics', [{ kind: 'topic', slug: 'speech' }]]),
    )
  })

  test('what is on the list anyway counts, and says so', () => {
    const candidates = candidatesOf(edition(40, (at) => ({ topics: at < 4 ? ['speech'] : [] })))
    const chosen = choose(candidates, wishes({ topics: ['speech'] }))
    expect(positions(chosen)).toEqual(count(10))
    expect(chosen.map(({ section }) => section)).toEqual(count(10).map(() => 'top'))
    expect(chosen[0]!.reasons).toEqual([{ kind: 'topic', slug: 'speech' }])
  })

  test('papers that meet more wishes come before others', () => {
    const candidates = candidatesOf(
      edition(40, (at) => ({ topics: at >= 20 ? ['speech'] : [], abstract: at >= 35 ? 'With LoRA.' : '' })),
    )
    const chosen = choose(candidates, wishes({ topics: ['speech'], keywords: ['lora'] }))
    expect(positions(chosen).slice(6)).toEqual([35, 36, 37, 38])
  })

  test('still rising has its places, also for papers they had; alone it makes no digest', () => {
    const papers = [...edition(20), ...edition(3, () => ({ section: 'rising' }))]
    const candidates = candidatesOf(papers)
    expect(positions(choose(candidates, wishes(), new Set([0, 20])))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 20, 21])
    expect(choose(candidates, wishes(), new Set(count(20)))).toEqual([])
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
    const candidates = candidatesOf([{ ...paper('top'), title }])
    expect(candidates.mentioning(word)).toEqual(found ? [0] : [])
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
  const ownOf = (papers: CandidatePaper[], topics: string[], size = 10) =>
    choose(candidatesOf(papers, undefined, usuals), wishes({ topics, size })).filter((one) => one.section === 'topics')

  test('a small topic has its turn beside one that has most votes', () => {
    // Ten for the crowd, then twelve on vision, and the two on speech last.
    const papers = edition(24, (at) => ({ topics: at < 10 ? [] : at < 22 ? ['vision'] : ['speech'] }))
    expect(positions(ownOf(papers, ['vision', 'speech']))).toEqual([10, 11, 22, 23])
  })

  test('a turn that the crowd gave a topic counts', () => {
    // Three on vision are in every digest; the one place left of the reader's share is speech's.
    const papers = edition(20, (at) => ({ topics: at < 3 || at === 12 ? ['vision'] : at === 19 ? ['speech'] : [] }))
    expect(positions(ownOf(papers, ['vision', 'speech']))).toEqual([19])
  })

  test("where there are more topics than places, what stands out in its topic comes before another's average", () => {
    // Two places of five. 80 votes are usual for vision and for agents; 40 are many for speech.
    const topicsAt = new Map([
      [10, ['vision']],
      [11, ['agents']],
      [12, ['speech']],
    ])
    const papers = edition(13, (at) => ({ topics: topicsAt.get(at) ?? [], votes: at < 10 ? 300 : at === 12 ? 40 : 80 }))
    expect(positions(ownOf(papers, ['vision', 'agents', 'speech'], 5))).toEqual([10, 12])
  })

  test("a small topic's best is in, however many papers of big topics have more votes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 20 }), fc.nat(30), fc.nat(40), (size, crowd, average) => {
        const votes = fc.sample(fc.integer({ min: 20, max: 110 }), { numRuns: average, seed: size + crowd })
        const papers = [
          ...edition(size + crowd, () => ({ votes: 500 })),
          ...votes
            .sort((a, b) => b - a)
            .map((count, at) => ({ ...paper('top', [at % 2 ? 'vision' : 'agents']), votes: count })),
          { ...paper('top', ['speech']), votes: 19 },
        ]
        // Twice what is usual for speech; vision and agents have 110 at most, not half as much again as usual.
        expect(positions(ownOf(papers, ['agents', 'vision', 'speech'], size))).toContain(papers.length - 1)
      }),
    )
  })

  holds('without wishes, what is usual changes nothing', ({ e, w, had }) => {
    const plain = { ...w, topics: [], keywords: [], liked: [] }
    expect(choose(candidatesOf(e.papers, e.alike, usuals), plain, had)).toEqual(choose(e.candidates, plain, had))
  })
})

import { daysLater } from '../../../src/calendar/days.ts'
import { selectPositions } from '../../../src/edition/select/select-papers.ts'
import { buildTasteIndex } from '../../../src/edition/select/taste.ts'
import { NO_WISHES, type SelectionPreferences, type SimilarPaper } from '../../../src/edition/select/wishes.ts'
import type { ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { countWords, type Vector, vectorise } from '../../../src/papers/search/vectorise.ts'
import { tasteVector, withAuthors } from '../../../src/papers/votes/taste-vector.ts'
import { mean, standardError } from '../ranking/measures.ts'
import { authorGroups } from './author-groups.ts'
import { type DayEdition, dayEditions } from './editions.ts'
import { formerPositions } from './former-share.ts'
import { type ChoicePart, type ChoiceRow, FIT_MONTHS, TEST_MONTHS } from './part.ts'

/** They put papers of all kinds on the list. */
const NOT_READERS = new Set(['AK', 'taesiri'])
/** Two votes must already help. */
const FEWEST_LIKED = 2
const FORMER_LIKENESS = 0.15
const SIZE = 5

/** A reader in one month: what they liked in earlier months, and which of this month's papers are theirs. */
interface Reader {
  month: string
  liked: number[]
  own: Set<number>
}

export const part: ChoicePart = {
  title: `A digest that learns: readers who liked at least ${FEWEST_LIKED} papers in earlier months`,
  async measure(data) {
    return [FIT_MONTHS, TEST_MONTHS].flatMap((months) => {
      // Earlier months are what the readers liked before.
      const papers = data.papers([...FIT_MONTHS, ...(months === TEST_MONTHS ? TEST_MONTHS : [])])
      const submitters = Map.groupBy(papers.keys(), (at) => papers[at]!.submitter)
      for (const name of [undefined, ...NOT_READERS]) submitters.delete(name)
      const people = readersOf(papers, [...submitters.values()], months)
      const when = months.length === 1 ? months[0]! : `${months[0]} to ${months.at(-1)}`
      return rowsOf(papers, people, readersOf(papers, authorGroups(papers), months), when)
    })
  },
}

function rowsOf(papers: readonly ListedPaper[], people: Reader[], groups: Reader[], when: string): ChoiceRow[] {
  const scored = [...Map.groupBy([...people, ...groups], ({ month }) => month).keys()].map((month) => {
    const corpus = corpusOf(papers, month)
    const of = (readers: Reader[]) => readers.filter((reader) => reader.month === month)
    const ranked = (readers: Reader[]) =>
      of(readers).map((reader) => ({ ours: rankOurs(corpus, reader), former: rankFormer(corpus, reader) }))
    return { people: ranked(people), groups: ranked(groups), replay: replay(corpus, of(people)) }
  })
  const row = (what: string, values: { ours: number; former: number }[], target: string): ChoiceRow => ({
    what: `${what}, ${when}`,
    baseline: 'cosine ≥ .15 of 64 words',
    baselineValue: mean(values.map(({ former }) => former)).toFixed(3),
    value: `${mean(values.map(({ ours }) => ours)).toFixed(3)} ± ${standardError(values.map(({ ours }) => ours)).toFixed(3)}`,
    target,
  })
  return [
    row(
      `nDCG@10, ${people.length} readers made of submitters`,
      scored.flatMap((month) => month.people),
      '≥ .25',
    ),
    row(
      `nDCG@10, ${groups.length} readers made of author groups`,
      scored.flatMap((month) => month.groups),
      '≥ .18',
    ),
    row(
      `own papers in a digest of ${SIZE}`,
      scored.flatMap((month) => month.replay),
      '≥ .47',
    ),
    {
      what: `the same without a taste, ${when}`,
      baseline: '',
      baselineValue: '',
      value: mean(scored.flatMap((month) => month.replay.map(({ crowd }) => crowd))).toFixed(3),
      target: '',
    },
  ]
}

function readersOf(papers: readonly ListedPaper[], sets: readonly number[][], months: readonly string[]): Reader[] {
  return sets.flatMap((set) =>
    months.flatMap((month) => {
      const liked = set.filter((at) => papers[at]!.listDay < month)
      const own = new Set(set.filter((at) => papers[at]!.listDay.startsWith(month)))
      return liked.length >= FEWEST_LIKED && own.size > 0 ? [{ month, liked, own }] : []
    }),
  )
}

interface Corpus {
  papers: readonly ListedPaper[]
  /** indices of the month's papers */
  pool: number[]
  /** by index, of whole texts and authors */
  whole: Vector[]
  /** by index, of the 64 heaviest words */
  short: Vector[]
}

/** Vectorises the papers up to a month's end, with the word counts of that time. */
function corpusOf(all: readonly ListedPaper[], month: string): Corpus {
  const papers = all.filter((paper) => paper.listDay.slice(0, 7) <= month)
  const counts = papers.map(countWords)
  const known = new Map<string, { id: number; papers: number }>()
  for (const words of counts) {
    for (const word of words.keys()) {
      const term = known.get(word)
      if (term) term.papers++
      else known.set(word, { id: known.size, papers: 1 })
    }
  }
  return {
    papers,
    pool: [...papers.keys()].filter((at) => papers[at]!.listDay.startsWith(month)),
    whole: counts.map((words, at) => withAuthors(vectorise(words, known, papers.length), papers[at]!.authors)),
    short: counts.map((words) => vectorise(words, known, papers.length, 64)),
  }
}

const learn = ({ whole }: Corpus, { liked }: Reader): Vector =>
  tasteVector(
    liked.map((at) => whole[at]!),
    [],
  )

function rankOurs(corpus: Corpus, reader: Reader): number {
  const { pool, whole } = corpus
  const index =
    monthIndex.get(corpus) ??
    buildTasteIndex(
      pool.map((at) => whole[at]!),
      [],
    )
  monthIndex.set(corpus, index)
  return ndcg(reader, pool, index.scoresOf(learn(corpus, reader)))
}
const monthIndex = new WeakMap<Corpus, ReturnType<typeof buildTasteIndex>>()

const rankFormer = (corpus: Corpus, reader: Reader): number =>
  ndcg(
    reader,
    corpus.pool,
    corpus.pool.map((at) => formerLikeness(corpus, reader, at)),
  )

const formerLikeness = ({ short }: Corpus, { liked }: Reader, at: number): number =>
  liked
    .map((other) => cosine(short[at]!, short[other]!))
    .filter((likeness) => likeness >= FORMER_LIKENESS)
    .reduce((sum, likeness) => sum + likeness, 0)

function cosine(a: Vector, b: Vector): number {
  let sum = 0
  for (const [place, term] of a.terms.entries()) {
    const other = b.terms.indexOf(term)
    if (other >= 0) sum += a.weights[place]! * b.weights[other]!
  }
  return sum
}

/** Normalised discounted cumulative gain of the reader's own papers among the first ten. Ties keep the list's order. */
function ndcg({ own }: Reader, pool: readonly number[], scores: ArrayLike<number>): number {
  const order = [...pool.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, 10)
  const gain = (at: number) => 1 / Math.log2(at + 2)
  const found = order.reduce((sum, place, at) => sum + (own.has(pool[place]!) ? gain(at) : 0), 0)
  let ideal = 0
  for (let at = 0; at < Math.min(own.size, 10); at++) ideal += gain(at)
  return found / ideal
}

const WEEKS = 4

/** Gives each reader the month's digests, and returns the part of their own papers in them. */
function replay(corpus: Corpus, readers: readonly Reader[]): { ours: number; former: number; crowd: number }[] {
  const { papers, pool, whole } = corpus
  const month = papers[pool[0]!]!.listDay.slice(0, 7)
  const at = new Map([...papers.keys()].map((index) => [papers[index]!.sourceId, index]))
  const days = dayEditions(papers)
    .filter(({ day }) => day.startsWith(month))
    .map((edition) => {
      const places = edition.papers.map((paper) => at.get(paper.sourceId)!)
      const since = daysLater(edition.day, -7 * WEEKS)
      const recent = [...papers.keys()].filter((i) => papers[i]!.listDay > since && papers[i]!.listDay <= edition.day)
      const vectors = (of: readonly number[]) => of.map((i) => whole[i]!)
      return { edition, places, taste: buildTasteIndex(vectors(places), vectors(recent)) }
    })
  return readers.map((reader) => {
    const taste = learn(corpus, reader)
    const arrived = { ours: 0, former: 0, crowd: 0 }
    for (const { edition, places, taste: index } of days) {
      const own = (positions: readonly number[]) =>
        positions.filter((position) => reader.own.has(places[position]!)).length
      if (own([...places.keys()]) === 0) continue
      arrived.ours += own(select(edition, index.papersLike(taste)))
      const alike = places
        .map((i, position) => ({ position, fit: formerLikeness(corpus, reader, i) }))
        .filter(({ fit }) => fit > 0)
      arrived.former += own(formerPositions(edition.index, preferences(alike)))
      arrived.crowd += own(select(edition, []))
    }
    const { ours, former, crowd } = arrived
    return { ours: ours / reader.own.size, former: former / reader.own.size, crowd: crowd / reader.own.size }
  })
}

const preferences = (taste: SimilarPaper[]): SelectionPreferences => ({ ...NO_WISHES, size: SIZE, share: 0.4, taste })
const select = ({ index }: DayEdition, taste: SimilarPaper[]): number[] =>
  selectPositions(index, preferences(taste)).shown

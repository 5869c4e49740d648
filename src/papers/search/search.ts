import { dayOf } from '../../calendar/days.ts'
import type { Db } from '../../runtime/db/database.ts'
import { doiIn } from '../doi.ts'
import { findPaper, findPublicPaper } from '../lists/paper.ts'
import { arxivId } from '../paper-id.ts'
import { correctSpelling } from './correct-spelling.ts'
import { findBest, findNewest, type Matches } from './find-all-words.ts'
import { findByAuthor } from './find-by-author.ts'
import { findSomeWords } from './find-some-words.ts'
import { findStopWords } from './find-stop-words.ts'
import { type HighlightedPaper, readHighlighted } from './highlight.ts'
import { cleanQuery, parseQuery } from './parse-query.ts'
import { type Cursor, isBehind, type MatchKind, parseCursor, writeCursor } from './search-cursor.ts'
import type { DatedQuery, Match, SearchQuery } from './search-query.ts'

export type { SearchQuery } from './search-query.ts'

export interface FoundPaper extends HighlightedPaper {
  /** whether it has all words or only some */
  match: MatchKind
}

export interface SearchResult {
  papers: FoundPaper[]
  total: {
    /** papers with all words */
    all: number
    /** whether `all` is an estimate */
    approximate: boolean
    /** papers with some words, of which the best 100 are found */
    some: number
    /** papers that the pages list: only the best 300 of very many */
    listed: number
  }
  /** `after` of the next page; undefined on the last one */
  next?: string | undefined
  /** the corrected words that found these papers, when no paper has the given ones */
  corrected?: string | undefined
  /** the arXiv id that was searched for */
  arxivId?: string | undefined
  /** whether the query is an id, link or DOI of the paper found */
  isNamed: boolean
}

/** Below this many papers with all words, papers with some of them follow. It does not depend on `limit`, so that pages fit together. */
const FEW = 20
const PAGE = 20
const MOST_PER_PAGE = 100

interface Deps {
  db: Db
  now: () => Date
}

/**
 * Finds papers with these words in title, authors, organisation, keywords, abstract or summary, best first and newest first among equals.
 * When few papers have all words, those with some of them follow. Phrases and exclusions always hold.
 * Without words it returns all papers that pass the filters, newest first. An arXiv id, link or DOI finds that paper.
 * No text in `q` makes it fail.
 *
 * @param options.toCome finds papers of list days to come too, for the desk
 */
export async function searchPapers(
  { db, now }: Deps,
  asked: SearchQuery,
  { toCome = false }: { toCome?: boolean } = {},
): Promise<SearchResult> {
  const today = toCome ? 'infinity' : dayOf(now())
  const query = { ...asked, today, q: cleanQuery(asked.q ?? '') }
  const limit = Math.min(Math.max(query.limit ?? PAGE, 1), MOST_PER_PAGE)
  const cursor = parseCursor(query)
  const named = await findNamed(query.q, (name) => (toCome ? findPaper(db, name) : findPublicPaper({ db, now }, name)))
  const found =
    named ??
    (query.q
      ? await findByWords(db, query, { limit, cursor })
      : withoutSome(await findNewest(db, query, undefined, limit + 1, cursor)))
  const { all, some } = found
  const rest = [
    ...all.matches.map((match): Cursor => ({ ...match, kind: 'all' })),
    ...some.map((match): Cursor => ({ ...match, kind: 'some' })),
  ].filter((match) => isBehind(match, cursor))
  const page = rest.slice(0, limit)
  const kinds = new Map(page.map((match) => [match.id, match.kind]))
  const { marked } = parseQuery(named ? '' : (found.corrected ?? query.q))
  const papers = await readHighlighted(db, marked, [...kinds.keys()], now())
  return {
    papers: papers.map((paper) => ({ ...paper, match: kinds.get(paper.id)! })),
    total: { all: all.total, approximate: all.approximate, some: some.length, listed: found.listed },
    next: rest.length > limit ? writeCursor(page.at(-1)!) : undefined,
    corrected: found.corrected,
    arxivId: arxivId(query.q),
    isNamed: named !== undefined && named.listed > 0,
  }
}

interface Found {
  all: Matches
  some: Match[]
  listed: number
  corrected?: string | undefined
}

const withoutSome = (all: Matches): Found => ({ all, some: [], listed: all.total })

/** Finds the paper whose id, link or DOI the whole query is. Undefined for words, of which an unknown DOI may be one. */
async function findNamed(q: string, find: (name: string) => ReturnType<typeof findPaper>): Promise<Found | undefined> {
  const id = arxivId(q)
  const name = id ?? (/^(?:doi:\s*)?\S+$/i.test(q) ? doiIn(q) : undefined)
  const paper = name && (await find(name))
  if (!paper) return id ? withoutSome({ matches: [], total: 0, approximate: false }) : undefined
  return withoutSome({ matches: [{ id: paper.id, sortKey: '0' }], total: 1, approximate: false })
}

type Words = DatedQuery & { q: string }
interface Page {
  limit: number
  cursor: Cursor | undefined
}

/** Finds the words as given. When no paper has them all, misspelled ones are corrected first. */
async function findByWords(db: Db, query: Words, page: Page): Promise<Found> {
  const found = await findAll(db, query, page)
  const isIndexed = found.total > 0
  const matches = isIndexed ? found : await findStopWords(db, parseQuery(query.q), query)
  // By date, an author's papers have their place among the others.
  const all = isIndexed && query.order === 'date' ? found : await withAuthor(db, query, matches)
  if (!isIndexed && all.total > 0) return withoutSome(all)
  if (all.total === 0 && !query.exact) {
    const corrected = await correctSpelling(db, query.q)
    if (corrected !== undefined) {
      const better = { ...query, q: corrected }
      const found = await addSome(db, better, await findAll(db, better, page))
      if (found.listed > 0) return { ...found, corrected }
    }
  }
  return addSome(db, query, all)
}

/** Adds the papers of the author whose name was searched for. By relevance they come before those that the index ranked. */
async function withAuthor(db: Db, query: Words, found: Matches): Promise<Matches> {
  const authored = await findByAuthor(db, query)
  if (authored.length === 0) return found
  const ids = new Set(authored.map(({ id }) => id))
  const matches = [...authored, ...found.matches.filter(({ id }) => !ids.has(id))].sort(
    (a, b) => Number(a.sortKey < b.sortKey) - Number(a.sortKey > b.sortKey) || b.id - a.id,
  )
  return { ...found, matches, total: Math.max(found.total, matches.length) }
}

async function findAll(db: Db, query: Words, { limit, cursor }: Page): Promise<Matches> {
  const parsed = parseQuery(query.q)
  if (query.order !== 'date') return findBest(db, parsed, query)
  const found = await findNewest(db, query, parsed.whole, limit + 1, cursor?.kind === 'all' ? cursor : undefined)
  // Of few papers all are needed, so that none of them follows again among those with some words.
  return found.total < FEW ? findNewest(db, query, parsed.whole, FEW) : found
}

async function addSome(db: Db, query: Words, all: Matches): Promise<Found> {
  const some = all.total < FEW ? await findSomeWords(db, parseQuery(query.q), query, all.matches) : []
  return { all, some, listed: (query.order === 'date' ? all.total : all.matches.length) + some.length }
}

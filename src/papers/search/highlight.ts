import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import { bigint, query, text } from '../../runtime/db/query.ts'
import { type ListedRow, readListed } from '../lists/listed-rows.ts'
import { readable } from '../readable.ts'
import { type Hit, type Piece, piecesOf, snippetOf } from './snippet.ts'
import { foldedWords, hasIdeographs, isPlain, type Token, tokensIn, unaccented } from './words.ts'

/** A paper with its title and a snippet in pieces of plain text, which a page must escape. */
export interface HighlightedPaper extends ListedRow {
  titlePieces: Piece[]
  snippet: Piece[]
}

/**
 * Reads papers in the order of the ids, and marks these words, in all their forms, in each paper's title and in the part of its abstract
 * that has the most of them.
 */
export async function readHighlighted(
  db: Db,
  words: readonly string[],
  ids: readonly number[],
  at: Date,
): Promise<HighlightedPaper[]> {
  if (words.length === 0 || ids.length === 0)
    return (await readListed(db, ids, at)).map((paper) => highlightPaper(paper, undefined, () => []))
  const [papers, texts] = await Promise.all([readListed(db, ids, at), readTexts(db, ids)])
  const hitsIn = await findHits(
    db,
    words,
    papers.flatMap((paper) => [paper.title, ...Object.values(texts.get(paper.id) ?? {})]),
  )
  return papers.map((paper) => highlightPaper(paper, texts.get(paper.id), hitsIn))
}

interface Texts {
  abstract: string
  summary: string
}

function highlightPaper(paper: ListedRow, texts: Texts | undefined, hitsIn: (text: string) => Hit[]): HighlightedPaper {
  const shown = [texts?.abstract ?? '', texts?.summary ?? ''].map((text) => ({ text, hits: hitsIn(text) }))
  const best = shown.find(({ hits }) => hits.length > 0)
  return {
    ...paper,
    titlePieces: piecesOf(paper.title, hitsIn(paper.title)),
    snippet: best ? snippetOf(best.text, best.hits) : piecesOf(paper.summary, []),
  }
}

async function readTexts(db: Db, ids: readonly number[]): Promise<Map<number, Texts>> {
  const rows = await query(db, {
    id: bigint,
    abstract: text,
    summary: text,
  })`SELECT id, abstract, coalesce(summary, '') AS summary FROM papers WHERE id = ANY(${sql.param(ids)}::bigint[])`
  return new Map(
    rows.map(({ id, abstract, summary }) => [id, { abstract: readable(abstract), summary: readable(summary) }]),
  )
}

/** Words with a common stem share their first letters. So only few words need their stem. */
const SHARED_LETTERS = 2

const beginningOf = (word: string): string => word.slice(0, SHARED_LETTERS)

/** Returns a function that finds the words, in all their forms, in one of the texts. */
async function findHits(db: Db, words: readonly string[], texts: readonly string[]): Promise<(text: string) => Hit[]> {
  const candidatesIn = candidateFinder(words)
  const candidates = new Map(texts.map((text) => [text, candidatesIn(text)]))
  const near = [...candidates.values()].flat().flatMap(({ forms }) => forms)
  const rows = await query(db, { word: text, stem: text })`
      SELECT word, coalesce((ts_lexize('english_stem', word))[1], word) AS stem
      FROM unnest(${sql.param([...new Set([...words, ...near])])}::text[]) word`
  const stems = new Map(rows.map(({ word, stem }) => [word, stem]))
  const asked = new Set(words.map((word) => stems.get(word)!))
  return (text) =>
    (candidates.get(text) ?? []).flatMap(({ token, forms }) => {
      if (forms.length === 0) return ideographHits(token, asked)
      const word = forms.map((form) => stems.get(form)!).find((stem) => asked.has(stem))
      return word === undefined ? [] : [{ start: token.at, end: token.at + token.text.length, word }]
    })
}

interface Candidate {
  token: Token
  /** its words that begin like one of those asked for; none for a run of ideographs */
  forms: string[]
}

/** Returns a function that finds the candidates in a text. Most texts are plain, and a regular expression passes over their other words. */
function candidateFinder(words: readonly string[]): (text: string) => Candidate[] {
  const beginnings = new Set(words.map(beginningOf))
  const isNear = (word: string) => beginnings.has(beginningOf(word))
  const plain = [...beginnings].filter((beginning) => /^[a-z0-9]+$/.test(beginning))
  const nearWords = new RegExp(plain.length === 0 ? '(?!)' : `(?<![a-z0-9])(?:${plain.join('|')})[a-z0-9]*`, 'gi')
  return (text) => {
    if (isPlain(text))
      return [...text.matchAll(nearWords)].map(({ 0: found, index }) => ({
        token: { text: found, at: index },
        forms: [found.toLowerCase()],
      }))
    return tokensIn(text).flatMap((token) => {
      if (hasIdeographs(token.text)) return [{ token, forms: [] }]
      const forms = foldedWords(token.text).filter(isNear)
      return forms.length === 0 ? [] : [{ token, forms }]
    })
  }
}

/** Finds pairs of ideographs, and single ones that were asked for alone, in a run. */
function ideographHits({ text, at }: Token, asked: ReadonlySet<string>): Hit[] {
  const hits: Hit[] = []
  let start = at
  let before = ''
  for (const character of text) {
    const end = start + character.length
    const [single, pair] = [unaccented(character), unaccented(before + character)]
    if (asked.has(single)) hits.push({ start, end, word: single })
    else if (before && asked.has(pair)) hits.push({ start: start - before.length, end, word: pair })
    start = end
    before = character
  }
  return hits
}

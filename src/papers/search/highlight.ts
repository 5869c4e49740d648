import { sql } from 'drizzle-orm'
import type { Db } from '../../runtime/db/database.ts'
import type { ListedRow } from '../lists/listed-rows.ts'
import { readable } from '../readable.ts'

/** A paper with its title and a snippet in pieces of plain text, which a page must escape. */
export interface FoundPaper extends ListedRow {
  titlePieces: Piece[]
  snippet: Piece[]
}

export interface Piece {
  text: string
  /** whether to emphasise it */
  hit: boolean
}

/** Marks of ts_headline. Readable text never has these characters, so no paper can forge a mark. */
const HIT = '\u0001'
const END = '\u0002'
/** Stands for <, because ts_headline drops text that looks like a tag. */
const LESS = '\u0003'
const OPTIONS = `StartSel=${HIT}, StopSel=${END}, MaxFragments=2, MinWords=12, MaxWords=28, FragmentDelimiter=" … "`

/** Marks the words of `q` in each paper's title and abstract. */
export async function highlight(db: Db, q: string, papers: ListedRow[]): Promise<FoundPaper[]> {
  if (!q)
    return papers.map((paper) => ({ ...paper, titlePieces: piecesOf(paper.title), snippet: piecesOf(paper.summary) }))
  const abstracts = await db.execute<{ id: string; abstract: string }>(
    sql`SELECT id, abstract FROM papers WHERE id = ANY(${sql.param(papers.map((paper) => paper.id))}::bigint[])`,
  )
  const texts = new Map(abstracts.rows.map((row) => [Number(row.id), readable(row.abstract).replaceAll('<', LESS)]))
  const { rows } = await db.execute<{ title: string; snippet: string }>(sql`
    SELECT ts_headline('english', title, words, ${`${OPTIONS}, HighlightAll=true`}) AS title, ts_headline('english', abstract, words, ${OPTIONS}) AS snippet
    FROM unnest(${sql.param(papers.map((paper) => paper.title.replaceAll('<', LESS)))}::text[], ${sql.param(papers.map((paper) => texts.get(paper.id) ?? ''))}::text[])
      WITH ORDINALITY AS t (title, abstract, place), websearch_to_tsquery('english', unaccented(${q})) AS words
    ORDER BY place`)
  return papers.map((paper, index) => ({
    ...paper,
    titlePieces: piecesOf(rows[index]!.title),
    snippet: piecesOf(rows[index]!.snippet),
  }))
}

const piecesOf = (text: string): Piece[] =>
  text
    .replaceAll(LESS, '<')
    .split(HIT)
    .flatMap((piece, index) => {
      if (index === 0) return [{ text: piece, hit: false }]
      const [hit = '', after = ''] = piece.split(END)
      return [
        { text: hit, hit: true },
        { text: after, hit: false },
      ]
    })
    .filter((piece) => piece.text !== '')

import { type SQL, sql } from 'drizzle-orm'
import type { ListedPaper } from './listed-paper.ts'

/** Papers as one relation `r`, from one parameter. */
export const rowsOf = (papers: readonly ListedPaper[]): SQL => sql`
  jsonb_to_recordset(${JSON.stringify(papers.map(rowOf))}::jsonb) AS r(
    source text, source_id text, title text, abstract text, summary text, authors text[], organization text, submitter text,
    keywords text[], published_at timestamptz, list_day date, listed_at timestamptz, list_position integer, url text,
    pdf_url text, code_url text, project_url text, sample boolean, raw jsonb, votes integer, comments integer, stars integer)`

const rowOf = (paper: ListedPaper) => ({
  source: paper.source,
  source_id: paper.sourceId,
  title: paper.title,
  abstract: paper.abstract,
  summary: paper.summary,
  authors: paper.authors,
  organization: paper.organization,
  submitter: paper.submitter,
  keywords: paper.keywords,
  published_at: paper.publishedAt,
  list_day: paper.listDay,
  listed_at: paper.listedAt,
  list_position: paper.listPosition,
  url: paper.url,
  pdf_url: paper.pdfUrl,
  code_url: paper.codeUrl,
  project_url: paper.projectUrl,
  sample: paper.sample ?? false,
  raw: paper.raw,
  votes: paper.votes,
  comments: paper.comments,
  stars: paper.stars,
})

/** What a newer list leaves out stays, unless what stands there was a sample's. */
const kept = (column: string, absent = `excluded.${column} IS NULL`) =>
  `CASE WHEN ${absent} AND p.sample = excluded.sample THEN p.${column} ELSE excluded.${column} END`

/** Column by column, what a known paper's row becomes. */
const MERGED: Record<string, string> = {
  title: 'excluded.title',
  abstract: kept('abstract', "excluded.abstract = ''"),
  summary: kept('summary'),
  authors: kept('authors', "excluded.authors = '{}'"),
  organization: kept('organization'),
  submitter: kept('submitter'),
  keywords: kept('keywords', "excluded.keywords = '{}'"),
  published_at: kept('published_at'),
  list_day: 'excluded.list_day',
  listed_at: kept('listed_at', 'excluded.listed_at IS NULL AND excluded.list_day = p.list_day'),
  list_position: 'excluded.list_position',
  url: kept('url'),
  pdf_url: kept('pdf_url'),
  code_url: kept('code_url'),
  project_url: kept('project_url'),
  sample: 'excluded.sample',
  raw: 'excluded.raw',
}
export const COLUMNS = sql.raw(Object.keys(MERGED).join(', '))
export const ASSIGNED = sql.raw(
  Object.entries(MERGED)
    .map(([column, value]) => `${column} = ${value}`)
    .join(', '),
)
export const OLD_ROW = sql.raw(
  Object.keys(MERGED)
    .map((column) => `p.${column}`)
    .join(', '),
)
export const NEW_ROW = sql.raw(Object.values(MERGED).join(', '))

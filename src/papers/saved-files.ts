import { stringify } from 'csv-stringify/sync'
import { BYTE_ORDER_MARK, escapeFormula, joinInCell } from '../lib/csv/spreadsheet.ts'
import { bibliography, type Cited, doiOf, ris } from './cite.ts'
import type { ListedRow } from './lists/listed-rows.ts'
import { paperPath } from './paper-path.ts'

/** A saved paper with what its citation needs. */
type SavedPaper = ListedRow & Cited & { at: Date }

interface SavedFile {
  type: string
  write: (papers: readonly SavedPaper[], publicUrl: string) => string
}

/** The files that saved papers can be taken along in, by the ending of their names. */
export const SAVED_FILES: Record<'bib' | 'ris' | 'csv' | 'json', SavedFile> = {
  bib: { type: 'application/x-bibtex', write: bibliography },
  ris: { type: 'application/x-research-info-systems', write: (papers) => papers.map(ris).join('\r\n') },
  csv: { type: 'text/csv', write: csv },
  json: {
    type: 'application/json',
    write: (papers, publicUrl) => `${JSON.stringify({ papers: papers.map((each) => factsOf(each, publicUrl)) })}\n`,
  },
}

const factsOf = (paper: SavedPaper, publicUrl: string) => ({
  savedAt: paper.at.toISOString(),
  title: paper.title,
  authors: paper.authors,
  organization: paper.organization,
  publishedAt: paper.publishedAt?.toISOString(),
  listDay: paper.listDay,
  arxivId: paper.source === 'arxiv' ? paper.sourceId : undefined,
  doi: doiOf(paper),
  page: publicUrl + paperPath(paper),
  url: paper.url,
  pdfUrl: paper.pdfUrl,
  codeUrl: paper.codeUrl,
  topics: paper.topics,
  abstract: paper.abstract,
})

const COLUMNS = [
  'savedAt',
  'title',
  'authors',
  'organization',
  'publishedAt',
  'listDay',
  'arxivId',
  'doi',
  'page',
  'url',
  'pdfUrl',
  'codeUrl',
  'topics',
  'abstract',
] as const satisfies (keyof ReturnType<typeof factsOf>)[]

/**
 * One line per paper, for spreadsheets. Titles and names come from sources, so a cell must not run as a formula. As a number,
 * 2604.00010 would lose its last zero.
 */
function csv(papers: readonly SavedPaper[], publicUrl: string): string {
  const lines = papers.map((paper) => {
    const facts = factsOf(paper, publicUrl)
    const cells = { ...facts, arxivId: facts.arxivId && `arXiv:${facts.arxivId}` }
    return COLUMNS.map((column) => {
      const value = cells[column] ?? ''
      return escapeFormula(typeof value === 'string' ? value : joinInCell(value))
    })
  })
  return BYTE_ORDER_MARK + stringify([[...COLUMNS], ...lines], { quoted_match: /[\r\n]/ })
}

import { languageOf } from '../../lib/source-language.ts'
import { arxivUrl, citedDay, doiOf, isInstitution, urlOf } from '../../papers/cite.ts'
import type { Paper } from '../../papers/lists/paper.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { isWebUrl } from './paper-item.ts'

/** Large collaborations have thousands of authors, which would be most of the page. */
const MOST_AUTHORS = 200

/**
 * Tags that Google Scholar and Zotero read (scholar.google.com/intl/en/scholar/inclusion.html#indexing).
 * Dates are written with slashes, as Scholar asks.
 */
export function citationMetas(paper: Paper, publicUrl: string): [string, string][] {
  const doi = doiOf(paper)
  const isArxiv = paper.source === 'arxiv'
  const metas: [string, string | undefined][] = [
    ['citation_title', paper.title],
    ...paper.authors.slice(0, MOST_AUTHORS).map((name): [string, string] => ['citation_author', name]),
    ['citation_publication_date', citedDay(paper).replaceAll('-', '/')],
    ['citation_online_date', citedDay(paper).replaceAll('-', '/')],
    ['citation_arxiv_id', isArxiv ? paper.sourceId : undefined],
    // Zotero would take a paper without a journal for an article of one.
    ['z.itemType', isArxiv ? 'preprint' : undefined],
    ['citation_publisher', isArxiv ? 'arXiv' : undefined],
    ['citation_doi', doi],
    ['citation_pdf_url', isWebUrl(paper.pdfUrl) ? paper.pdfUrl : undefined],
    ['citation_abstract_html_url', isArxiv ? arxivUrl(paper.sourceId) : publicUrl + paperPath(paper)],
    // Without these, Zotero takes the page's own URL and language.
    ['citation_public_url', urlOf(paper)],
    ['citation_language', languageOf(`${paper.title} ${paper.abstract}`)],
    ['citation_abstract', paper.abstract],
    ['citation_keywords', paper.keywords.join('; ')],
  ]
  return metas.filter((meta): meta is [string, string] => Boolean(meta[1]))
}

/** schema.org's description of the paper, for a script element: "<" is escaped, so no text in it can end the element. */
export function jsonLdOf(paper: Paper, publicUrl: string): string {
  const doi = doiOf(paper)
  const about = {
    '@context': 'https://schema.org',
    '@type': 'ScholarlyArticle',
    headline: paper.title,
    name: paper.title,
    author: paper.authors
      .slice(0, MOST_AUTHORS)
      .map((name) => ({ '@type': isInstitution(name) ? 'Organization' : 'Person', name })),
    ...(paper.organization ? { sourceOrganization: { '@type': 'Organization', name: paper.organization } } : {}),
    datePublished: citedDay(paper),
    ...(paper.abstract ? { abstract: paper.abstract } : {}),
    ...(paper.keywords.length > 0 ? { keywords: paper.keywords } : {}),
    ...(doi ? { identifier: { '@type': 'PropertyValue', propertyID: 'DOI', value: doi } } : {}),
    url: publicUrl + paperPath(paper),
    ...(paper.source === 'arxiv' ? { sameAs: arxivUrl(paper.sourceId) } : {}),
  }
  return JSON.stringify(about).replaceAll('<', '\\u003c')
}

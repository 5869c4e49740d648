import { shortCount } from '../../calendar/words.ts'
import type { Messages } from '../../messages/en.ts'
import { arxivUrl } from '../../papers/cite.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { isWebUrl } from './paper-item.ts'

interface Link {
  label: string
  url: string
  /** a few words beside it */
  says?: string | undefined
}

const ours = (links: { label: string; url: string | undefined; says?: string | undefined }[]): Link[] =>
  links.flatMap(({ label, url, says }) => (isWebUrl(url) ? [{ label, url, says }] : []))

/** Links that open the paper or its code, most wanted first. */
export function readingLinks(paper: ListedRow, t: Messages): Link[] {
  const isArxiv = paper.source === 'arxiv'
  const code = paper.stars ? `${t.paper.code} ★ ${shortCount(paper.stars, t.intl)}` : t.paper.code
  const links = ours([
    { label: t.paper.readPdf, url: paper.pdfUrl },
    { label: 'HTML', url: isArxiv ? `https://arxiv.org/html/${paper.sourceId}` : undefined },
    { label: t.paper.source, url: isArxiv ? undefined : paper.url },
    { label: code, url: paper.codeUrl },
    { label: t.paper.project, url: paper.projectUrl },
  ])
  return paper.pdfUrl || paper.url ? links : [...links, ...findLinks(paper.title, t)]
}

/** Links to the paper's pages on other sites. */
export function elsewhereLinks(paper: ListedRow, t: Messages): Link[] {
  const isArxiv = paper.source === 'arxiv'
  return ours([
    { label: 'arXiv', url: isArxiv ? arxivUrl(paper.sourceId) : undefined, says: t.paper.allVersions },
    {
      label: 'Hugging Face',
      url: paper.discussionUrl,
      says: paper.comments ? t.paper.comments(paper.comments) : t.paper.discussion,
    },
    {
      label: 'alphaXiv',
      url: isArxiv ? `https://www.alphaxiv.org/abs/${paper.sourceId}` : undefined,
      says: t.paper.annotations,
    },
  ])
}

/** A paper without any address is searched for by its title. */
const findLinks = (title: string, t: Messages): Link[] => [
  {
    label: t.paper.findOn('arXiv'),
    url: `https://arxiv.org/search/?${new URLSearchParams({ query: title, searchtype: 'title' })}`,
  },
  { label: t.paper.findOn('Scholar'), url: `https://scholar.google.com/scholar?${new URLSearchParams({ q: title })}` },
]

import { z } from 'zod'
import { authors, link, text } from './fields.ts'
import { arxivLinks, type BadEntry, checked, type ListedPaper } from './listed-paper.ts'
import { arxivId, titleId } from './paper-id.ts'

const PlainEntry = z.object({
  title: text,
  abstract: text,
  summary: text,
  authors,
  url: link,
  pdf_url: link,
  code_url: link,
})

/**
 * An item of a plain list: {title, abstract, authors?, url?, …}. It has no votes; its id is the arXiv id in its link, else its title.
 * @param position its place in the list, from 1
 * @param day the list day it is put on
 */
export function parsePlainEntry(raw: unknown, position: number, day: string): ListedPaper | BadEntry {
  const parsed = PlainEntry.safeParse(raw)
  if (!parsed.success) return { position, reason: 'is not an object with a title' }
  const { title, abstract, summary, url, pdf_url, code_url } = parsed.data
  const id = url && arxivId(url)
  const links = { url, pdfUrl: pdf_url, codeUrl: code_url }
  return checked(raw, position, title, {
    ...(id ? { source: 'arxiv', sourceId: id } : { source: 'title', sourceId: titleId(title ?? '') }),
    abstract: abstract ?? summary ?? '',
    authors: parsed.data.authors,
    keywords: [],
    listDay: day,
    ...(id ? { ...links, ...arxivLinks(id) } : links),
  })
}

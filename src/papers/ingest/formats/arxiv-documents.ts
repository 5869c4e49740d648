import { z } from 'zod'
import { arxivId } from '../../paper-id.ts'
import { authorNames } from '../authors.ts'
import { identifier, moment, text, texts } from '../fields.ts'
import type { BadEntry, ListedPaper } from '../listed-paper.ts'
import { paperOf } from './arxiv-record.ts'
import { all, instantOf, isElement, parseXml, textOf } from './xml.ts'

const Document = z.object({
  paper_id: identifier,
  version: z.number().int().positive().max(9_999).optional().catch(undefined),
  title: text,
  abstract: text,
  abstract_utf8: text,
  authors: text,
  authors_utf8: text,
  abs_categories: text,
  comments: text,
  created: moment,
  submitted_date: moment,
  is_withdrawn: z.boolean().optional().catch(undefined),
  categories: texts,
})

export const isArxivDocument = (raw: unknown): boolean =>
  typeof raw === 'object' && raw !== null && 'paper_id' in raw && ('abstract' in raw || 'abstract_utf8' in raw)

/** Parses a document of arXiv's search index. */
export function parseArxivDocument(raw: unknown, position: number, day?: string): ListedPaper | BadEntry {
  const parsed = Document.safeParse(raw)
  if (!parsed.success) return { position, reason: 'is not an arXiv document' }
  const it = parsed.data
  return paperOf(
    {
      id: it.paper_id,
      title: it.title,
      abstract: it.abstract_utf8 ?? it.abstract,
      authors: authorNames(it.authors_utf8 ?? it.authors ?? ''),
      categories: it.abs_categories?.split(/\s+/) ?? it.categories,
      comment: it.comments,
      publishedAt: it.created ?? it.submitted_date,
      ...(it.is_withdrawn === undefined ? {} : { withdrawn: it.is_withdrawn }),
      version: it.version,
    },
    raw,
    position,
    day,
  )
}

/**
 * Parses records of arXiv's OAI-PMH interface in Dublin Core (info.arxiv.org/help/oa): one record, or a reply with many.
 * @returns undefined when the text is neither
 */
export function parseOaiDc(xml: string, day?: string): (ListedPaper | BadEntry)[] | undefined {
  const document = parseXml(xml)
  const reply = isElement(document?.['OAI-PMH']) ? document['OAI-PMH'] : document
  if (!reply) return undefined
  const holder = [reply.ListRecords, reply.GetRecord, reply].find(
    (each) => isElement(each) && each.record !== undefined,
  )
  if (!isElement(holder)) return undefined
  return all(holder, 'record').map((record, index) => parseRecord(record, index + 1, day))
}

function parseRecord(record: unknown, position: number, day: string | undefined): ListedPaper | BadEntry {
  const metadata = isElement(record) && isElement(record.metadata) ? record.metadata : undefined
  const dc = metadata?.['oai_dc:dc'] ?? metadata?.dc
  if (!isElement(dc)) return { position, reason: 'has no Dublin Core metadata' }
  const descriptions = all(dc, 'dc:description')
    .map(textOf)
    .filter((each) => each !== undefined)
  const isComment = (each: string) => /^Comments?:/.test(each)
  return paperOf(
    {
      id: all(dc, 'dc:identifier')
        .map(textOf)
        .find((each) => each !== undefined && arxivId(each)),
      title: textOf(dc['dc:title']),
      abstract: descriptions.find((each) => !isComment(each)),
      authors: authorNames(
        all(dc, 'dc:creator')
          .map(textOf)
          .filter((each) => each !== undefined),
      ),
      categories: [],
      comment: descriptions.find(isComment),
      publishedAt: instantOf(all(dc, 'dc:date')[0]),
    },
    dc,
    position,
    day,
  )
}

import { createHash } from 'node:crypto'
import { decoded } from './doi.ts'
import { readable } from './readable.ts'
import { unaccented } from './search/words.ts'

/** The arXiv id in a text or link. */
export interface ArxivName {
  /** without version: 2507.06261 since April 2007, astro-ph/0601001 before that */
  id: string
  version?: number | undefined
}

/** Archives of old ids (info.arxiv.org/help/arxiv_identifier). Without this list, any path would match. */
const ARCHIVES =
  'acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|solv-int|supr-con'
const NAME = `(?:(\\d{4}\\.\\d{4,5})|(${ARCHIVES})(?:\\.[a-z-]{2,})?/(\\d{7}))(?:v(\\d{1,4}))?`

/** An id outside a link, as people and formats write it: "oai:arXiv.org:2507.06261v1", "arXiv: 2507.06261 [cs.CL] 9 Jul 2025", "[2507.06261] A title". */
const WRITTEN = new RegExp(
  `^\\[?(?:(?:https?://)?(?:dx\\.)?doi(?:\\.org)?[:/]\\s*)?(?:10\\.48550/)?(?:oai:arxiv\\.org:|arxiv\\s*(?:[:.]\\s*)?)?${NAME}(?:\\.pdf)?\\]?(?:\\s.*)?$`,
  'is',
)

/** An id in a link's path: one whole segment, with or without "arXiv:" before it. */
const IN_PATH = new RegExp(`(?:^|/)(?:arxiv[:.])?${NAME}(?:\\.pdf)?(?=/|$)`, 'i')

/** Sites whose paths contain arXiv ids. Their subdomains match too. */
const SITES = [
  'arxiv.org',
  'alphaxiv.org',
  'huggingface.co',
  'hf.co',
  'doi.org',
  'ar5iv.org',
  'arxiv-vanity.com',
  'semanticscholar.org',
  'scirate.com',
  'papers.cool',
  'emergentmind.com',
  'talk2arxiv.org',
  'xxx.lanl.gov',
  'xxx.itp.ac.cn',
  'arxiv.cn',
]

/**
 * Parses an arXiv id or link. All ids go through this function: those that people type and those in every format.
 *
 * It accepts bare ids, with or without version, `arXiv:` and `oai:` forms, and the DOI that arXiv assigns.
 * It also accepts links to arXiv, its mirrors and the sites in `SITES`, with or without `https://`.
 *
 * @returns undefined for anything else
 */
export function arxivName(text: string): ArxivName | undefined {
  const plain = decoded(text.normalize('NFKC').replace(/\p{Cf}/gu, ''))
    .trim()
    // The lookbehind keeps it linear: otherwise a search starts at every mark of a long run.
    .replace(/^[<("']+|(?<![>)"'.,;])[>)"'.,;]+$/g, '')
  return nameIn(WRITTEN.exec(plain)) ?? nameIn(IN_PATH.exec(pathOf(plain) ?? ''))
}

/** Returns the arXiv id without version from an id or link in any form, or undefined. */
export const arxivId = (text: string): string | undefined => arxivName(text)?.id

function nameIn(match: RegExpExecArray | null): ArxivName | undefined {
  if (!match) return undefined
  const [, modern, archive, number, version] = match
  const month = Number((modern ?? number)!.slice(2, 4))
  if (month < 1 || month > 12) return undefined
  // arXiv writes "math.GT/0309136" as "math/0309136".
  return { id: modern ?? `${archive!.toLowerCase()}/${number}`, version: version ? Number(version) : undefined }
}

/** Returns the path of a link to one of the sites. */
function pathOf(text: string): string | undefined {
  const link = /^https?:\/\//i.test(text) ? text : `https://${text.replace(/^\/\//, '')}`
  if (/\s/.test(text) || !URL.canParse(link)) return undefined
  const { hostname, pathname, username } = new URL(link)
  if (username !== '' || !SITES.some((site) => hostname === site || hostname.endsWith(`.${site}`))) return undefined
  const path = decoded(pathname)
  // Another publisher's DOI may end like an arXiv id: 10.5555/1206.5678.
  return /(?:^|\.)doi\.org$/.test(hostname) && !/^\/10\.48550\//.test(path) ? undefined : path
}

/**
 * Returns the id that a source wrote as a number, which loses zeros: 2511.1001 is 2511.10010, and 704.0001 is 0704.0001.
 * Ids have four digits after the dot until December 2014, and five since then.
 */
export function idOfNumber(value: number): string {
  const [whole = '', digits = ''] = String(value).split('.')
  const month = whole.padStart(4, '0')
  return `${month}.${digits.padEnd(month >= '1501' ? 5 : 4, '0')}`
}

/**
 * Returns an id for papers without one. Titles share it that readers see as the same, whatever a source writes for it: LaTeX, markup or
 * Unicode. Case, spaces, punctuation and the accents of Latin, Greek and Cyrillic letters do not count.
 */
export const titleId = (title: string): string =>
  hashOf(unaccented(readable(title).normalize('NFKC')).replace(/[^\p{L}\p{N}\p{M}]+/gu, ' '), title)

/** Whether a text has the form of a `titleId`. */
export const isTitleId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text)

/** Returns the id that papers stored before December 2026 have: accents counted, LaTeX and markup too. */
export const formerTitleId = (title: string): string =>
  hashOf(
    title
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' '),
    title,
  )

const hashOf = (words: string, title: string): string =>
  createHash('sha256')
    .update(words.trim() || title.trim())
    .digest('hex')
    .slice(0, 32)

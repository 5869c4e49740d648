import { createHash } from 'node:crypto'

/** 2507.06261 since 2007, astro-ph/0601001 or math.GT/0309136 before. */
const ARXIV_ID = /^(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?\/\d{7})$/

/** The arXiv id without its version, from an id ("2507.06261v2", "arXiv:2507.06261") or a link to arXiv; undefined when it is neither. */
export function arxivId(text: string): string | undefined {
  const id = text
    .trim()
    .replace(/^https?:\/\/(?:www\.|export\.)?arxiv\.org\/(?:abs|pdf|html)\//i, '')
    .replace(/^arxiv:/i, '')
    .replace(/[?#].*$/s, '')
    .replace(/\.pdf$/, '')
    .replace(/v\d+$/, '')
  return ARXIV_ID.test(id) ? id : undefined
}

/** The version in an id or link: 2 for "2507.06261v2"; undefined where none is named. */
export const arxivVersion = (text: string): number | undefined => {
  const version = /v(\d{1,4})(?:\.pdf)?(?:[?#].*)?$/s.exec(text.trim())?.[1]
  return version === undefined ? undefined : Number(version)
}

/** What stands for an id where a source has none: titles that differ only in case, spaces or punctuation are one paper. */
export function titleId(title: string): string {
  const words = title
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
  return createHash('sha256')
    .update(words || title.trim())
    .digest('hex')
    .slice(0, 32)
}

import { escapeHtml } from '../../lib/escape-html.ts'
import { memoize } from '../../lib/memoize.ts'
import { encodeLines } from '../../mail/quoted-printable.ts'
import { wrap } from '../../mail/wrapping.ts'
import type { Placeholder } from './segments.ts'

/** A paper of the edition in one reader's digest. */
export interface ShownPaper {
  position: number
  /** the section it stands in, where that is not the edition's own: `you` */
  section?: string
  /** plain text: why the paper is this reader's, beside the edition's reason: "matches your topic: speech" */
  because?: string
}

/**
 * Returns the encoded value of a placeholder. `count` is the number of papers in the digest. Outside cards there is no paper.
 */
export type PlaceholderValue = (placeholder: Placeholder, count: number, paper: ShownPaper | undefined) => Buffer

/** The values that only one reader's digest has. */
export interface ReaderValues {
  unsubscribeToken: string
  preferencesToken: string
  voteToken: string
  /** plain text in the reader's language at the top, for example that yesterday had no list */
  notice?: string
}

/** The indent of cards in a text body, which leaves room for their numbers. */
export const CARD_INDENT = '    '

/** Encodes values that many readers share: numbers and names of topics. */
const encode = memoize(
  (text: string) => text,
  (text) => Buffer.from(encodeLines(text), 'latin1'),
)

const EMPTY = Buffer.alloc(0)

/** Returns the placeholder values of one reader's digest in one of its two formats. */
export function bindPlaceholders(format: 'html' | 'text', reader: ReaderValues, preheader: Buffer): PlaceholderValue {
  const unsubscribe = encodeToken(reader.unsubscribeToken)
  const preferences = encodeToken(reader.preferencesToken)
  const vote = encodeToken(reader.voteToken)
  const inHtml = format === 'html'
  return (placeholder, count, paper) => {
    switch (placeholder) {
      case 'vote':
        return vote
      case 'also':
        if (!paper?.because) return EMPTY
        return encode(inHtml ? `${escapeHtml(paper.because)} · ` : `${wrap(paper.because, CARD_INDENT)}\n`)
      case 'because':
        if (!paper?.because) return EMPTY
        return encode(inHtml ? escapeHtml(paper.because) : `${wrap(paper.because, CARD_INDENT)}\n`)
      case 'unsubscribe':
        return unsubscribe
      case 'preferences':
        return preferences
      case 'notice':
        return encode(inHtml ? escapeHtml(reader.notice ?? '') : wrap(reader.notice ?? ''))
      case 'preheader':
        return preheader
      case 'count':
        return encode(String(count))
    }
  }
}

/** A token needs no encoding and stands alone on a soft-broken line. */
const encodeToken = (token: string): Buffer => Buffer.from(`${token}=\r\n`, 'latin1')

import { escapeHtml } from '../../lib/escape-html.ts'
import { remembering } from './compiled-edition.ts'
import { closed, type Hole } from './segments.ts'
import { wrap } from './templates.ts'

/** A paper of the edition in one reader's digest. */
export interface ShownPaper {
  position: number
  /** the heading it stands under, where that is not the edition's own: `topics` */
  section?: string
  /** why it is this reader's, beside the edition's reason: "matches your topic: speech". Plain text */
  because?: string
}

/** What stands in a hole of a paper's card, or in one outside cards; `number` is the card's place from 1, or how many there are. */
export type Filling = (hole: Hole, number: number, paper: ShownPaper | undefined) => Buffer

/** What one reader's digest says that no other says. */
export interface ReaderWords {
  unsubscribeToken: string
  preferencesToken: string
  voteToken: string
  /** said once at the top, such as that yesterday there was no list. Plain text in the reader's language */
  notice?: string
}

/** How far a text mail's cards are indented, so that numbers stand before them. */
export const CARD_INDENT = '    '

/** Encodes what is the same for many readers once: places in a list, the names of topics. */
const encoded = remembering(
  (text: string) => text,
  (text) => Buffer.from(closed(text), 'latin1'),
)

const EMPTY = Buffer.alloc(0)

/** Fills the holes of one reader's digest in one of its two formats. */
export function fillingFor(format: 'html' | 'text', words: ReaderWords, preheader: Buffer): Filling {
  const unsubscribe = alone(words.unsubscribeToken)
  const preferences = alone(words.preferencesToken)
  const vote = alone(words.voteToken)
  const inHtml = format === 'html'
  return (hole, number, paper) => {
    switch (hole) {
      case 'number':
        return encoded(inHtml ? String(number) : String(number).padStart(2))
      case 'vote':
        return vote
      case 'also':
        if (!paper?.because) return EMPTY
        return encoded(inHtml ? ` · ${escapeHtml(paper.because)}` : `\n${wrap(paper.because, CARD_INDENT)}`)
      case 'because':
        if (!paper?.because) return EMPTY
        return encoded(inHtml ? `${escapeHtml(paper.because)}<br>` : `${wrap(paper.because, CARD_INDENT)}\n`)
      case 'unsubscribe':
        return unsubscribe
      case 'preferences':
        return preferences
      case 'notice':
        return encoded(inHtml ? escapeHtml(words.notice ?? '') : wrap(words.notice ?? ''))
      case 'preheader':
        return preheader
      case 'count':
      case 'rest':
        return encoded(String(number))
    }
  }
}

/** A token never needs encoding, and stands alone on a soft-broken line. */
const alone = (token: string): Buffer => Buffer.from(`${token}=\r\n`, 'latin1')

import { type BodyParts, closed, type EditionParts, type Hole, type Part } from './parts.ts'

/** One reader's digest of an edition, as far as it differs from everybody else's. */
export interface ReaderPart {
  /** header lines of this reader, each ended by CRLF: To, Message-ID, Date, List-Unsubscribe */
  headers: string
  unsubscribeToken: string
  preferencesToken: string
  /** positions in the edition, ascending; what is shown and in which order */
  shown: readonly number[]
}

/** The whole message, ready for the wire except dot-stuffing: nothing but concatenation of what was encoded at release. */
export function composeDigest(parts: EditionParts, reader: ReaderPart): Buffer {
  const { text, html } = digestBodies(parts, reader)
  return Buffer.from(
    `${parts.headers}${reader.headers}\r\n` +
      `--${parts.boundary}\r\n${TEXT_HEADERS}${text}\r\n` +
      `--${parts.boundary}\r\n${HTML_HEADERS}${html}\r\n` +
      `--${parts.boundary}--\r\n`,
    'latin1', // every part is quoted-printable and every header encoded: one byte a character
  )
}

/** The two bodies of one reader's digest, quoted-printable. */
export function digestBodies(parts: EditionParts, reader: Omit<ReaderPart, 'headers'>): { text: string; html: string } {
  const fill = (hole: Hole, number: number): string => {
    if (hole === 'unsubscribe') return `${reader.unsubscribeToken}=\r\n`
    if (hole === 'preferences') return `${reader.preferencesToken}=\r\n`
    return closed(String(hole === 'count' ? reader.shown.length : number))
  }
  const body = (of: BodyParts) => assembleBody(of, parts.sections, reader.shown, of.foot, fill)
  return { text: body(parts.text), html: body(parts.html) }
}

const TEXT_HEADERS = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
const HTML_HEADERS = 'Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'

/**
 * One body of a digest, quoted-printable: head, the shown cards in order with a heading wherever a section begins, a foot.
 * @param fill what stands in a hole; `number` is the card's place in this digest, from 1, and 0 outside cards
 */
export function assembleBody(
  body: BodyParts,
  sections: readonly string[],
  shown: readonly number[],
  foot: Part,
  fill: (hole: Hole, number: number) => string,
): string {
  let out = filled(body.head, 0, fill)
  let section = ''
  shown.forEach((position, index) => {
    if (sections[position] !== section) {
      section = sections[position]!
      out += filled(body.headings[section]!, 0, fill)
    }
    out += filled(body.cards[position]!, index + 1, fill)
  })
  return out + filled(foot, 0, fill)
}

function filled(part: Part, number: number, fill: (hole: Hole, number: number) => string): string {
  let out = part[0]!
  for (let i = 1; i < part.length; i += 2) out += fill(part[i] as Hole, number) + part[i + 1]
  return out
}

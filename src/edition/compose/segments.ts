import { encode, wrap } from 'nodemailer/lib/qp'
import type { Locale } from '../../messages/catalogue.ts'

/**
 * What is put into a part when it is used. For the reader: their links' tokens, why a paper is theirs (`also` follows the edition's
 * reason, `because` stands where there is none), a notice. For the digest: what its subject did not say, how many papers it has and how
 * many more it had no room for, each paper's place.
 */
export const HOLES = [
  'unsubscribe',
  'preferences',
  'vote',
  'also',
  'because',
  'notice',
  'preheader',
  'count',
  'rest',
  'number',
] as const
export type Hole = (typeof HOLES)[number]

/** Quoted-printable text, ready for the wire, with holes between: static text at even places, hole names at odd ones. */
export type Part = string[]

/** A card is written around its link to vote, which only a reader's own digest has. */
export interface CardParts {
  card: Part
  vote: Part
  after: Part
}

/** One body (HTML or text) cut where a reader's choice may cut it. Cards stand at the paper's position in the edition. */
export interface BodyParts {
  head: Part
  /** how the mail says what it is: to a reader of several papers, of one, and to everybody */
  openings: Record<'several' | 'one' | 'archive', Part>
  notice: Part
  /** by section; also of sections that only a reader's choice fills */
  headings: Record<string, Part>
  cards: CardParts[]
  rest: Part
  corrections: Part
  foot: Part
  archiveFoot: Part
}

/** Everything of an edition that is the same for all its readers, composed once. */
export interface EditionParts {
  /** header lines that no reader changes, each ended by CRLF */
  headers: string
  locale: Locale
  /** of each position, its paper's name as subjects say it */
  names: string[]
  /** what a subject ends with: "Trending papers, 14 March" */
  trending: string
  boundary: string
  /** the section of each position: whose heading stands over it */
  sections: string[]
  html: BodyParts
  text: BodyParts
}

/** Marks and holes as they stand in a template while it is rendered. The nonce keeps a paper's text from forging one. */
export interface Markers {
  mark: (name: string) => string
  hole: (name: Hole) => string
  /** finds every mark and captures its name */
  anyMark: RegExp
}

/** @param nonce letters and digits only */
export function markersOf(format: 'html' | 'text', nonce: string): Markers {
  const [open, close] = format === 'html' ? ['<!--', '-->'] : ['', ';']
  return {
    mark: (name) => `${open}${nonce} ${name}${close}`,
    hole: (name) => `${nonce}-${name}-`,
    anyMark: new RegExp(`${open}${nonce} ([a-z]+(?: [a-z0-9]+)?)${close}`),
  }
}

/**
 * Cuts a rendered body at its marks and encodes each part once.
 *
 * Every part ends where a line ends, and every hole is alone between two soft line breaks, so that parts in any order, with any
 * filling, decode to the same bytes as encoding the whole would give (RFC 2045 § 6.7).
 *
 * @param rendered with `\n` line ends and the markers of `nonce`
 * @throws Error when a mark of the template is missing
 */
export function cutBody(rendered: string, nonce: string, markers: Markers): BodyParts {
  const pieces = new Map<string, Part>()
  let name = 'head'
  rendered.split(markers.anyMark).forEach((text, index) => {
    if (index % 2 === 1) name = text
    else pieces.set(name, encodePart(text, nonce))
  })
  const take = (wanted: string): Part => {
    const part = pieces.get(wanted)
    if (!part) throw new Error(`The digest's template has no part "${wanted}".`)
    return part
  }
  const numbered = [...pieces.keys()].filter((key) => key.startsWith('card ')).length
  // What follows the last mark closes the document, whichever foot stands before it.
  const end = take('end')
  return {
    head: take('head'),
    openings: { several: take('opening several'), one: take('opening one'), archive: take('opening archive') },
    notice: take('notice'),
    headings: Object.fromEntries(
      [...pieces].filter(([key]) => key.startsWith('heading ')).map(([key, part]) => [key.slice(8), part]),
    ),
    cards: Array.from({ length: numbered }, (_, position) => ({
      card: take(`card ${position}`),
      vote: take(`vote ${position}`),
      after: take(`after ${position}`),
    })),
    rest: take('rest'),
    corrections: take('corrections'),
    foot: joinParts(take('foot'), end),
    archiveFoot: joinParts(take('archive foot'), end),
  }
}

/** Encodes one piece of a body; the places of `NONCE-name-` become holes. */
function encodePart(text: string, nonce: string): Part {
  return text
    .split(new RegExp(`${nonce}-(${HOLES.join('|')})-`))
    .map((piece, index) => (index % 2 ? piece : closed(piece)))
}

/**
 * Quoted-printable lines that end where a line ends: with the text's own line break, else with a soft one. None begins with a dot,
 * so that nothing has to be doubled for SMTP, neither in a part nor in what fills a hole.
 */
export function closed(text: string): string {
  // Three less than RFC 2045's 76: the last line gets its soft break here, and a dot becomes three characters.
  const encoded = wrap(encode(text.replace(/\r?\n/g, '\r\n')), 73).replace(/^\./gm, '=2E')
  return encoded === '' || encoded.endsWith('\r\n') ? encoded : `${encoded}=\r\n`
}

export const joinParts = (first: Part, second: Part): Part => [
  ...first.slice(0, -1),
  `${first.at(-1)}${second[0]}`,
  ...second.slice(1),
]

/** How many bytes quoted-printable text decodes to. */
export const decodedLength = (encoded: string): number =>
  encoded.length - 3 * (encoded.split('=\r\n').length - 1) - 2 * (encoded.match(/=[0-9A-F]{2}/g)?.length ?? 0)

/** Quoted-printable to text (RFC 2045 § 6.7); what we encoded ourselves, so nothing malformed is expected. */
export const decodeBody = (encoded: Buffer): string =>
  Buffer.from(
    encoded
      .toString('latin1')
      .replace(/=\r\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
    .toString('utf8')
    .replace(/\r\n/g, '\n')

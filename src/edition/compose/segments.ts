import { encodeLines } from '../../mail/quoted-printable.ts'
import type { Locale } from '../../messages/catalogue.ts'

/**
 * Values that a digest adds to its segments. From the reader: the tokens of their links, why a paper is theirs (`also` precedes the
 * edition's reason, `because` stands alone), a notice. From the digest: the preheader and its number of papers (`count`).
 */
export const PLACEHOLDERS = [
  'unsubscribe',
  'preferences',
  'vote',
  'also',
  'because',
  'notice',
  'preheader',
  'count',
] as const
export type Placeholder = (typeof PLACEHOLDERS)[number]

/** Quoted-printable text with placeholders: text at even indexes, placeholder names at odd ones. */
export type Segment = string[]

/**
 * A card's pieces, in order. `rank` and `place` show its place on the list, before the title or after the authors. `page` and
 * `source` begin the title's link. `ai` and `abstract` are the two summaries. `own` has the links that only a reader's digest has.
 */
export const CARD_PIECES = [
  'card',
  'rank',
  'page',
  'source',
  'title',
  'place',
  'who',
  'ai',
  'abstract',
  'why',
  'own',
  'after',
] as const
export type CardSegments = Record<(typeof CARD_PIECES)[number], Segment>

/** One body (HTML or text), split wherever a reader's selection may split it. Cards and rows are indexed by position in the edition. */
export interface BodySegments {
  head: Segment
  /** the opening sentence: for several papers, for one, and for the archive */
  openings: Record<'several' | 'one' | 'archive', Segment>
  notice: Segment
  /** by section, including sections that only a reader's selection fills */
  headings: Record<string, Segment>
  cards: CardSegments[]
  /** the sponsor's block; empty without one */
  sponsor: Segment
  /** what moved in the week; empty for daily editions */
  week: Segment
  /** papers in one line each, between their heading and the link to the whole list */
  rows: Segment[]
  /** around rows of papers that the reader saved */
  savedHead: Segment
  savedEnd: Segment
  rowsHead: Segment
  rowsEnd: Segment
  corrections: Segment
  foot: Segment
  archiveFoot: Segment
}

/** Changes with the shape of `EditionSegments`. Segments of another version are composed again (stored-segments.ts). */
export const SEGMENTS_VERSION = 3

/** Everything in an edition that all its readers share, composed once and stored as JSON. */
export interface EditionSegments {
  version: number
  /** header fields that all readers share, each ended by CRLF */
  headers: string
  locale: Locale
  /** by position, the paper's short name for subjects */
  names: string[]
  /** the end of each subject: "Trending papers, 14 March" */
  trending: string
  /** the curator's subject, for every reader */
  ownSubject?: string
  boundary: string
  /** by position, the section whose heading the paper stands under */
  sections: string[]
  html: BodySegments
  text: BodySegments
}

/** Marks and placeholders as a template writes them. Their nonce keeps a paper's text from forging one. */
export interface Markers {
  mark: (name: string) => string
  placeholder: (name: Placeholder) => string
  /** matches every mark and captures its name */
  anyMark: RegExp
}

/** @param nonce letters and digits only */
export function createMarkers(format: 'html' | 'text', nonce: string): Markers {
  const [open, close] = format === 'html' ? ['<!--', '-->'] : ['', ';']
  return {
    mark: (name) => `${open}${nonce} ${name}${close}`,
    placeholder: (name) => `${nonce}-${name}-`,
    anyMark: new RegExp(`${open}${nonce} ([a-z]+(?: [a-z0-9]+)?)${close}`),
  }
}

/**
 * Splits a rendered body at its marks and encodes each segment once.
 *
 * Each segment ends at a line end, and each placeholder stands alone between two soft line breaks (RFC 2045 § 6.7).
 * So segments decode to the same bytes in any order and with any values.
 *
 * @param rendered with `\n` line ends and the markers of `nonce`
 * @param papers how many it has
 * @throws Error when a mark of the template is missing
 */
export function splitBody(rendered: string, nonce: string, markers: Markers, papers: number): BodySegments {
  const found = new Map<string, Segment>()
  let name = 'head'
  rendered.split(markers.anyMark).forEach((text, index) => {
    if (index % 2 === 1) name = text
    else found.set(name, encodeSegment(text, nonce))
  })
  const get = (wanted: string): Segment => {
    const segment = found.get(wanted)
    if (!segment) throw new Error(`the mark "${wanted}" is missing`)
    return segment
  }
  const positions = Array.from({ length: papers }, (_, position) => position)
  // The text after the last mark closes the document, after either foot.
  const end = get('end')
  return {
    head: get('head'),
    openings: { several: get('opening several'), one: get('opening one'), archive: get('opening archive') },
    notice: get('notice'),
    headings: Object.fromEntries(
      [...found].filter(([key]) => key.startsWith('heading ')).map(([key, segment]) => [key.slice(8), segment]),
    ),
    cards: positions.map(
      (position) =>
        Object.fromEntries(CARD_PIECES.map((piece) => [piece, get(`${piece} ${position}`)])) as CardSegments,
    ),
    sponsor: get('sponsor'),
    week: get('week'),
    rows: positions.map((position) => get(`row ${position}`)),
    savedHead: get('saved head'),
    savedEnd: get('saved end'),
    rowsHead: get('rows head'),
    rowsEnd: get('rows end'),
    corrections: get('corrections'),
    foot: joinSegments(get('foot'), end),
    archiveFoot: joinSegments(get('archive foot'), end),
  }
}

function encodeSegment(text: string, nonce: string): Segment {
  return text
    .split(new RegExp(`${nonce}-(${PLACEHOLDERS.join('|')})-`))
    .map((piece, index) => (index % 2 ? piece : encodeLines(piece)))
}

export const joinSegments = (...segments: Segment[]): Segment =>
  segments.reduce((first, second) => [...first.slice(0, -1), `${first.at(-1)}${second[0]}`, ...second.slice(1)])

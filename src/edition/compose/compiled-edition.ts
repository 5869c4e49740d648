import { escapeHtml } from '../../lib/escape-html.ts'
import { memoize } from '../../lib/memoize.ts'
import { encodeHeaders } from '../../mail/headers.ts'
import { decodedLength, encodeLines } from '../../mail/quoted-printable.ts'
import { messagesIn } from '../../messages/catalogue.ts'
import {
  type BodySegments,
  type CardSegments,
  type EditionSegments,
  joinSegments,
  type Placeholder,
  type Segment,
} from './segments.ts'
import { NAMED, preheaderOf, summarizeNames } from './subject.ts'

/** A segment as bytes: a placeholder follows each text but the last. */
export interface CompiledSegment {
  texts: Buffer[]
  placeholders: Placeholder[]
  /** decoded bytes, without placeholders */
  size: number
}

/** How a reader's cards look. */
interface CardStyle {
  /** under the heading of the reader's own papers: the list's place follows the authors */
  yours: boolean
  /** titles link to the paper's source instead of its page here */
  sourceLinks: boolean
  /** the abstract's first sentences instead of an AI summary */
  abstracts: boolean
  /** with links that need the reader's token */
  personal: boolean
}

export interface CompiledBody {
  head: CompiledSegment
  openings: Record<'several' | 'one' | 'archive', CompiledSegment>
  notice: CompiledSegment
  headings: Record<string, CompiledSegment>
  /** all cards in one style, by position */
  cards(style: CardStyle): readonly CompiledSegment[]
  sponsor: CompiledSegment
  week: CompiledSegment
  rows: CompiledRows
  saved: { head: CompiledSegment; end: CompiledSegment }
  corrections: CompiledSegment
  foot: CompiledSegment
  archiveFoot: CompiledSegment
}

/** Rows without placeholders, one after another, so that neighbours are copied at once. */
export interface CompiledRows {
  head: CompiledSegment
  end: CompiledSegment
  /** the rows of the positions from `from` up to `to` */
  between(from: number, to: number): Buffer
  /** the decoded size of the longest row */
  longest: number
}

/** The words that an inbox shows of an unopened digest. They name its first papers, so readers with the same ones share them. */
interface InboxWords {
  /** the whole header field */
  subject: Buffer
  preheader: Buffer
}

/** An edition in one language, ready for copying: compiled once from the stored segments. */
export interface CompiledEdition {
  sections: string[]
  headers: Buffer
  contentType: Buffer
  boundary: string
  html: CompiledBody
  text: CompiledBody
  inboxWords(positions: readonly number[]): InboxWords
}

export function compileEdition(segments: EditionSegments): CompiledEdition {
  const contentType = /^Content-Type:.*\r\n(?:[ \t].*\r\n)*/m.exec(segments.headers)![0]
  return {
    sections: segments.sections,
    headers: bytes(segments.headers.replace(contentType, '')),
    contentType: bytes(contentType),
    boundary: segments.boundary,
    html: compileBody(segments.html),
    text: compileBody(segments.text),
    inboxWords: memoize(
      (positions: readonly number[]) => `${positions.slice(0, NAMED)},${positions.length}`,
      (positions) => composeInboxWords(segments, positions),
    ),
  }
}

/**
 * Composes the subject of a digest with these positions: "TinySAM, sparse fine-tuning and 8 more · Trending papers, 14 March", or the
 * curator's own.
 */
export const composeSubject = (
  { names, trending, ownSubject, locale }: EditionSegments,
  positions: readonly number[],
): string =>
  ownSubject ??
  `${summarizeNames(
    positions.slice(0, 2).map((position) => names[position]!),
    positions.length,
    messagesIn(locale),
  )} · ${trending}`

function composeInboxWords(segments: EditionSegments, positions: readonly number[]): InboxWords {
  const names = positions.slice(0, NAMED).map((position) => segments.names[position]!)
  return {
    subject: bytes(encodeHeaders({ Subject: composeSubject(segments, positions) })),
    preheader: bytes(encodeLines(escapeHtml(preheaderOf(names)))),
  }
}

export const compileBody = (body: BodySegments): CompiledBody => ({
  head: compileSegment(body.head),
  openings: mapValues(body.openings, compileSegment),
  notice: compileSegment(body.notice),
  headings: mapValues(body.headings, compileSegment),
  cards: compileCards(body.cards),
  sponsor: compileSegment(body.sponsor),
  week: compileSegment(body.week),
  rows: compileRows(body),
  saved: { head: compileSegment(body.savedHead), end: compileSegment(body.savedEnd) },
  corrections: compileSegment(body.corrections),
  foot: compileSegment(body.foot),
  archiveFoot: compileSegment(body.archiveFoot),
})

/** Compiles the cards of a style when it is first asked for: of the sixteen styles, few are ever used. */
function compileCards(cards: readonly CardSegments[]): CompiledBody['cards'] {
  const styles: CompiledSegment[][] = []
  return (style) => {
    const { yours, sourceLinks, abstracts, personal } = style
    const index = Number(yours) + 2 * Number(sourceLinks) + 4 * Number(abstracts) + 8 * Number(personal)
    styles[index] ??= cards.map((card) => compileSegment(joinSegments(...piecesOf(card, style))))
    return styles[index]
  }
}

const piecesOf = (card: CardSegments, { yours, sourceLinks, abstracts, personal }: CardStyle): Segment[] => [
  card.card,
  ...(yours ? [] : [card.rank]),
  sourceLinks ? card.source : card.page,
  card.title,
  ...(yours ? [card.place] : []),
  card.who,
  abstracts ? card.abstract : card.ai,
  card.why,
  ...(personal ? [card.own] : []),
  card.after,
]

function compileRows({ rows, rowsHead, rowsEnd }: BodySegments): CompiledRows {
  const texts = rows.map((row) => bytes(row.join('')))
  const starts = [0]
  for (const text of texts) starts.push(starts.at(-1)! + text.length)
  const all = Buffer.concat(texts)
  // Creating a view takes longer than copying it. There are at most as many as pairs of positions.
  const views = new Map<number, Buffer>()
  return {
    head: compileSegment(rowsHead),
    end: compileSegment(rowsEnd),
    between(from, to) {
      const key = from * starts.length + to
      let view = views.get(key)
      if (view === undefined) {
        view = all.subarray(starts[from]!, starts[to]!)
        views.set(key, view)
      }
      return view
    },
    longest: Math.max(0, ...rows.map((row) => decodedLength(row.join('')))),
  }
}

const compileSegment = (segment: Segment): CompiledSegment => {
  const texts = segment.filter((_, index) => index % 2 === 0)
  return {
    texts: texts.map(bytes),
    placeholders: segment.filter((_, index) => index % 2 === 1) as Placeholder[],
    size: texts.reduce((sum, text) => sum + decodedLength(text), 0),
  }
}

function mapValues<K extends string, A, B>(record: Record<K, A>, make: (value: A) => B): Record<K, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, make(value as A)])) as Record<K, B>
}

/** Quoted-printable and encoded headers are ASCII: one byte per character. */
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

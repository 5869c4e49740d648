import { escapeHtml } from '../../lib/escape-html.ts'
import { memoize } from '../../lib/memoize.ts'
import { encodeHeaders } from '../../mail/headers.ts'
import { decodedLength, encodeLines } from '../../mail/quoted-printable.ts'
import { messagesIn } from '../../messages/catalogue.ts'
import { type BodySegments, type EditionSegments, joinSegments, type Placeholder, type Segment } from './segments.ts'
import { summarizeNames } from './subject.ts'

/** A segment as bytes: a placeholder follows each text but the last. */
export interface CompiledSegment {
  texts: Buffer[]
  placeholders: Placeholder[]
  /** decoded bytes, without placeholders */
  size: number
}

export interface CompiledBody {
  head: CompiledSegment
  openings: Record<'several' | 'one' | 'archive', CompiledSegment>
  notice: CompiledSegment
  headings: Record<string, CompiledSegment>
  cards: CompiledSegment[]
  archiveCards: CompiledSegment[]
  rest: CompiledSegment
  corrections: CompiledSegment
  foot: CompiledSegment
  archiveFoot: CompiledSegment
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

/** The subject names two papers, the preheader the next ones. */
const NAMED = 5

/** Composes the subject of a digest with these positions: "TinySAM, sparse fine-tuning and 8 more · Trending papers, 14 March". */
export const composeSubject = ({ names, trending, locale }: EditionSegments, positions: readonly number[]): string =>
  `${summarizeNames(
    positions.slice(0, 2).map((position) => names[position]!),
    positions.length,
    messagesIn(locale),
  )} · ${trending}`

function composeInboxWords(segments: EditionSegments, positions: readonly number[]): InboxWords {
  const next = positions.slice(2, NAMED).map((position) => segments.names[position]!)
  return {
    subject: bytes(encodeHeaders({ Subject: composeSubject(segments, positions) })),
    preheader: bytes(encodeLines(escapeHtml(next.join(' · ')))),
  }
}

export const compileBody = (body: BodySegments): CompiledBody => ({
  head: compileSegment(body.head),
  openings: mapValues(body.openings, compileSegment),
  notice: compileSegment(body.notice),
  headings: mapValues(body.headings, compileSegment),
  cards: body.cards.map(({ card, vote, after }) => compileSegment(joinSegments(joinSegments(card, vote), after))),
  archiveCards: body.cards.map(({ card, after }) => compileSegment(joinSegments(card, after))),
  rest: compileSegment(body.rest),
  corrections: compileSegment(body.corrections),
  foot: compileSegment(body.foot),
  archiveFoot: compileSegment(body.archiveFoot),
})

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

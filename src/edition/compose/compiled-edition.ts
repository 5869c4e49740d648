import { escapeHtml } from '../../lib/escape-html.ts'
import { messagesIn } from '../../messages/catalogue.ts'
import { encodeSubject } from './headers.ts'
import {
  type BodyParts,
  type CardParts,
  closed,
  decodedLength,
  type EditionParts,
  type Hole,
  joinParts,
  type Part,
} from './segments.ts'
import { whatIsInside } from './subject.ts'

/** A part as bytes: a hole follows each of the texts but the last. */
export interface Block {
  texts: Buffer[]
  holes: Hole[]
  /** bytes it decodes to, holes apart */
  size: number
}

export interface PlateBody {
  head: Block
  openings: Record<'several' | 'one' | 'archive', Block>
  notice: Block
  headings: Record<string, Block>
  cards: Block[]
  archiveCards: Block[]
  rest: Block
  corrections: Block
  foot: Block
  archiveFoot: Block
}

/** What a digest says of itself before it is opened: it names its first papers, so readers with the same ones share it. */
export interface Lead {
  subject: Buffer
  preheader: Buffer
}

/** An edition in one language, as a printer's plate: made once of the stored parts, then only copied from. */
export interface Plate {
  sections: string[]
  headers: Buffer
  contentType: Buffer
  boundary: string
  html: PlateBody
  text: PlateBody
  lead(positions: readonly number[]): Lead
}

export function plateOf(parts: EditionParts): Plate {
  const contentType = /^Content-Type:.*\r\n(?:[ \t].*\r\n)*/m.exec(parts.headers)![0]
  return {
    sections: parts.sections,
    headers: bytes(parts.headers.replace(contentType, '')),
    contentType: bytes(contentType),
    boundary: parts.boundary,
    html: bodyOf(parts.html),
    text: bodyOf(parts.text),
    lead: remembering(
      (positions: readonly number[]) => `${positions.slice(0, NAMED)},${positions.length}`,
      (positions) => leadOf(parts, positions),
    ),
  }
}

/** Two in the subject, the next ones in the preheader. */
const NAMED = 5

/** The subject of a digest that shows these positions: "TinySAM, sparse fine-tuning and 8 more · Trending papers, 14 March". */
export const subjectOf = ({ names, trending, locale }: EditionParts, positions: readonly number[]): string =>
  `${whatIsInside(
    positions.slice(0, 2).map((position) => names[position]!),
    positions.length,
    messagesIn(locale),
  )} · ${trending}`

function leadOf(parts: EditionParts, positions: readonly number[]): Lead {
  const next = positions.slice(2, NAMED).map((position) => parts.names[position]!)
  return {
    subject: bytes(encodeSubject(subjectOf(parts, positions))),
    preheader: bytes(closed(escapeHtml(next.join(' · ')))),
  }
}

export const bodyOf = (body: BodyParts): PlateBody => ({
  head: blockOf(body.head),
  openings: mapped(body.openings, blockOf),
  notice: blockOf(body.notice),
  headings: mapped(body.headings, blockOf),
  cards: body.cards.map(({ card, vote, after }: CardParts) => blockOf(joinParts(joinParts(card, vote), after))),
  archiveCards: body.cards.map(({ card, after }) => blockOf(joinParts(card, after))),
  rest: blockOf(body.rest),
  corrections: blockOf(body.corrections),
  foot: blockOf(body.foot),
  archiveFoot: blockOf(body.archiveFoot),
})

const blockOf = (part: Part): Block => {
  const texts = part.filter((_, index) => index % 2 === 0)
  return {
    texts: texts.map(bytes),
    holes: part.filter((_, index) => index % 2 === 1) as Hole[],
    size: texts.reduce((sum, text) => sum + decodedLength(text), 0),
  }
}

function mapped<K extends string, A, B>(record: Record<K, A>, make: (value: A) => B): Record<K, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, make(value as A)])) as Record<K, B>
}

/** Quoted-printable and encoded headers are ASCII: one byte a character. */
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

const MOST_REMEMBERED = 2_000

/** Makes each value once; when there are too many it starts afresh, since an edition has few that are common. */
export function remembering<A, V>(keyOf: (of: A) => string, make: (of: A) => V): (of: A) => V {
  const made = new Map<string, V>()
  return (of) => {
    const key = keyOf(of)
    let value = made.get(key)
    if (value === undefined) {
      if (made.size >= MOST_REMEMBERED) made.clear()
      value = make(of)
      made.set(key, value)
    }
    return value
  }
}

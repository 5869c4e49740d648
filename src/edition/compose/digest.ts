import { MessageBuffer } from '../../mail/message-buffer.ts'
import type { CompiledBody, CompiledEdition, CompiledSegment } from './compiled-edition.ts'
import { bindPlaceholders, type PlaceholderValue, type ReaderValues, type ShownPaper } from './placeholders.ts'

/** The content of one reader's digest that other readers do not share. */
export interface ReaderContent extends ReaderValues {
  /** the reader's header fields, each ended by CRLF: To, Message-ID, Date, List-Unsubscribe */
  headers: string
  format: 'html' | 'text'
  /** in display order */
  shown: readonly ShownPaper[]
}

/** Gmail clips an email at 102 KB, and the unsubscribe link stands at its end. */
const MAX_HTML_BYTES = 99_000

const TEXT_HEADERS = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
const HTML_HEADERS = 'Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'

/**
 * Composes the whole message, ready to send except for dot-stuffing. It copies the segments that were encoded at release and encodes
 * only the reader's few values.
 *
 * @param buffer where to write it
 * @returns a view of the buffer, which holds until the buffer is reset
 */
export function composeDigest(edition: CompiledEdition, reader: ReaderContent, buffer = new MessageBuffer()): Buffer {
  buffer.reset()
  const { subject, preheader } = inboxWordsOf(edition, reader)
  buffer.append(edition.headers)
  buffer.append(subject)
  buffer.appendLatin1(reader.headers)
  if (reader.format === 'text') {
    buffer.appendLatin1(TEXT_HEADERS)
    writeDigestBody(edition, 'text', reader, preheader, buffer)
    buffer.appendLatin1('\r\n')
  } else {
    buffer.append(edition.contentType)
    buffer.appendLatin1(`\r\n--${edition.boundary}\r\n${TEXT_HEADERS}`)
    writeDigestBody(edition, 'text', reader, preheader, buffer)
    buffer.appendLatin1(`\r\n--${edition.boundary}\r\n${HTML_HEADERS}`)
    writeDigestBody(edition, 'html', reader, preheader, buffer)
    buffer.appendLatin1(`\r\n--${edition.boundary}--\r\n`)
  }
  return buffer.written()
}

type BodyContent = Omit<ReaderContent, 'headers' | 'format'>

/** Composes one of the two bodies of a reader's digest, in quoted-printable. */
export function composeDigestBody(edition: CompiledEdition, format: 'html' | 'text', reader: BodyContent): Buffer {
  const buffer = new MessageBuffer()
  writeDigestBody(edition, format, reader, inboxWordsOf(edition, reader).preheader, buffer)
  return buffer.written()
}

function writeDigestBody(
  edition: CompiledEdition,
  format: 'html' | 'text',
  reader: BodyContent,
  preheader: Buffer,
  buffer: MessageBuffer,
): void {
  const body = edition[format]
  writeBody(
    {
      body,
      sections: edition.sections,
      cards: body.cards,
      opening: reader.shown.length === 1 ? body.openings.one : body.openings.several,
      notice: reader.notice ? body.notice : undefined,
      foot: body.foot,
      maxBytes: format === 'html' ? MAX_HTML_BYTES : Number.POSITIVE_INFINITY,
    },
    reader.shown,
    bindPlaceholders(format, reader, preheader),
    buffer,
  )
}

const inboxWordsOf = (edition: CompiledEdition, { shown }: BodyContent) =>
  edition.inboxWords(shown.map(({ position }) => position))

export interface BodyLayout {
  body: CompiledBody
  sections: readonly string[]
  cards: readonly CompiledSegment[]
  opening: CompiledSegment
  notice: CompiledSegment | undefined
  foot: CompiledSegment
  /** limit of the decoded body; papers beyond it are counted in "read the rest" */
  maxBytes: number
}

/** Bytes that segment sizes leave out: three tokens and a number in a card, and each character of a reason, as long as "&quot;". */
const PLACEHOLDERS_BYTES = 120
const CHARACTER_BYTES = 6

/** Appends one body to the buffer: head, opening, the cards with a heading wherever a section begins, corrections, foot. */
export function writeBody(
  layout: BodyLayout,
  shown: readonly ShownPaper[],
  getValue: PlaceholderValue,
  buffer: MessageBuffer,
): void {
  const { body, sections, cards } = layout
  const write = ({ texts, placeholders }: CompiledSegment, number: number, paper?: ShownPaper) => {
    buffer.append(texts[0]!)
    for (let i = 0; i < placeholders.length; i++) {
      buffer.append(getValue(placeholders[i]!, number, paper))
      buffer.append(texts[i + 1]!)
    }
  }
  write(body.head, 0)
  write(layout.opening, shown.length)
  if (layout.notice) write(layout.notice, 0)
  let size = 10 * PLACEHOLDERS_BYTES
  for (const segment of [body.head, layout.opening, body.notice, body.corrections, body.rest, layout.foot])
    size += segment.size
  let section = ''
  for (let index = 0; index < shown.length; index++) {
    const paper = shown[index]!
    const card = cards[paper.position]!
    const under = paper.section ?? sections[paper.position]!
    const heading = under === section ? undefined : body.headings[under]!
    size += card.size + PLACEHOLDERS_BYTES + (paper.because?.length ?? 0) * CHARACTER_BYTES + (heading?.size ?? 0)
    if (size > layout.maxBytes) {
      write(body.rest, shown.length - index)
      break
    }
    if (heading) write(heading, 0)
    write(card, index + 1, paper)
    section = under
  }
  write(body.corrections, 0)
  write(layout.foot, 0)
}

import { MessageBuffer } from '../../mail/message-buffer.ts'
import type { CompiledBody, CompiledEdition, CompiledRows, CompiledSegment } from './compiled-edition.ts'
import { bindPlaceholders, type PlaceholderValue, type ReaderValues, type ShownPaper } from './placeholders.ts'

/** The content of one reader's digest that other readers do not share. */
export interface ReaderContent extends ReaderValues {
  /** the reader's header fields, each ended by CRLF: To, Message-ID, Date, List-Unsubscribe */
  headers: string
  format: 'html' | 'text'
  /** in display order */
  shown: readonly ShownPaper[]
  /** positions without a row: the reader had them in other digests, or is not interested in them */
  unlisted?: ReadonlySet<number> | undefined
  /** positions that the reader saved, newest first: without a card, they get a row */
  saved?: readonly number[]
  /** titles link to the paper's source instead of its page here */
  sourceLinks?: boolean
  /** the abstract's first sentences instead of AI summaries */
  abstracts?: boolean
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
  const style = { sourceLinks: reader.sourceLinks ?? false, abstracts: reader.abstracts ?? false, personal: true }
  writeBody(
    {
      body,
      sections: edition.sections,
      ranked: body.cards({ ...style, yours: false }),
      yours: body.cards({ ...style, yours: true }),
      opening: reader.shown.length === 1 ? body.openings.one : body.openings.several,
      notice: reader.notice ? body.notice : undefined,
      unlisted: reader.unlisted,
      saved: reader.saved,
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
  /** cards by position: under the list's headings, and under the reader's own */
  ranked: readonly CompiledSegment[]
  yours: readonly CompiledSegment[]
  opening: CompiledSegment
  notice: CompiledSegment | undefined
  unlisted: ReadonlySet<number> | undefined
  saved?: readonly number[] | undefined
  foot: CompiledSegment
  /** limit of the decoded body; papers beyond it become rows */
  maxBytes: number
}

/** The section of a reader's best matches. */
export const FOR_YOU = 'you'

/** Bytes that segment sizes leave out: three tokens and a number in a card, and each character of a reason, as long as "&quot;". */
const PLACEHOLDERS_BYTES = 120
const CHARACTER_BYTES = 6

/** Rows in "Also on the list", at most. */
const MOST_ROWS = 25

/** Saved papers in a row each, at most. */
const MOST_SAVED = 3

/** Appends one body to the buffer: head, opening, the cards with a heading wherever a section begins, sponsor, rows, corrections, foot. */
export function writeBody(
  layout: BodyLayout,
  shown: readonly ShownPaper[],
  getValue: PlaceholderValue,
  buffer: MessageBuffer,
): void {
  const { body, sections } = layout
  const write = ({ texts, placeholders }: CompiledSegment, paper?: ShownPaper) => {
    buffer.append(texts[0]!)
    for (let i = 0; i < placeholders.length; i++) {
      buffer.append(getValue(placeholders[i]!, shown.length, paper))
      buffer.append(texts[i + 1]!)
    }
  }
  write(body.head)
  write(layout.opening)
  if (layout.notice) write(layout.notice)
  let size = 10 * PLACEHOLDERS_BYTES
  for (const segment of [
    body.head,
    layout.opening,
    body.notice,
    body.sponsor,
    body.week,
    body.corrections,
    layout.foot,
  ])
    size += segment.size
  if (layout.saved) size += body.saved.head.size + body.saved.end.size + MOST_SAVED * body.rows.longest
  // Room for the rows: papers that do not fit as cards are listed there.
  const maxCardBytes = layout.maxBytes - rowsSize(body.rows, sections.length)
  const listed = new Uint8Array(sections.length)
  let section = ''
  for (const paper of shown) {
    const under = paper.section ?? sections[paper.position]!
    const card = (under === FOR_YOU ? layout.yours : layout.ranked)[paper.position]!
    const heading = under === section ? undefined : body.headings[under]!
    size += card.size + PLACEHOLDERS_BYTES + (paper.because?.length ?? 0) * CHARACTER_BYTES + (heading?.size ?? 0)
    if (size > maxCardBytes) break
    if (heading) write(heading)
    write(card, paper)
    listed[paper.position] = 1
    section = under
  }
  write(body.sponsor)
  write(body.week)
  writeSaved(layout, listed, write, buffer)
  writeRows(layout, listed, write, buffer)
  write(body.corrections)
  write(layout.foot)
}

/** Lists papers that the reader saved and that have no card, and marks them as listed. */
function writeSaved(
  { body: { saved, rows }, saved: positions = [] }: BodyLayout,
  listed: Uint8Array,
  write: (segment: CompiledSegment) => void,
  buffer: MessageBuffer,
): void {
  const shown = positions.filter((position) => listed[position] === 0).slice(0, MOST_SAVED)
  if (shown.length === 0) return
  write(saved.head)
  for (const position of shown) {
    buffer.append(rows.between(position, position + 1))
    listed[position] = 1
  }
  write(saved.end)
}

const rowsSize = ({ head, end, longest }: CompiledRows, papers: number): number =>
  head.size + end.size + Math.min(papers, MOST_ROWS) * longest

/** Lists the first papers that have no card, in the list's order. Neighbouring rows are one copy. @param listed 1: no row */
function writeRows(
  { body: { rows }, sections, unlisted }: BodyLayout,
  listed: Uint8Array,
  write: (segment: CompiledSegment) => void,
  buffer: MessageBuffer,
): void {
  let left = MOST_ROWS
  if (unlisted) for (const position of unlisted) listed[position] = 1
  for (let from = 0; from < sections.length && left > 0; from++) {
    if (listed[from] === 1 || sections[from] === 'rising') continue
    let to = from + 1
    while (to < sections.length && to - from < left && listed[to] === 0 && sections[to] !== 'rising') to++
    if (left === MOST_ROWS) write(rows.head)
    buffer.append(rows.between(from, to))
    left -= to - from
    from = to
  }
  if (left < MOST_ROWS) write(rows.end)
}

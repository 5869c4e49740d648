import { clear, type Galley, newGalley, put, putText, setIn } from '../../mail/message-buffer.ts'
import type { Block, Lead, Plate, PlateBody } from './compiled-edition.ts'
import { type Filling, fillingFor, type ReaderWords, type ShownPaper } from './placeholders.ts'

/** One reader's digest of an edition, as far as it differs from everybody else's. */
export interface ReaderPart extends ReaderWords {
  /** header lines of this reader, each ended by CRLF: To, Message-ID, Date, List-Unsubscribe */
  headers: string
  format: 'html' | 'text'
  /** what is shown, in the order in which it is shown */
  shown: readonly ShownPaper[]
}

/** Gmail shows no more than 102 KB of a mail, and at the end of it stands how to leave. */
export const MOST_HTML_BYTES = 99_000

const TEXT_HEADERS = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
const HTML_HEADERS = 'Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'

/**
 * The whole message, ready for the wire except dot-stuffing: what was encoded at release is copied once, and nothing but the
 * reader's own few words is encoded here.
 *
 * @param galley to set it in, where there is one to be used again: the message is then a view of it
 */
export function composeDigest(plate: Plate, reader: ReaderPart, galley: Galley = newGalley()): Buffer {
  clear(galley)
  const lead = leadOf(plate, reader)
  put(galley, plate.headers)
  put(galley, lead.subject)
  putText(galley, reader.headers)
  if (reader.format === 'text') {
    putText(galley, TEXT_HEADERS)
    layOutFor(plate, 'text', reader, lead, galley)
    putText(galley, '\r\n')
  } else {
    put(galley, plate.contentType)
    putText(galley, `\r\n--${plate.boundary}\r\n${TEXT_HEADERS}`)
    layOutFor(plate, 'text', reader, lead, galley)
    putText(galley, `\r\n--${plate.boundary}\r\n${HTML_HEADERS}`)
    layOutFor(plate, 'html', reader, lead, galley)
    putText(galley, `\r\n--${plate.boundary}--\r\n`)
  }
  return setIn(galley)
}

/** One of the two bodies of a reader's digest, quoted-printable. */
export function digestBody(
  plate: Plate,
  format: 'html' | 'text',
  reader: Omit<ReaderPart, 'headers' | 'format'>,
): Buffer {
  const galley = newGalley()
  layOutFor(plate, format, reader, leadOf(plate, reader), galley)
  return setIn(galley)
}

function layOutFor(
  plate: Plate,
  format: 'html' | 'text',
  reader: Omit<ReaderPart, 'headers' | 'format'>,
  lead: Lead,
  galley: Galley,
): void {
  const body = plate[format]
  layOut(
    {
      body,
      sections: plate.sections,
      cards: body.cards,
      opening: reader.shown.length === 1 ? body.openings.one : body.openings.several,
      notice: reader.notice ? body.notice : undefined,
      foot: body.foot,
      mostBytes: format === 'html' ? MOST_HTML_BYTES : Number.POSITIVE_INFINITY,
    },
    reader.shown,
    fillingFor(format, reader, lead.preheader),
    galley,
  )
}

const leadOf = (plate: Plate, { shown }: Pick<ReaderPart, 'shown'>) => plate.lead(shown.map(({ position }) => position))

export interface Layout {
  body: PlateBody
  sections: readonly string[]
  cards: readonly Block[]
  opening: Block
  notice: Block | undefined
  foot: Block
  /** of the decoded body; papers beyond it are counted in "read the rest" */
  mostBytes: number
}

/** Room for what sizes do not count: tokens and numbers in a block's holes, and each character of a reader's own words as "&quot;". */
const HOLES_BYTES = 80
const CHARACTER_BYTES = 6

/** One body: head, opening, the shown cards with a heading wherever a section begins, corrections, foot. Appends to the galley. */
export function layOut(layout: Layout, shown: readonly ShownPaper[], fill: Filling, galley: Galley): void {
  const { body, sections, cards } = layout
  const set = ({ texts, holes }: Block, number: number, paper?: ShownPaper) => {
    put(galley, texts[0]!)
    for (let i = 0; i < holes.length; i++) {
      put(galley, fill(holes[i]!, number, paper))
      put(galley, texts[i + 1]!)
    }
  }
  set(body.head, 0)
  set(layout.opening, shown.length)
  if (layout.notice) set(layout.notice, 0)
  let size = 10 * HOLES_BYTES
  for (const block of [body.head, layout.opening, body.notice, body.corrections, body.rest, layout.foot])
    size += block.size
  let section = ''
  for (let index = 0; index < shown.length; index++) {
    const paper = shown[index]!
    const card = cards[paper.position]!
    const under = paper.section ?? sections[paper.position]!
    const heading = under === section ? undefined : body.headings[under]!
    size += card.size + HOLES_BYTES + (paper.because?.length ?? 0) * CHARACTER_BYTES + (heading?.size ?? 0)
    if (size > layout.mostBytes) {
      set(body.rest, shown.length - index)
      break
    }
    if (heading) set(heading, 0)
    set(card, index + 1, paper)
    section = under
  }
  set(body.corrections, 0)
  set(layout.foot, 0)
}

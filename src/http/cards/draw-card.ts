import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { OverlayOptions } from 'sharp'

/** What a card says. Every text is plain. */
export interface CardText {
  /** the newsletter's name */
  name: string
  /** at the right of the name: a date */
  aside: string
  title: string
  /** names of papers, one line each */
  lines: readonly string[]
  foot: string
}

/** What Facebook, LinkedIn, Slack and X show without cropping. */
export const CARD = { width: 1200, height: 630 }

/** Raise it when the drawing changes, so that cards get new URLs. */
export const CARD_VERSION = 1

const FONTS = join(import.meta.dirname, '../assets/fonts')
const SIDE = 80
const MEASURE = CARD.width - 2 * SIDE
const INK = '#1b1b1f'
const MUTED = '#5a5a64'
const TITLE_TOP = 170
const FOOT_BASE = 560
const FOOT_ROOM = 60
/** From one line of names to the next. */
const LINE = 52
/** More letters fit in no line, so measuring them would be wasted. */
const MOST_LETTERS = 120
/** The largest that lets a title fit is used. */
const TITLE_SIZES = [66, 58, 50, 44, 38, 32, 28]

const GROUND = `<svg width="${CARD.width}" height="${CARD.height}"><rect width="100%" height="100%" fill="#fbf9f4"/><path d="M${SIDE} 124H${CARD.width - SIDE}M${SIDE} 129H${CARD.width - SIDE}" stroke="${INK}" stroke-width="2"/></svg>`

/** The characters of our own font. All others come from fonts of the system. */
const OWN =
  /^[\x20-\x7e\xa0-\xff\u0131\u0152\u0153\u2009\u2013\u2014\u2018-\u201a\u201c-\u201e\u2022\u2026\u2032\u2033\u2074\u20ac\u2122\u2191\u2193\u2212]*$/

const SYSTEM_FONTS = ['/usr/share/fonts', '/usr/local/share/fonts', '/System/Library/Fonts', 'C:/Windows/Fonts']

/** Read once: every page has a card. */
let hasFonts: boolean | undefined

/** Whether this machine can draw a text: with our font, or with those that are installed. Otherwise it would be boxes. */
export function isDrawable(text: string): boolean {
  if (OWN.test(text)) return true
  hasFonts ??= SYSTEM_FONTS.some((folder) => existsSync(folder) && readdirSync(folder).length > 0)
  return hasFonts
}

/** Draws a card as PNG. Takes some 0.1 s of a thread, none of the event loop. */
export async function drawCard({ name: newsletter, aside, title, lines, foot }: CardText): Promise<Buffer> {
  const { default: sharp } = await import('sharp')

  /** @throws Error on an empty text */
  async function draw(text: string, size: number, { bold = false, color = INK, width = MEASURE, oneLine = false }) {
    const markup = `<span foreground="${color}" line_height="0.72">${escapeMarkup(text)}</span>`
    const input = {
      text: markup,
      font: `Charis SIL${bold ? ' Bold' : ''} ${size}`,
      fontfile: join(FONTS, bold ? 'serif-700.ttf' : 'serif-400.ttf'),
      rgba: true,
      dpi: 72,
      wrap: 'word-char' as const,
      ...(oneLine ? {} : { width }),
    }
    const { data, info } = await sharp({ text: input }).png().toBuffer({ resolveWithObject: true })
    return { data, width: info.width, height: info.height }
  }

  /** Cuts a line at a word until it fits. */
  async function drawLine(text: string, size: number, options: { bold?: boolean; color?: string; width?: number }) {
    const { width = MEASURE } = options
    for (
      let shown = text.slice(0, MOST_LETTERS) || ' ';
      ;
      shown = `${shown.slice(0, Math.floor(shown.length * 0.9)).replace(/[\s…]+\S*$/, '')}…`
    ) {
      const drawn = await draw(shown, size, { ...options, oneLine: true })
      if (drawn.width <= width || shown.length < 4) return drawn
    }
  }

  const name = await drawLine(newsletter, 52, { bold: true, width: MEASURE - 320 })
  const date = aside === '' ? undefined : await drawLine(aside, 28, { color: MUTED, width: MEASURE - 300 })
  const below = await drawLine(foot, 30, { color: MUTED })
  const room = FOOT_BASE - FOOT_ROOM - TITLE_TOP - lines.length * LINE
  let head = await draw(title, TITLE_SIZES[0]!, { bold: true })
  for (const size of TITLE_SIZES.slice(1)) {
    if (head.height <= room) break
    head = await draw(title, size, { bold: true })
  }
  // A title of a thousand letters ends with the room.
  const height = Math.min(head.height, room)
  const shown = await sharp(head.data).extract({ left: 0, top: 0, width: head.width, height }).toBuffer()
  const layers: OverlayOptions[] = [
    { input: name.data, left: SIDE, top: 106 - name.height },
    ...(date ? [{ input: date.data, left: CARD.width - SIDE - date.width, top: 94 - date.height }] : []),
    { input: shown, left: SIDE, top: TITLE_TOP },
    { input: below.data, left: SIDE, top: FOOT_BASE - below.height },
  ]
  for (const [i, line] of lines.entries()) {
    const drawn = await drawLine(line, 34, {})
    layers.push({ input: drawn.data, left: SIDE, top: TITLE_TOP + height + 36 + i * LINE })
  }
  return sharp(Buffer.from(GROUND)).composite(layers).png({ palette: true }).toBuffer()
}

const escapeMarkup = (text: string): string =>
  text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]!)

import { readFileSync, statSync } from 'node:fs'
import { extname } from 'node:path'

export interface Image {
  body: Buffer
  type: 'image/svg+xml' | 'image/png'
  /** of a PNG, in pixels */
  size?: { width: number; height: number }
}

const MAX_BYTES = 200_000

/**
 * Reads an SVG or PNG file. Its type comes from its name, and its content must agree.
 * @throws Error with a message that continues the file's name
 */
export function readImage(path: string): Image {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size
  if (bytes === undefined) throw new Error('does not exist')
  if (bytes > MAX_BYTES) throw new Error(`has ${bytes} bytes, more than ${MAX_BYTES}`)
  const body = readFileSync(path)
  switch (extname(path).toLowerCase()) {
    case '.png':
      return { body, type: 'image/png', size: sizeOfPng(body) }
    case '.svg':
      checkSvg(body.toString('utf8'))
      return { body, type: 'image/svg+xml' }
    default:
      throw new Error('must be an .svg or a .png file')
  }
}

const PNG_SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

function sizeOfPng(body: Buffer): { width: number; height: number } {
  if (body.length < 24 || !body.subarray(0, 8).equals(PNG_SIGNATURE)) throw new Error('is not a PNG image')
  return { width: body.readUInt32BE(16), height: body.readUInt32BE(20) }
}

/**
 * What can run or load something in an SVG. Pages show it as an image, where none of it works, and its own URL has a
 * policy that forbids it. Refusing it as well tells the operator that the image would look different.
 */
const ACTIVE: [RegExp, string][] = [
  [/<!(?:DOCTYPE|ENTITY)/i, 'a document type'],
  [/<script/i, 'a script'],
  [/<foreignObject/i, 'a foreignObject'],
  [/\son\w+\s*=/i, 'an event handler'],
  [/(?:href|src)\s*=\s*["']\s*(?!#|data:image\/(?:png|jpeg);)/i, 'a link to another file'],
  [/url\(\s*["']?(?!#)|@import/i, 'a style that loads another file'],
]

function checkSvg(text: string): void {
  if (!/^\uFEFF?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?-->\s*)*<svg[\s>]/.test(text))
    throw new Error('is not an SVG image')
  const found = ACTIVE.find(([mark]) => mark.test(text))
  if (found) throw new Error(`contains ${found[1]}, which images may not have`)
}

import { createHash } from 'node:crypto'

/** Pictures as we serve them: at most this large, in pixels. Lists show the small one at half its size, for sharp screens. */
const SMALL = { width: 224, height: 300 }
const LARGE = { width: 672, height: 900 }

/** What a source may send. SVG is a program, so it is not among them. */
const FORMATS = new Set(['png', 'jpeg', 'webp', 'gif', 'avif', 'heif'])
/** A file of a few kilobytes can claim a picture that fills the memory. */
const MOST_PIXELS = 40_000_000
/** Smaller ones are icons or tracking pixels. */
const LEAST_SIDE = 64

export interface Thumbnail {
  hash: string
  /** of the large one */
  width: number
  height: number
  small: Buffer
  large: Buffer
}

/**
 * Makes our two pictures of a source's. They are encoded anew, so nothing of the source's file is served: no metadata, no trailing data.
 * @throws Error that says why the bytes are not a picture that we show
 */
export async function resizePicture(bytes: Buffer): Promise<Thumbnail> {
  // The native library loads only in workers that have a picture.
  const { default: sharp } = await import('sharp')
  const { format, width = 0, height = 0 } = await sharp(bytes, { limitInputPixels: MOST_PIXELS }).metadata()
  if (!format || !FORMATS.has(format)) throw new Error(`is a picture of the format ${format}`)
  if (Math.min(width, height) < LEAST_SIDE) throw new Error(`has only ${width} × ${height} pixels`)
  const shrink = (box: typeof SMALL) =>
    sharp(bytes, { limitInputPixels: MOST_PIXELS })
      .rotate()
      .resize({ ...box, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .webp({ quality: 80 })
      .toBuffer({ resolveWithObject: true })
  const [small, large] = await Promise.all([shrink(SMALL), shrink(LARGE)])
  return {
    hash: createHash('sha256').update(large.data).digest('hex').slice(0, 16),
    width: large.info.width,
    height: large.info.height,
    small: small.data,
    large: large.data,
  }
}

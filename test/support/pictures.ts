import sharp from 'sharp'
import { resizePicture } from '../../src/papers/thumbnails/resize.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { thumbnails } from '../../src/runtime/db/schema.ts'

/** Draws a picture as a source sends it: 1200 × 648, some text on a ground. */
export const sourcePicture = (width = 1200, height = 648, format: 'png' | 'jpeg' | 'gif' = 'png'): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: '#fff7d6' } })
    .composite([
      {
        input: Buffer.from(
          `<svg width="${width}" height="${height}"><rect x="8%" y="12%" width="84%" height="10%"/><rect x="8%" y="32%" width="60%" height="4%" fill="gray"/><circle cx="70%" cy="68%" r="12%" fill="#a3281c"/></svg>`,
        ),
      },
    ])
    .toFormat(format)
    .toBuffer()

/** Stores a picture of a paper, as the job does. @returns its hash */
export async function addThumbnail(db: Db, paperId: number, width = 1200, height = 648): Promise<string> {
  const { hash, ...picture } = await resizePicture(await sourcePicture(width, height))
  await db
    .insert(thumbnails)
    .values({ paperId, sourceUrl: 'https://cdn-thumbnails.huggingface.co/x.png', hash, ...picture })
  return hash
}

import { sql } from 'drizzle-orm'
import { resizePicture } from '../papers/thumbnails/resize.ts'
import { papers, thumbnails } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'
import type { Shot } from './take-shots.ts'

/** Pictures to draw: lying ones, as social cards are, and an upright first page of a paper. */
const SHAPES = [
  [1200, 648],
  [600, 850],
  [1200, 630],
] as const

/** Gives every second paper of the sample a picture, and its votes a history, since the sample has neither. */
export async function addPictures({ db }: Services): Promise<void> {
  const { default: sharp } = await import('sharp')
  const drawn = await Promise.all(
    SHAPES.map(async ([width, height]) =>
      resizePicture(
        await sharp(Buffer.from(sketch(width, height)))
          .png()
          .toBuffer(),
      ),
    ),
  )
  const all = await db.select({ id: papers.id }).from(papers).orderBy(papers.id)
  const rows = all.filter((_, i) => i % 2 === 0).map(({ id }, i) => ({ paperId: id, sourceUrl: '', ...drawn[i % 3]! }))
  await db.insert(thumbnails).values(rows)
  await db.execute(sql`
    INSERT INTO signals (paper_id, observed_at, votes, origin)
    SELECT p.id, (p.list_day::timestamp AT TIME ZONE 'UTC') + make_interval(hours => h),
      round(s.votes / (1 + exp((10 + p.id % 7 - h) / 3.0)))::int, 'hf'
    FROM papers p JOIN LATERAL (SELECT min(votes) AS votes FROM signals WHERE paper_id = p.id) s ON true, generate_series(1, 23, 2) h
    ON CONFLICT DO NOTHING`)
}

const sketch = (width: number, height: number) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#fff"/><rect x="8%" y="8%" width="84%" height="7%" fill="#333"/><rect x="8%" y="19%" width="52%" height="3%" fill="#999"/><rect x="8%" y="30%" width="84%" height="34%" fill="#d8e3ee"/><path d="M${width * 0.1} ${height * 0.6}L${width * 0.4} ${height * 0.4}L${width * 0.9} ${height * 0.34}" stroke="#a3281c" stroke-width="8" fill="none"/><rect x="8%" y="70%" width="84%" height="2%" fill="#bbb"/><rect x="8%" y="76%" width="80%" height="2%" fill="#bbb"/><rect x="8%" y="82%" width="84%" height="2%" fill="#bbb"/></svg>`

/** The cards that services show for links to these pages. */
export async function cardShots(baseUrl: string, pages: Record<string, string>): Promise<Shot[]> {
  return Promise.all(
    Object.entries(pages).map(async ([name, path]) => {
      const html = await (await fetch(new URL(path, baseUrl))).text()
      const card = /<meta property="og:image" content="([^"]+)"/.exec(html)?.[1]
      if (!card) throw new Error(`${path} has no card.`)
      return { name: `card-${name}`, path: card }
    }),
  )
}

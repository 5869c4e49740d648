import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eq, sql } from 'drizzle-orm'
import sharp from 'sharp'
import { describe, expect, onTestFinished } from 'vitest'
import { fetchPicture, isPictureUrl } from '../../../src/papers/thumbnails/fetch-picture.ts'
import { fetchThumbnails } from '../../../src/papers/thumbnails/fetch-thumbnails.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { thumbnails } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { sourcePicture } from '../../support/pictures.ts'
import { addPapers, NOON, servicesOn } from '../../support/services.ts'

const HOST = 'https://cdn-thumbnails.huggingface.co'

/** A real server in the place of the source's: only the host's name is exchanged, after every check. */
async function pictureServer(answers: Record<string, { status?: number; location?: string; body?: Buffer }>) {
  const asked: string[] = []
  const server = createServer((request, reply) => {
    asked.push(request.url!)
    const { status = 200, location, body } = answers[request.url!] ?? { status: 404 }
    if (location) reply.setHeader('location', location)
    reply.writeHead(status).end(body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const local = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const fetchThere = (url: string, options: RequestInit) => fetch(url.replace(HOST, local), options)
  return { asked, fetch: fetchThere }
}

async function paperWithPicture(db: Db, url: string, day = '2026-04-14'): Promise<number> {
  const [id] = await addPapers(db, day, 1)
  await db.execute(sql`UPDATE papers SET raw = ${JSON.stringify({ thumbnail: url })}::jsonb WHERE id = ${id}`)
  return id!
}

const rowOf = async (db: Db, paperId: number) =>
  (await db.select().from(thumbnails).where(eq(thumbnails.paperId, paperId)))[0]

describe('a picture of a source', () => {
  test('is fetched once, made small, and stored in two sizes', async ({ db }) => {
    const { asked, fetch } = await pictureServer({ '/a.png': { body: await sourcePicture() } })
    const id = await paperWithPicture(db, `${HOST}/a.png`)
    const services = servicesOn(db)
    expect(await fetchThumbnails(services, { fetch })).toEqual({ stored: 1, failed: [] })
    expect(await fetchThumbnails(services, { fetch })).toEqual({ stored: 0, failed: [] })
    expect(asked).toEqual(['/a.png'])
    const { small, large, ...row } = (await rowOf(db, id))!
    expect(row).toMatchObject({ width: 672, height: 363, dueAt: null, failure: null, attempts: 1 })
    expect(await sharp(small!).metadata()).toMatchObject({ format: 'webp', width: 224, height: 121 })
    expect(await sharp(large!).metadata()).toMatchObject({ format: 'webp', width: 672, height: 363 })
    expect(small!.length + large!.length).toBeLessThan(30_000)
  })

  test('of an old paper, or without an address, is left alone', async ({ db }) => {
    await paperWithPicture(db, `${HOST}/a.png`, '2026-03-01')
    await addPapers(db, '2026-04-14', 1)
    expect(await fetchThumbnails(servicesOn(db), { fetch: () => Promise.reject(new Error('asked')) })).toEqual({
      stored: 0,
      failed: [],
    })
    expect(await db.$count(thumbnails)).toBe(0)
  })

  test('is not fetched from other hosts, in plain text, through a redirect, or if it is no picture', async ({ db }) => {
    const bomb = Buffer.from(await sourcePicture(64, 64))
    // The header of a PNG that claims 60,000 × 60,000 pixels.
    bomb.writeUInt32BE(60_000, 16)
    bomb.writeUInt32BE(60_000, 20)
    const { asked, fetch } = await pictureServer({
      '/moved.png': { status: 302, location: 'http://169.254.169.254/latest/meta-data' },
      '/program.svg': { body: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"></svg>') },
      '/page.png': { body: Buffer.from('<!doctype html><h1>Not found</h1>') },
      '/bomb.png': { body: bomb },
      '/pixel.png': { body: await sourcePicture(1, 1) },
      '/huge.png': { body: Buffer.alloc(6 * 1024 * 1024) },
    })
    const day = (i: number) => `2026-04-${String(10 + i).padStart(2, '0')}`
    const urls = [
      'https://evil.example/a.png',
      ...['moved.png', 'program.svg', 'page.png', 'bomb.png'].map((file) => `${HOST}/${file}`),
    ]
    for (const [i, url] of urls.entries()) await paperWithPicture(db, url, day(i))
    for (const file of ['pixel.png', 'huge.png'])
      await paperWithPicture(db, `${HOST}/${file}`, file === 'pixel.png' ? '2026-04-08' : '2026-04-09')
    const { stored, failed } = await fetchThumbnails(servicesOn(db), { fetch })
    expect([stored, failed.length]).toEqual([0, 7])
    expect(asked).not.toContain('/a.png')
    expect(asked).toHaveLength(6)
    const reasons = failed.map(({ reason }) => reason).join('\n')
    for (const part of [
      'not on a known host',
      'answered 302',
      'format svg',
      'unsupported',
      'pixel',
      'only 1 × 1',
      'more than',
    ])
      expect(reasons).toContain(part)
    expect(await db.$count(thumbnails, sql`hash IS NULL AND due_at IS NULL`)).toBe(7)
  })

  test('that is not there yet is asked for four times, later each time', async ({ db }) => {
    const { asked, fetch } = await pictureServer({})
    const id = await paperWithPicture(db, `${HOST}/late.png`)
    const at = { now: NOON }
    const services = servicesOn(db, {}, at)
    const waits: (number | null)[] = []
    for (let i = 0; i < 5; i++) {
      await fetchThumbnails(services, { fetch })
      const { dueAt } = (await rowOf(db, id))!
      waits.push(dueAt && (dueAt.getTime() - at.now.getTime()) / 60_000)
      at.now = dueAt ?? new Date(at.now.getTime() + 7 * 86_400_000)
    }
    expect(waits).toEqual([10, 60, 360, null, null])
    expect(asked).toHaveLength(4)
    expect((await rowOf(db, id))!.failure).toBe('answered 404')
  })
})

test('only https addresses of the pictures’ hosts are opened', async () => {
  const refused = [
    'http://cdn-thumbnails.huggingface.co/a.png',
    'https://cdn-thumbnails.huggingface.co:8443/a.png',
    'https://me:secret@cdn-thumbnails.huggingface.co/a.png',
    'https://cdn-thumbnails.huggingface.co.evil.example/a.png',
    'https://cdn-thumbnails.huggingface.co@127.0.0.1/a.png',
    'https://127.0.0.1/a.png',
    'https://[::1]/a.png',
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    'nonsense',
    '',
  ]
  expect(refused.filter(isPictureUrl)).toEqual([])
  for (const url of refused)
    expect(await fetchPicture(url, { userAgent: 'test', fetch: () => expect.fail(`asked ${url}`) })).toEqual({
      failure: 'the URL is not on a known host',
      retryable: false,
    })
  expect(isPictureUrl('https://CDN-thumbnails.huggingface.co/social-thumbnails/papers/2604.11784.png')).toBe(true)
})

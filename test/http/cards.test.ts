import { sql } from 'drizzle-orm'
import sharp from 'sharp'
import { describe, expect } from 'vitest'
import { drawCard, isDrawable } from '../../src/http/cards/draw-card.ts'
import { LOCALES } from '../../src/messages/catalogue.ts'
import { addPapers, releasedEdition } from '../support/services.ts'
import { test } from './site.ts'

const imageIn = (body: string) =>
  /<meta property="og:image" content="https:\/\/paperboy\.example([^"]+)">/.exec(body)?.[1]

describe('the card of a link', () => {
  test('belongs to a paper, an edition and the front page, and is a PNG that may be cached forever', async ({
    site,
  }) => {
    const { app, services } = site
    await releasedEdition(services, '2026-04-14', 5)
    for (const url of ['/', '/papers/2604.14000', '/editions/2026-04-14']) {
      const { body } = await app.inject(url)
      expect(body).toContain('<meta name="twitter:card" content="summary_large_image">')
      expect(body).toMatch(/<meta property="og:image:alt" content="[^"]{10,}">/)
      const { statusCode, headers, rawPayload } = await app.inject(imageIn(body)!)
      expect([url, statusCode, headers['content-type'], headers['cache-control']]).toEqual([
        url,
        200,
        'image/png',
        'public, max-age=31536000, immutable',
      ])
      expect(await sharp(rawPayload).metadata()).toMatchObject({ format: 'png', width: 1200, height: 630 })
      expect(rawPayload.length).toBeLessThan(100_000)
    }
    for (const lang of LOCALES)
      expect((await app.inject(imageIn((await app.inject(`/?lang=${lang}`)).body)!)).statusCode).toBe(200)
    // Pages without a card of their own stay as they were.
    expect((await app.inject('/topics')).body).toContain('<meta name="twitter:card" content="summary">')
  })

  test('gets a new address with the votes, and the old one leads there', async ({ db, site: { app } }) => {
    const [id] = await addPapers(db, '2026-04-14', 1)
    const old = imageIn((await app.inject('/papers/2604.14000')).body)!
    await db.execute(sql`UPDATE signals SET votes = 4321 WHERE paper_id = ${id}`)
    const { body } = await app.inject('/papers/2604.14000')
    expect(body).toContain('4,321 votes')
    const { statusCode, headers } = await app.inject(old)
    expect([statusCode, headers.location]).toEqual([302, imageIn(body)])
    expect(headers['cross-origin-resource-policy'], 'other sites show it').toBe('cross-origin')
    expect(imageIn(body)).not.toBe(old)
  })

  test('keeps the number of votes behind a name from right to left', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 1)
    await db.execute(sql`UPDATE papers SET organization = 'جامعة الملك سعود'`)
    const { body } = await app.inject('/papers/2604.14000')
    expect(/og:image:alt" content="([^"]+)"/.exec(body)?.[1]).toContain('· \u2068جامعة الملك سعود\u2069 · 100 votes')
  })

  test('of something unknown is not found, in no language', async ({ site: { app } }) => {
    for (const path of [
      'en/papers/99/x',
      'en/papers/x/x',
      'en/editions/2026-04-14-daily/x',
      'en/editions/x/x',
      'xx/site/x',
    ])
      expect([path, (await app.inject(`/cards/${path}.png`)).statusCode >= 400]).toEqual([path, true])
  })
})

test('the longest titles and hostile ones are drawn inside the card', { timeout: 30_000 }, async () => {
  for (const title of [
    'x',
    'A & <b>bold</b> "title"',
    'Very long words '.repeat(60),
    'W'.repeat(1000),
    '模型'.repeat(80),
    'مرحبا '.repeat(30),
  ]) {
    const card = { name: 'Paperboy', aside: title, title, lines: [title, title], foot: title }
    expect(await sharp(await drawCard(card)).metadata()).toMatchObject({ width: 1200, height: 630 })
  }
  expect(isDrawable('Efficient “µ-nets” – for €5…')).toBe(true)
})

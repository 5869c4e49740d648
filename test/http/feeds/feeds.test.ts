import { sql } from 'drizzle-orm'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { parseAtomFeed, parseJsonFeed, parseRssFeed } from 'feedsmith'
import { describe, expect } from 'vitest'
import type { Db } from '../../../src/runtime/db/database.ts'
import { papers } from '../../../src/runtime/db/schema.ts'
import { fixture, importing } from '../../papers/support.ts'
import { addPapers } from '../../support/services.ts'
import { test } from '../site.ts'

const SITE = 'https://paperboy.example'
const CLOSED = '2026-04-15T02:00:00.000Z'
const iso = (date: unknown) => new Date(date as string).toISOString()

/** The texts of a document's elements. */
const leaves = (node: unknown): string[] =>
  typeof node === 'object' && node !== null ? Object.values(node).flatMap(leaves) : [String(node)]

/** Three papers on a closed list, one of them on a topic and hostile, and one on today's open list. */
async function threeAndOne(db: Db): Promise<number[]> {
  const ids = await addPapers(db, '2026-04-14', 3)
  await addPapers(db, '2026-04-15', 1)
  await db.execute(sql`
    UPDATE papers SET topics = '{agents}', title = 'A <b>bold</b> & "x" paper', abstract = '1 < 2 ]]> <script>alert(1)</script> ends.',
      organization = NULL WHERE id = ${ids[1]}`)
  return ids
}

describe('the feed', () => {
  test('as RSS has every element that RSS asks for', async ({ db, site: { app } }) => {
    await threeAndOne(db)
    const reply = await app.inject('/feed.xml')
    expect(reply.headers['content-type']).toBe('application/rss+xml; charset=utf-8')
    const feed = parseRssFeed(reply.body)
    expect(feed).toMatchObject({
      title: 'Paperboy: trending research papers',
      link: `${SITE}/`,
      description: expect.stringContaining('the research community'),
      language: 'en',
      atom: { links: [{ href: `${SITE}/feed.xml`, rel: 'self' }] },
    })
    expect(iso(feed.lastBuildDate)).toBe(CLOSED)
    expect(feed.items).toHaveLength(3)
    for (const [index, item] of feed.items!.entries()) {
      expect(item).toMatchObject({
        title: expect.stringMatching(/./),
        link: `${SITE}/papers/2604.1400${index}`,
        guid: { value: `${SITE}/papers/2604.1400${index}`, isPermaLink: true },
        description: expect.stringContaining('<p>'),
        dc: { creators: ['Ada Lovelace', 'Charles Babbage'] },
      })
      expect(iso(item.pubDate)).toBe(CLOSED)
    }
  })

  test('changes at once with each thing it says', async ({ db, site: { app } }) => {
    const [first] = await threeAndOne(db)
    const changes = {
      votes: sql`UPDATE signals SET votes = 4321 WHERE paper_id = ${first}`,
      'a title': sql`UPDATE papers SET title = 'Another title' WHERE id = ${first}`,
      'a summary': sql`UPDATE papers SET summary = 'Another summary.' WHERE id = ${first}`,
      'a topic': sql`UPDATE papers SET topics = '{kv-cache}' WHERE id = ${first}`,
      'the name of a topic': sql`INSERT INTO topic_spellings VALUES ('kv-cache', 'KV caches', 1)`,
      'a dropped paper': sql`INSERT INTO picks (paper_id, list_day, verdict) VALUES (${first}, '2026-04-14', 'dropped')`,
    }
    for (const path of ['/feed.xml', '/feed.atom', '/feed.json']) {
      const { body } = await app.inject(path)
      expect((await app.inject(path)).body, 'nothing changed').toBe(body)
    }
    let before = (await app.inject('/feed.xml')).body
    for (const [what, change] of Object.entries(changes)) {
      await db.execute(change)
      const { body } = await app.inject('/feed.xml')
      expect(body, what).not.toBe(before)
      before = body
    }
    const german = await app.inject({ url: '/feed.xml', headers: { 'accept-language': 'de' } })
    expect(parseRssFeed(german.body).language).toBe('de')
  })

  test('as Atom has every element that RFC 4287 asks for', async ({ db, site: { app } }) => {
    await threeAndOne(db)
    const reply = await app.inject('/feed.atom')
    expect(reply.headers['content-type']).toBe('application/atom+xml; charset=utf-8')
    const feed = parseAtomFeed(reply.body)
    expect(feed).toMatchObject({
      id: `${SITE}/feed.atom`,
      title: { value: 'Paperboy: trending research papers' },
      authors: [{ name: 'Paperboy' }],
    })
    expect(feed.links?.find((link) => link.rel === 'self')?.href).toBe(`${SITE}/feed.atom`)
    expect(feed.links?.find((link) => link.rel === 'alternate')?.href).toBe(`${SITE}/`)
    expect(iso(feed.updated)).toBe(CLOSED)
    expect(feed.entries).toHaveLength(3)
    for (const [index, entry] of feed.entries!.entries()) {
      expect(entry.id).toBe(`${SITE}/papers/2604.1400${index}`)
      expect(entry.title?.value).toBeTruthy()
      expect(entry.links?.find((link) => link.rel === 'alternate')?.href).toBe(`${SITE}/papers/2604.1400${index}`)
      expect(entry.content).toMatchObject({ type: 'html', value: expect.stringContaining('<p>') })
      expect([iso(entry.updated), iso(entry.published)]).toEqual([CLOSED, CLOSED])
    }
  })

  test('as JSON Feed has every field that 1.1 asks for', async ({ db, site: { app } }) => {
    await threeAndOne(db)
    const reply = await app.inject('/feed.json')
    expect(reply.headers['content-type']).toBe('application/feed+json; charset=utf-8')
    expect(reply.json().version).toBe('https://jsonfeed.org/version/1.1')
    const feed = parseJsonFeed(reply.body)
    expect(feed).toMatchObject({ title: expect.any(String), home_page_url: `${SITE}/`, feed_url: `${SITE}/feed.json` })
    expect(feed.items).toHaveLength(3)
    for (const [index, item] of feed.items!.entries()) {
      expect(item).toMatchObject({
        id: `${SITE}/papers/2604.1400${index}`,
        url: `${SITE}/papers/2604.1400${index}`,
        external_url: 'https://arxiv.org/abs/2604.00001',
        content_html: expect.stringContaining('<p>'),
      })
      expect(iso(item.date_published)).toBe(CLOSED)
    }
  })

  test('escapes source text in every format', async ({ db, site: { app } }) => {
    await threeAndOne(db)
    const rss = parseRssFeed((await app.inject('/feed.xml')).body).items![1]!
    const atom = parseAtomFeed((await app.inject('/feed.atom')).body).entries![1]!
    const json = parseJsonFeed((await app.inject('/feed.json')).body).items![1]!
    for (const html of [rss.description, atom.content?.value, json.content_html]) {
      expect(html).toContain('1 &lt; 2 ]]&gt; &lt;script&gt;')
      expect(html).not.toContain('<script>')
    }
    expect(atom.title?.value).toBe('A <b>bold</b> & "x" paper')
    expect(json.title).toBe('A <b>bold</b> & "x" paper')
  })

  test('of a topic has that topic’s papers, and says so', async ({ db, site: { app } }) => {
    await threeAndOne(db)
    const feed = parseAtomFeed((await app.inject('/feed.atom?topic=agents')).body)
    expect(feed.title?.value).toBe('Paperboy: papers on Agents')
    expect(feed.id).toBe(`${SITE}/feed.atom?topic=agents`)
    expect(feed.entries?.map((entry) => entry.id)).toEqual([`${SITE}/papers/2604.14001`])
    expect((await app.inject('/feed.xml?topic=nothing')).statusCode).toBe(200)
    expect((await app.inject(`/feed.xml?topic=${encodeURIComponent('"><x>')}`)).statusCode).toBe(404)
  })

  test('has the language of the page that links to it, since feed readers ask for none', async ({
    db,
    site: { app },
  }) => {
    await threeAndOne(db)
    await db.execute(sql`UPDATE papers SET organization = 'Analytical Engines'`)
    for (const page of [
      '/',
      '/feeds',
      '/topics/agents',
      '/authors/Ada%20Lovelace',
      '/organisations/Analytical%20Engines',
    ])
      for (const [lang, linked] of [
        ['de', 'de'],
        ['en', null],
      ] as const) {
        const { body } = await app.inject({ url: page, headers: { 'accept-language': lang } })
        const links = [...body.matchAll(/href="(\/feed\.(?:xml|atom|json)[^"]*)"/g)].map(([, href]) =>
          href!.replaceAll('&amp;', '&'),
        )
        expect(new Set(links)).toHaveLength(3)
        for (const url of links) {
          const { searchParams } = new URL(url, SITE)
          expect([page, url, searchParams.get('lang')]).toEqual([page, url, linked])
          const feed = (await app.inject(url)).body
          expect(feed).toContain(lang === 'de' ? 'Forschungsgemeinschaft' : 'research community')
          expect(feed, 'its own address').toContain(
            `${SITE}${url.startsWith('/feed.json') ? url : url.replaceAll('&', '&amp;')}"`,
          )
        }
      }
  })

  test('is well-formed with any characters from sources and topics', async ({ db, site: { app } }) => {
    await importing(db, fixture('noncharacters.jsonl'), '2026-04-14', new Date('2026-04-15T11:00:00Z'))
    expect(await db.$count(papers)).toBe(8)
    // As an older version stored it.
    await db.execute(
      sql`UPDATE papers SET title = title || U&'\\FFFE\\0008', authors = authors || ARRAY[U&'\\FFFF'] WHERE id = 1`,
    )
    for (const url of ['/feed.xml', '/feed.atom']) {
      const { body } = await app.inject(url)
      const foreign = [...body].filter((sign) => !/[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(sign))
      expect({ url, foreign, valid: XMLValidator.validate(body) }).toEqual({ url, foreign: [], valid: true })
      expect(body).toContain('深度学习中的注意力机制')
    }
    for (const url of ['/', '/feed.json']) expect((await app.inject(url)).body).not.toMatch(/[\ufffe\uffff\0]/)
  })

  test('has no space around a value: RFC 4287 forbids it around IRIs', async ({ db, site: { app } }) => {
    await threeAndOne(db)
    await db.execute(sql`
      UPDATE papers SET topics = '{agents}', authors = ARRAY['Ada & Charles']`)
    const parser = new XMLParser({ trimValues: false, ignoreAttributes: true, parseTagValue: false })
    for (const url of ['/feed.xml?topic=agents&lang=de', '/feed.atom?topic=agents&lang=de']) {
      const { body } = await app.inject(url)
      expect(body).toContain('&amp;')
      const spaced = leaves(parser.parse(body)).filter((value) => value.trim() !== '' && value !== value.trim())
      expect([url, spaced]).toEqual([url, []])
    }
  })

  test('is complete without papers', async ({ site: { app } }) => {
    expect(parseRssFeed((await app.inject('/feed.xml')).body)).toMatchObject({ title: expect.any(String) })
    expect(iso(parseAtomFeed((await app.inject('/feed.atom')).body).updated)).toBe(CLOSED)
    expect((await app.inject('/feed.json')).json().items).toEqual([])
  })

  test.for(['/feed.xml', '/feed.atom', '/feed.json'])('%s answers 304 until it changes', async (url, { db, site }) => {
    await threeAndOne(db)
    const { headers } = await site.app.inject(url)
    expect(headers.etag).toBeTruthy()
    const again = await site.app.inject({ url, headers: { 'if-none-match': String(headers.etag) } })
    expect([again.statusCode, again.body]).toEqual([304, ''])
    const tag = String(headers.etag)
    const strong = tag.replace('W/', '')
    for (const known of [strong, `W/${strong}`, `"other", ${tag}`, `W/"a,b",${strong} , "c"`, '*'])
      for (const method of ['GET', 'HEAD'] as const) {
        const reply = await site.app.inject({ method, url, headers: { 'if-none-match': known } })
        expect([known, method, reply.statusCode, reply.body, reply.headers.etag]).toEqual([known, method, 304, '', tag])
        expect(reply.headers.vary).toBe('accept-language, cookie, accept-encoding')
        expect(reply.headers['content-length'] ?? headers['content-length'], known).toBe(headers['content-length'])
      }
    for (const other of ['"other"', strong.slice(1, -1), `x${tag}`.replaceAll('"', ''), '', '"*"'])
      expect([other, (await site.app.inject({ url, headers: { 'if-none-match': other } })).statusCode]).toEqual([
        other,
        200,
      ])
    await db.execute(sql`UPDATE papers SET title = 'Another title'`)
    const changed = await site.app.inject({ url, headers: { 'if-none-match': String(headers.etag) } })
    expect(changed.statusCode).toBe(200)
  })
})

test('an error is never “unchanged”', async ({ db, site: { app } }) => {
  await threeAndOne(db)
  for (const [url, status] of [
    ['/feed.xml?topic=..', 404],
    ['/api/v1/papers/2604.99999', 404],
    ['/api/v1/papers?limit=0', 422],
  ] as const) {
    const { headers } = await app.inject(url)
    for (const known of [String(headers.etag), '*'])
      expect([url, (await app.inject({ url, headers: { 'if-none-match': known } })).statusCode]).toEqual([url, status])
  }
})

describe('search engines', () => {
  test('find every page through the sitemap', async ({ db, site: { app } }) => {
    await threeAndOne(db)
    await addPapers(db, '2026-03-31', 1)
    const robots = await app.inject('/robots.txt')
    expect(robots.body).toContain(`Sitemap: ${SITE}/sitemap.xml`)
    const places = async (url: string) => {
      const reply = await app.inject(url)
      expect(reply.statusCode).toBe(200)
      expect(reply.headers['content-type']).toContain('application/xml')
      return [...reply.body.matchAll(/<loc>([^<]+)<\/loc>/g)].map((found) => found[1]!.replace(SITE, ''))
    }
    const files = await places('/sitemap.xml')
    expect(files).toEqual(['/sitemaps/pages.xml', '/sitemaps/2026-04.xml', '/sitemaps/2026-03.xml'])
    const pages = (await Promise.all(files.map(places))).flat()
    expect(pages.filter((page) => page.startsWith('/papers/'))).toHaveLength(5)
    for (const page of pages) {
      const { statusCode, body } = await app.inject(page)
      const [, canonical] = /<link rel="canonical" href="([^"]+)">/.exec(body) ?? []
      // Search engines drop a page that names another one as its own.
      expect([page, statusCode, canonical]).toEqual([page, 200, SITE + page])
    }
    for (const none of ['2025-01', '2026-13', 'x']) {
      expect((await app.inject(`/sitemaps/${none}.xml`)).statusCode).toBe(404)
    }
  })
})

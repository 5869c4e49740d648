import { parse } from 'csv-parse/sync'
import { eq, sql } from 'drizzle-orm'
import { XMLValidator } from 'fast-xml-parser'
import { parseAtomFeed, parseJsonFeed, parseRssFeed } from 'feedsmith'
import { describe, expect } from 'vitest'
import { mintToken, type TokenPurpose } from '../../../src/mail/tokens.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { papers } from '../../../src/runtime/db/schema.ts'
import { eraseReader } from '../../../src/subscription/erase.ts'
import { addPapers, addSubscriber, NOON } from '../../support/services.ts'
import { form, type Site, test } from '../site.ts'

const HOSTILE = '=HYPERLINK("https://evil.example") & <b>"x"</b>'

/** A reader who saved `count` papers, a minute apart, and did not save one more. The second has a hostile title. */
async function readerOf(db: Db, { services: { keys } }: Site, count = 3) {
  const ids = await addPapers(db, '2026-04-14', count + 1)
  if (count > 1) await db.update(papers).set({ title: HOSTILE }).where(eq(papers.id, ids[1]!))
  const reader = await addSubscriber(db, 'ada@example.org')
  for (const [at, id] of ids.slice(0, count).entries()) {
    const markedAt = new Date(NOON.getTime() - (count - at) * 60_000)
    await db.execute(sql`INSERT INTO marks (subscriber_id, paper_id, kind, marked_at)
      VALUES (${reader}, ${id}, 'saved', ${markedAt})`)
  }
  const token = (purpose: TokenPurpose) => mintToken(keys, purpose, reader, NOON)
  return { ids, reader, token, cookies: { '__Host-reader': token('reader') } }
}

const marks = async (db: Db) => (await db.execute<{ kind: string }>(sql`SELECT kind FROM marks`)).rows.length
const titlesOf = (body: string) => [...body.matchAll(/class="paper-title"><a[^>]*>([^<]*)/g)].map(([, title]) => title)

describe('the page of saved papers', () => {
  test('lists a reader’s own, newest first, and GET changes nothing', async ({ db, site: { app }, site }) => {
    const { cookies } = await readerOf(db, site)
    const page = await app.inject({ url: '/saved', cookies })
    expect(titlesOf(page.body)).toEqual([
      'Paper 3 of 2026-04-14',
      '=HYPERLINK(&quot;https://evil.example&quot;) &amp; &lt;b&gt;&quot;x&quot;&lt;/b&gt;',
      'Paper 1 of 2026-04-14',
    ])
    expect(page.body).not.toContain('<b>"x"')
    expect(page.body).toContain('saved on Wednesday, 15 April 2026')
    expect(page.headers).toMatchObject({ 'x-robots-tag': 'noindex', 'cache-control': 'no-store' })
    for (const url of ['/saved', '/saved.csv', '/saved?removed=1']) await app.inject({ method: 'HEAD', url, cookies })
    expect(await marks(db)).toBe(3)
  })

  test('pages on after fifty, each paper once', async ({ db, site: { app }, site }) => {
    const { cookies } = await readerOf(db, site, 53)
    const first = (await app.inject({ url: '/saved', cookies })).body
    const [, next] = /rel="next" href="([^"]+)"/.exec(first)!
    const second = (await app.inject({ url: next!, cookies })).body
    expect(titlesOf(first)).toHaveLength(50)
    expect(titlesOf(second)).toHaveLength(3)
    expect(new Set([...titlesOf(first), ...titlesOf(second)]).size).toBe(53)
    expect(second).not.toContain('rel="next"')
  })

  test('removes a paper by its button, and puts it back', async ({ db, site: { app }, site }) => {
    const { cookies, ids } = await readerOf(db, site, 1)
    const press = async (body: string, path: RegExp) => {
      const [, action, back] = path.exec(body)!
      const pressed = await app.inject({ method: 'POST', url: action!, cookies, ...form({ back: back! }) })
      expect(pressed.statusCode).toBe(303)
      return String(pressed.headers.location)
    }
    const page = (await app.inject({ url: '/saved', cookies })).body
    const after = await press(page, /action="([^"]+\/save\/undo)">\s*<input type="hidden" name="back" value="([^"]+)"/)
    expect(after).toBe(`/saved?removed=${ids[0]}`)
    expect(await marks(db)).toBe(0)
    const without = (await app.inject({ url: after, cookies })).body
    expect(without).toContain('Removed: Paper 1 of 2026-04-14')
    expect(without).toContain('Nothing saved yet')
    expect(without).not.toContain('/saved.csv')
    expect(await press(without, /action="([^"]+\/save)"><input type="hidden" name="back" value="([^"]+)"/)).toBe(
      '/saved',
    )
    expect(await marks(db)).toBe(1)
  })

  test('removing on a later page stays there while it has papers', async ({ db, site: { app }, site }) => {
    const { cookies } = await readerOf(db, site, 52)
    let [, url] = /rel="next" href="([^"]+)"/.exec((await app.inject({ url: '/saved', cookies })).body)!
    for (const left of [1, 50]) {
      const page = (await app.inject({ url: url!, cookies })).body
      const [, action, back] = /action="([^"]+\/save\/undo)">\s*<input type="hidden" name="back" value="([^"]+)"/.exec(
        page,
      )!
      const fields = form({ back: back!.replaceAll('&amp;', '&') })
      const pressed = await app.inject({ method: 'POST', url: action!, cookies, ...fields })
      url = String(pressed.headers.location)
      let after = await app.inject({ url, cookies })
      if (left === 50) after = await app.inject({ url: String(after.headers.location), cookies })
      expect(after.body).toContain('Removed: ')
      expect(titlesOf(after.body)).toHaveLength(left)
    }
  })

  test('explains itself to others, and shows them nothing', async ({ db, site: { app }, site }) => {
    const { reader } = await readerOf(db, site)
    const old = mintToken(site.services.keys, 'reader', reader, new Date('2025-01-01'))
    for (const cookies of [{}, { '__Host-reader': old }, { '__Host-reader': 'forged' }]) {
      const page = await app.inject({ url: '/saved', cookies })
      expect(page.statusCode).toBe(200)
      expect(page.body).toContain('Tap “Save” in any digest once')
      expect(page.body).toContain('href="/manage"')
      expect(page.body).not.toContain('Paper 1 of')
      for (const ending of ['bib', 'ris', 'csv', 'json']) {
        const file = await app.inject({ url: `/saved.${ending}`, cookies })
        expect([file.statusCode, file.headers.location]).toEqual([302, '/saved'])
      }
    }
  })

  test('is empty for a reader who was erased', async ({ db, site: { app }, site }) => {
    const { cookies, reader } = await readerOf(db, site)
    await eraseReader(site.services, reader)
    expect((await app.inject({ url: '/saved', cookies })).body).toContain('Nothing saved yet')
  })

  test('speaks German', async ({ db, site: { app }, site }) => {
    const { cookies } = await readerOf(db, site)
    const headers = { 'accept-language': 'de' }
    expect((await app.inject({ url: '/saved', cookies, headers })).body).toContain('<h1>Gemerkte Artikel</h1>')
    expect((await app.inject({ url: '/saved', headers })).body).toContain('Artikel für später merken')
  })
})

describe('exported', () => {
  const file = async ({ app }: Site, cookies: Record<string, string>, ending: string) => {
    const reply = await app.inject({ url: `/saved.${ending}`, cookies })
    expect(reply.headers).toMatchObject({
      'content-disposition': `attachment; filename="saved.${ending}"`,
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex',
    })
    return reply
  }

  test('as BibTeX, each paper has an entry with a key of its own', async ({ db, site }) => {
    const { cookies } = await readerOf(db, site)
    await db.execute(sql`UPDATE papers SET title = 'Strips as tokens' WHERE id <> 2`)
    const reply = await file(site, cookies, 'bib')
    expect(reply.headers['content-type']).toBe('application/x-bibtex; charset=utf-8')
    const keys = [...reply.body.matchAll(/^@misc\{([^,]+),$/gm)].map(([, key]) => key)
    expect(keys).toEqual(['lovelace2026strips', 'lovelace2026hyperlink', 'lovelace2026strips-2'])
    expect(reply.body.match(/^\}$/gm)).toHaveLength(3)
  })

  test('as RIS, each record begins and ends', async ({ db, site }) => {
    const { cookies } = await readerOf(db, site)
    const { body } = await file(site, cookies, 'ris')
    const records = body.split(/^ER {2}- \r\n/m).slice(0, -1)
    expect(records).toHaveLength(3)
    for (const record of records)
      expect(record.trimStart()).toMatch(/^TY {2}- UNPB\r\nTI {2}- .+\r\nAU {2}- Lovelace, Ada\r\n/)
    expect(records[0]).toContain('AB  - We show something. It works.')
  })

  test('as CSV, no cell runs as a formula', async ({ db, site }) => {
    const { cookies, ids } = await readerOf(db, site)
    await db
      .update(papers)
      .set({ authors: ['+Ada', '@Bob'], organization: '-1' })
      .where(eq(papers.id, ids[2]!))
    const { body, headers } = await file(site, cookies, 'csv')
    expect(headers['content-type']).toBe('text/csv; charset=utf-8')
    const rows: Record<string, string>[] = parse(body, { columns: true, bom: true })
    expect(rows.map((row) => row.title)).toEqual(['Paper 3 of 2026-04-14', `'${HOSTILE}`, 'Paper 1 of 2026-04-14'])
    expect(rows[0]).toMatchObject({ authors: "'+Ada; @Bob", organization: "'-1", savedAt: '2026-04-15T11:59:00.000Z' })
    expect(rows[2]).toMatchObject({
      arxivId: 'arXiv:2604.14000',
      doi: '10.48550/arXiv.2604.14000',
      listDay: '2026-04-14',
    })
    expect(
      Object.values(rows)
        .flatMap((row) => Object.values(row))
        .filter((cell) => /^[=+\-@\t\r]/.test(cell)),
    ).toEqual([])
  })

  test('as CSV, it survives a spreadsheet: letters, numbers and thousands of authors', async ({ db, site }) => {
    const { cookies, ids } = await readerOf(db, site, 1)
    const authors = Array.from({ length: 3_295 }, (_, n) => `Baptiste Rozière ${n}`)
    await db.update(papers).set({ authors, sourceId: '2604.00010' }).where(eq(papers.id, ids[0]!))
    const { body, rawPayload } = await file(site, cookies, 'csv')
    expect(rawPayload.subarray(0, 3), 'or Excel reads it as Windows-1252').toEqual(Buffer.from([0xef, 0xbb, 0xbf]))
    const [row] = parse(body, { columns: true, bom: true }) as [Record<string, string>]
    expect(row.savedAt).toBe('2026-04-15T11:59:00.000Z')
    expect(
      Object.values(row).filter((cell) => /^[\d.]+$/.test(cell)),
      'numbers',
    ).toEqual([])
    expect(row.arxivId).toBe('arXiv:2604.00010')
    expect(row.authors!.length, 'what fits in a cell').toBeLessThanOrEqual(32_767)
    expect(row.authors).toMatch(/^Baptiste Rozière 0; .*; Baptiste Rozière \d+; …$/)
  })

  test('as JSON, each paper has its facts', async ({ db, site }) => {
    const { cookies } = await readerOf(db, site)
    const saved = (await file(site, cookies, 'json')).json().papers
    expect(saved).toHaveLength(3)
    expect(saved[1].title).toBe(HOSTILE)
    expect(saved[2]).toMatchObject({
      savedAt: '2026-04-15T11:57:00.000Z',
      authors: ['Ada Lovelace', 'Charles Babbage'],
      abstract: 'We show something. It works.',
      page: 'https://paperboy.example/papers/2604.14000',
    })
  })

  test('it is whole, beyond a page', async ({ db, site }) => {
    const { cookies } = await readerOf(db, site, 60)
    expect((await file(site, cookies, 'json')).json().papers).toHaveLength(60)
    expect(parse((await file(site, cookies, 'csv')).body)).toHaveLength(61)
  })
})

describe('the private feed', () => {
  const linksOf = async ({ app }: Site, cookies: Record<string, string>) => {
    const { body } = await app.inject({ url: '/saved', cookies })
    return [...body.matchAll(/<a href="(\/saved\/[^"]+)"/g)].map(([, href]) => href!)
  }

  test('is valid as RSS, Atom and JSON, needs no cookie, and is not cached or indexed', async ({ db, site }) => {
    const { cookies } = await readerOf(db, site)
    const links = await linksOf(site, cookies)
    const replies = await Promise.all(links.map((url) => site.app.inject(url)))
    for (const { headers, statusCode } of replies) {
      expect(statusCode).toBe(200)
      expect(headers).toMatchObject({ 'x-robots-tag': 'noindex', 'cache-control': 'no-store' })
    }
    const [rss, atom, json] = replies.map(({ body }) => body) as [string, string, string]
    expect(XMLValidator.validate(rss)).toBe(true)
    expect(XMLValidator.validate(atom)).toBe(true)
    expect(parseRssFeed(rss).items).toHaveLength(3)
    expect(parseAtomFeed(atom)).toMatchObject({
      id: `https://paperboy.example${links[1]}`,
      title: { value: 'Paperboy: your saved papers' },
      updated: '2026-04-15T11:59:00.000Z',
    })
    expect(parseJsonFeed(json).items!.map(({ title }) => title)).toContain(HOSTILE)
  })

  test('has the same links on every visit, and answers 304 while unchanged', async ({ db, site }) => {
    const { cookies } = await readerOf(db, site)
    const [url] = await linksOf(site, cookies)
    expect((await linksOf(site, cookies))[0]).toBe(url)
    const { etag } = (await site.app.inject(url!)).headers
    const headers = { 'if-none-match': String(etag) }
    expect((await site.app.inject({ url: url!, headers })).statusCode).toBe(304)
    await db.execute(sql`DELETE FROM marks WHERE paper_id = 1`)
    expect((await site.app.inject({ url: url!, headers })).statusCode).toBe(200)
  })

  test('opens by no other token, and its token opens nothing else', async ({ db, site }) => {
    const { cookies, token } = await readerOf(db, site)
    for (const purpose of ['vote', 'reader', 'preferences', 'unsubscribe', 'manage'] as const)
      expect((await site.app.inject(`/saved/${token(purpose)}/feed.xml`)).statusCode).toBe(404)
    const [, feed] = /^\/saved\/([^/]+)\//.exec((await linksOf(site, cookies))[0]!)!
    for (const path of ['preferences', 'unsubscribe', 'votes', 'manage', 'papers/2604.14000/save'])
      expect((await site.app.inject(`/${path}/${feed}`)).statusCode).toBe(404)
    expect((await site.app.inject({ url: '/saved', cookies: { '__Host-reader': feed! } })).body).toContain('Tap “Save”')
    expect(site.logged()).not.toContain(feed)
  })

  test('ends with its reader’s erasure, and is empty but valid without papers', async ({ db, site }) => {
    const { cookies, reader } = await readerOf(db, site)
    const links = await linksOf(site, cookies)
    await db.execute(sql`DELETE FROM marks`)
    expect(parseAtomFeed((await site.app.inject(links[1]!)).body).title?.value).toBe('Paperboy: your saved papers')
    expect((await site.app.inject(links[2]!)).json().items).toEqual([])
    await eraseReader(site.services, reader)
    for (const url of links) expect((await site.app.inject(url)).statusCode).toBe(404)
  })
})

describe('on lists and papers', () => {
  test('Save returns to the list and shows the state; others read how to save', async ({ db, site: { app }, site }) => {
    const { cookies } = await readerOf(db, site, 1)
    const back = '/papers?date=2026-04-14#p2'
    const url = '/papers/2604.14001/save'
    const pressed = await app.inject({ method: 'POST', url, cookies, ...form({ back }) })
    expect(pressed.headers.location).toBe(back)
    const list = (await app.inject({ url: '/papers?date=2026-04-14', cookies })).body
    expect(list).toContain('action="/papers/2604.14001/save/undo"')
    expect(list).toContain('action="/papers/2604.14001/not-interested"')
    expect((await app.inject({ url: '/papers/2604.14001', cookies })).body).toContain('/papers/2604.14001/save/undo"')
    const stranger = (await app.inject('/papers?date=2026-04-14')).body
    expect(stranger).not.toContain('/undo"')
    expect(stranger).not.toContain('/not-interested"')
    expect((await app.inject({ method: 'POST', url })).headers.location).toBe(url)
    expect((await app.inject(url)).body).toContain('Save papers for later')
  })

  test.for(['//evil.example', '/\\evil.example', 'https://evil.example/'])(
    'Save returns nowhere else: %s',
    async (back, { db, site: { app }, site }) => {
      const { cookies } = await readerOf(db, site, 1)
      const url = '/papers/2604.14001/save'
      const pressed = await app.inject({ method: 'POST', url, cookies, ...form({ back }) })
      expect(pressed.headers.location).toBe(url)
    },
  )

  test('the header leads to them', async ({ site: { app } }) => {
    expect((await app.inject('/subscribe')).body).toMatch(/<nav class="sections"[\s\S]+<a href="\/saved">Saved<\/a>/)
    const here = (await app.inject('/saved')).body
    expect(here).toContain('<a href="/saved" aria-current="true">Saved</a>')
  })
})

import { sql } from 'drizzle-orm'
import { HtmlValidate } from 'html-validate'
import { describe, expect } from 'vitest'
import { preview } from '../../../src/delivery/preview/preview.ts'
import { mintToken } from '../../../src/mail/tokens.ts'
import { LOCALES, messagesIn } from '../../../src/messages/catalogue.ts'
import { indexPapers } from '../../../src/papers/search/index-papers.ts'
import { addPapers, addSubscriber, NOON, releasedEdition } from '../../support/services.ts'
import { test } from '../site.ts'
import { PAGE_RULES } from '../valid-html.ts'

describe('a paper’s page', () => {
  test('has its abstract, authors, votes over time, editions and links', async ({ db, site }) => {
    await releasedEdition(site.services, '2026-04-14', 2)
    await db.execute(sql`
      UPDATE papers SET abstract = 'We get $\\mu^2$ at 60\\% and <think> it works.', code_url = 'https://a.example/code', topics = '{agents}'`)
    await db.execute(sql`
      INSERT INTO signals (paper_id, observed_at, votes, origin) VALUES (1, '2026-04-14T08:00Z', 12, 'file'), (1, '2026-04-14T20:00Z', 61, 'file')`)
    const { body, headers } = await site.app.inject('/papers/2604.14000')
    expect(body).toContain('We get <math><msup><mi>μ</mi><mn>2</mn></msup></math> at 60% and &lt;think&gt; it works.')
    expect(body).toContain('<a href="/authors/Ada%20Lovelace" dir="auto">Ada Lovelace</a>')
    expect(body).toContain('<polyline')
    expect(body).toMatch(/14 April 2026, 08:00<\/time><\/td><td>12</)
    expect(body).toMatch(/Daily, Tuesday, 14 April 2026<\/a> <span>1 of 2</)
    expect(body).toContain('href="/editions/2026-04-14"')
    expect(body).toContain('href="https://a.example/code"')
    expect(body).toContain('href="/topics/agents"')
    expect(body).toContain('<meta property="og:title" content="Paper 1 of 2026-04-14">')
    expect(body).toContain('<meta property="og:url" content="https://paperboy.example/papers/2604.14000">')
    expect(headers['cache-control']).toContain('public')
  })

  test('is at its arXiv id; its number here and other forms of the id lead there for good', async ({ db, site }) => {
    const [id] = await addPapers(db, '2026-04-14', 1)
    const link = encodeURIComponent('https://arxiv.org/pdf/2604.14000v3.pdf')
    for (const other of [id, '2604.14000v2', 'arXiv:2604.14000', link]) {
      const { statusCode, headers } = await site.app.inject(`/papers/${other}`)
      expect([other, statusCode, headers.location]).toEqual([other, 301, '/papers/2604.14000'])
    }
    const { statusCode, body } = await site.app.inject('/papers/2604.14000')
    expect(statusCode).toBe(200)
    expect(body).toContain('<link rel="canonical" href="https://paperboy.example/papers/2604.14000">')
    expect(body).not.toContain(`/papers/${id}"`)
  })

  test('of an old id has its slash encoded, and one without an arXiv id keeps its number', async ({
    db,
    site: { app },
  }) => {
    const [old, unnamed] = await addPapers(db, '2026-04-14', 2)
    await db.execute(sql`UPDATE papers SET source_id = 'hep-th/9901001' WHERE id = ${old}`)
    await db.execute(sql`UPDATE papers SET source = 'title', source_id = repeat('ab', 16) WHERE id = ${unnamed}`)
    expect((await app.inject(`/papers/${old}`)).headers.location).toBe('/papers/hep-th%2F9901001')
    for (const url of ['/papers/hep-th%2F9901001', '/papers/hep-th/9901001', `/papers/${unnamed}`])
      expect([url, (await app.inject(url)).statusCode]).toEqual([url, 200])
    const card = /content="https:\/\/paperboy\.example(\/cards\/[^"]+)"/.exec(
      (await app.inject('/papers/hep-th%2F9901001')).body,
    )![1]!
    // Some proxies decode %2F, in whatever is below a paper's address.
    for (const encode of [(url: string) => url, (url: string) => url.replace('%2F', '/')])
      for (const url of [
        '/papers/hep-th%2F9901001/vote',
        '/papers/hep-th%2F9901001/save',
        '/papers/hep-th%2F9901001/cite.bib',
        '/papers/hep-th%2F9901001/cite.ris',
        '/api/v1/papers/hep-th%2F9901001',
        card,
      ]) {
        const reply = await app.inject(encode(url))
        expect([encode(url), reply.statusCode]).toEqual([encode(url), 200])
      }
    for (const other of ['/papers/hep-th/9901001v2', '/papers/hep-th.XX/9901001?lang=de'])
      expect((await app.inject(other)).headers.location).toBe('/papers/hep-th%2F9901001')
  })

  test('is what every link to it is: lists, search, sitemap, feeds, API, the digest', async ({ db, site }) => {
    const { app, services } = site
    await releasedEdition(services, '2026-04-14', 2)
    const urls = [
      '/',
      '/papers?week=2026-W16',
      '/search?q=paper',
      '/sitemaps/2026-04.xml',
      '/feed.xml',
      '/feed.atom',
      '/feed.json',
    ]
    for (const url of [
      ...urls,
      '/api/v1/papers',
      '/api/v1/papers/2604.14000',
      '/editions/2026-04-14',
      '/papers/2604.14001',
    ]) {
      const { body } = await app.inject(url)
      expect({ url, numbers: body.match(/\/papers\/\d+(?![\d.]|$)/g) }).toEqual({ url, numbers: null })
      expect({ url, named: body.includes('/papers/2604.1400') || url === '/editions/2026-04-14' }).toEqual({
        url,
        named: true,
      })
    }
    const reader = await addSubscriber(db, 'ada@example.org')
    const { text } = await preview(services, { kind: 'daily', date: '2026-04-14' }, undefined, {
      size: 2,
      format: 'text',
    })
    expect(text).toContain('https://paperboy.example/papers/2604.14000/vote/')
    const token = mintToken(services.keys, 'vote', reader, NOON)
    for (const paper of ['1', '2604.14000']) {
      const { statusCode, headers } = await app.inject({ method: 'POST', url: `/papers/${paper}/vote/${token}` })
      expect([statusCode, headers.location]).toEqual([303, `/papers/2604.14000/vote/${token}`])
    }
  })

  test.for(['0', '999', '1e3', '-1', 'abc', '2507.99999', '123456789012345678901', "1'"])(
    '%s is none, and says so',
    async (id, { site: { app } }) => {
      const { statusCode, body } = await app.inject(`/papers/${encodeURIComponent(id)}`)
      expect(statusCode).toBe(404)
      expect(body).toContain('We don’t have this paper')
    },
  )

  test('with one reading of votes draws no line, and with none says so', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 1)
    expect((await app.inject('/papers/2604.14000')).body).toContain(
      '100 votes on the community’s list, recorded 15 April 2026, 02:00 UTC',
    )
    await db.execute(sql`DELETE FROM signals`)
    const { body } = await app.inject('/papers/2604.14000')
    expect(body).toContain('No votes yet.')
    expect(body).not.toMatch(/polyline|undefined|NaN/)
  })
})

describe('the search page', () => {
  test('searches for the first words of a text that is too long, such as a pasted abstract', async ({
    db,
    site: { app },
  }) => {
    await addPapers(db, '2026-04-14', 2)
    const abstract = `${'Small models forget what they learn. '.repeat(8)}Steadfastness helps. ${'It works. '.repeat(400)}`
    await db.execute(sql`UPDATE papers SET abstract = ${abstract} WHERE id = 2`)
    const { body } = await app.inject(`/search?q=${encodeURIComponent(abstract)}`)
    expect(body).toContain('href="/papers/2604.14001"')
    expect(body, 'all words').toContain('>1 paper<')
    expect((await app.inject(`/topics?q=${encodeURIComponent(abstract)}`)).body).toContain('Small models forget')
  })

  test('marks the words it found, as text', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 2)
    await db.execute(
      sql`UPDATE papers SET title = 'Quantum <i>moles</i> dig', abstract = 'Moles <b>dig</b>.' WHERE id = 1`,
    )
    const { body } = await app.inject('/search?q=mole')
    expect(body).toMatch(/<mark>moles<\/mark>/)
    expect(body).not.toMatch(/<i>|<b>/)
    expect(body).toContain('href="/papers/2604.14000"')
    expect(body).not.toContain('href="/papers/2604.14001"')
  })

  test('passes its filters on to the next page', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 50)
    await db.execute(sql`UPDATE papers SET topics = '{agents}', code_url = 'https://a.example'`)
    const seen = new Set<string>()
    let next: string | undefined = '/search?topic=agents&code=1&from=2026-04-01&to=2026-04-30'
    for (let page = 0; next && page < 10; page++) {
      const body: string = (await app.inject(next)).body
      for (const [, id] of body.matchAll(/class="paper" id="p(\d+)"/g)) {
        expect(seen.has(id!)).toBe(false)
        seen.add(id!)
      }
      next = /rel="next" href="([^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&')
      if (next) expect(next).toContain('topic=agents')
    }
    expect(seen.size).toBe(50)
  })

  test('opens the paper of an arXiv link or DOI, and offers to suggest an unknown one', async ({
    db,
    site: { app },
  }) => {
    await addPapers(db, '2026-04-14', 1)
    for (const q of ['arxiv.org/abs/2604.14000v2', 'https://doi.org/10.48550/arXiv.2604.14000', '2604.14000']) {
      const { statusCode, headers } = await app.inject(`/search?q=${encodeURIComponent(q)}`)
      expect([q, statusCode, headers.location]).toEqual([q, 302, '/papers/2604.14000'])
    }
    await db.execute(sql`UPDATE papers SET source = 'doi', source_id = '10.1000/abc'`)
    expect((await app.inject('/search?q=https://doi.org/10.1000/ABC')).headers.location).toBe('/papers/10.1000/abc')
    const { body } = await app.inject('/search?q=arxiv.org/abs/2604.99999')
    expect(body).toContain('We don’t have 2604.99999 yet')
    expect(body).toContain('href="/submit?paper=2604.99999"')
    expect((await app.inject('/submit?paper=2604.99999')).body).toContain('value="2604.99999"')
  })

  test('counts what it found, and marks papers with only some of the words', async ({ db, site: { app } }) => {
    const [id] = await addPapers(db, '2026-04-14', 4)
    await db.execute(sql`UPDATE papers SET title = 'Quantum moles' WHERE id = ${id}`)
    await db.execute(sql`UPDATE papers SET title = 'Quantum frogs' WHERE id = ${id! + 1}`)
    await indexPapers({ db })
    const one = (await app.inject('/search?q=quantum+moles')).body
    expect(one).toContain('1 paper with all of these words')
    expect(one.indexOf('id="p1"')).toBeLessThan(one.indexOf('Papers with some of these words'))
    expect(one.indexOf('id="p2"')).toBeGreaterThan(one.indexOf('Papers with some of these words'))
    expect((await app.inject('/search?q=quantum+unheard')).body).toContain('No paper has all of these words.')
    const both = (await app.inject('/search?q=quantum')).body
    expect(both).toContain('>2 papers<')
    expect(both).not.toContain('some of these words')
    const api = (await app.inject('/api/v1/search?q=quantum+moles')).json()
    expect(api.papers.map((paper: { match: string }) => paper.match)).toEqual(['all', 'some'])
    expect(api.total).toEqual({ all: 1, approximate: false, some: 1, listed: 2 })
  })

  test('shows which words it corrected, and searches for the others on request', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 30)
    await db.execute(sql`UPDATE papers SET title = 'Quantum <moles>'`)
    await indexPapers({ db })
    const { body } = await app.inject('/search?q=quantun')
    expect(body).toContain('Showing results for <a href="/search?q=quantum"><strong>quantum</strong></a>')
    expect(body).toMatch(/Search instead for <a rel="nofollow" href="(\/search\?q=quantun&amp;exact=1)">quantun<\/a>/)
    expect((await app.inject('/search?q=quantun&exact=1')).body).toContain('No papers found')
    const [, next] = /rel="next" href="([^"]+)"/.exec(body)!
    expect((await app.inject(next!.replaceAll('&amp;', '&'))).body).toContain('Showing results for')
  })

  test('orders by a link, and keeps the order', async ({ db, site: { app } }) => {
    const [old] = await addPapers(db, '2026-04-13', 1)
    await addPapers(db, '2026-04-14', 30)
    await db.execute(sql`UPDATE papers SET title = 'Something' WHERE id = ${old}`)
    const first = (body: string) => Number(/id="p(\d+)"/.exec(body)![1])
    const best = (await app.inject('/search?q=something')).body
    expect(first(best)).toBe(old)
    const [, link] = /href="(\/search[^"]*order=date[^"]*)"/.exec(best)!
    const newest = (await app.inject(link!.replaceAll('&amp;', '&'))).body
    expect(first(newest)).not.toBe(old)
    expect(newest).toContain('<input type="hidden" name="order" value="date">')
    expect(/rel="next" href="([^"]+)"/.exec(newest)![1]).toContain('order=date')
  })

  test.for(['"', '&', '-', '"unclosed', "' OR 1=1 --", '%00', '<script>', '\\', '🜁', 'a'.repeat(900)])(
    'takes anything for words (%s)',
    async (q, { site: { app } }) => {
      const url = `/search?q=${q === '%00' ? q : encodeURIComponent(q)}&from=yesterday&after=nonsense&topic='`
      const { statusCode, body } = await app.inject(url)
      expect(statusCode).toBe(200)
      expect(body).toContain('No papers found')
      expect(body).not.toContain('<script>')
    },
  )
})

test('topics have their papers, the newest first, and a feed of their own', async ({ db, site: { app } }) => {
  await addPapers(db, '2026-04-13', 2)
  await addPapers(db, '2026-04-14', 2)
  await db.execute(sql`UPDATE papers SET topics = '{video-generation}'`)
  expect((await app.inject('/topics')).body).toContain('href="/topics/video-generation"')
  const { body } = await app.inject('/topics/video-generation')
  expect(body).toContain('Video generation')
  expect(body).toContain('href="/feed.atom?topic=video-generation"')
  expect([...body.matchAll(/id="p(\d+)"/g)].map((found) => Number(found[1]))).toEqual([4, 3, 2, 1])
  expect((await app.inject('/topics/nothing')).statusCode).toBe(404)
})

describe('as JSON', () => {
  test('lists, one paper, search and topics', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 3)
    await db.execute(sql`UPDATE papers SET topics = '{agents}'`)
    const list = (await app.inject('/api/v1/papers?date=2026-04-14&limit=2')).json()
    expect(list).toMatchObject({ kind: 'day', name: '2026-04-14', open: false, total: 3, next: 2 })
    expect(list.papers.map((paper: { id: number }) => paper.id)).toEqual([1, 2])
    const rest = (await app.inject('/api/v1/papers?date=2026-04-14&limit=2&after=2')).json()
    expect(rest.papers.map((paper: { id: number }) => paper.id)).toEqual([3])
    // A paper that left the list since: the first page would come twice.
    for (const span of ['date=2026-04-14', 'month=2026-04'])
      expect((await app.inject(`/api/v1/papers?${span}&after=77`)).json()).toMatchObject({
        status: 422,
        code: 'BAD_CURSOR',
      })
    expect((await app.inject('/api/v1/papers?month=2026-04')).json()).toMatchObject({ kind: 'month', total: 3 })
    expect((await app.inject('/api/v1/papers/1')).json()).toMatchObject({
      title: 'Paper 1 of 2026-04-14',
      abstract: 'We show something. It works.',
      history: [{ at: '2026-04-15T02:00:00.000Z', votes: 100 }],
    })
    expect((await app.inject('/api/v1/search?q=something')).json().papers).toHaveLength(3)
    expect((await app.inject('/api/v1/topics')).json()).toEqual({
      topics: [{ slug: 'agents', name: 'Agents', papers: 3 }],
    })
  })

  test.for(['/papers?date=2026-02-30', '/papers?week=16', '/papers?limit=1000', '/search?from=x'])(
    'names the field of %s',
    async (path, { site: { app } }) => {
      const reply = await app.inject(`/api/v1${path}`)
      expect(reply.statusCode).toBe(422)
      expect(reply.json().errors[0].field).toMatch(/^(date|week|limit|from)$/)
    },
  )

  test('a reader votes, lists votes and undoes one', async ({ db, site: { app, services } }) => {
    const [id] = await addPapers(db, '2026-04-14', 1)
    const reader = await addSubscriber(db, 'ada@example.org')
    const cookies = { '__Host-reader': mintToken(services.keys, 'reader', reader, NOON) }
    const url = `/api/v1/votes/${id}`
    expect((await app.inject({ method: 'PUT', url })).statusCode).toBe(403)
    expect((await app.inject({ method: 'PUT', url, cookies })).statusCode).toBe(204)
    expect((await app.inject({ url: '/api/v1/votes', cookies })).json().papers).toMatchObject([
      { id, votes: 101, castAt: NOON.toISOString() },
    ])
    expect((await app.inject({ method: 'DELETE', url, cookies })).statusCode).toBe(204)
    expect((await app.inject({ url: '/api/v1/votes', cookies })).json().papers).toEqual([])
    expect((await app.inject({ method: 'PUT', url: '/api/v1/votes/999', cookies })).statusCode).toBe(404)
  })
})

const validator = new HtmlValidate(PAGE_RULES)

test('every page is valid HTML, in all languages, with its words in the language it says', {
  timeout: 120_000,
}, async ({ db, site }) => {
  await releasedEdition(site.services, '2026-04-13', 2)
  await releasedEdition(site.services, '2026-04-14', 3)
  await db.execute(sql`
    INSERT INTO signals (paper_id, observed_at, votes, origin) SELECT 1, timestamptz '2026-04-13 06:00Z' + n * interval '4 hours', n, 'file' FROM generate_series(1, 4) n`)
  await db.execute(sql`UPDATE papers SET topics = '{agents}', title = title || ' & <b> "x"'`)
  await indexPapers({ db })
  const reader = await addSubscriber(db, 'ada@example.org')
  const vote = mintToken(site.services.keys, 'vote', reader, NOON)
  const pages = [
    ...[
      '/',
      '/papers?date=2026-04-13',
      '/papers?week=2026-W16',
      '/papers?month=2026-04',
      '/papers/2604.13000',
      '/papers/2604.13000/vote',
    ],
    ...[
      `/papers/2604.13000/vote/${vote}`,
      '/votes',
      '/saved',
      '/for-you',
      `/votes/${vote}`,
      '/search',
      '/search?q=paper&from=x',
      '/search?q=nothing',
      '/search?q=paper+nothing',
      '/search?q=papre',
      '/search?q=2604.99999',
    ],
    ...['/topics', '/topics/agents', '/feeds', '/editions', '/papers?date=2001-01-01', '/papers?week=x', '/papers/999'],
    ...['/about', '/editions/2026-04-14', '/authors/Ada%20Lovelace', '/authors/Nemo', '/subscribe', '/nothing/here'],
  ]
  for (const language of LOCALES) {
    await db.execute(sql`UPDATE subscribers SET locale = ${language}`)
    for (const url of pages) {
      const { body } = await site.app.inject({ url, headers: { 'accept-language': language } })
      const { results } = await validator.validateString(body)
      const problems = results.flatMap(({ messages }) => messages.map((each) => `${each.ruleId}: ${each.message}`))
      expect({ url, language, problems }).toEqual({ url, language, problems: [] })
      expect(body).toContain(`<html lang="${messagesIn(language).lang}">`)
      expect(body).toContain(messagesIn(language).layout.archive)
      expect(body).not.toMatch(/undefined|\[object|NaN| style="|<script>| on\w+="/)
    }
  }
})

test('a search for a topic, author or organisation leads to its page too', async ({ db, site: { app, services } }) => {
  await addPapers(db, '2026-04-14', 1)
  await db.execute(sql`UPDATE papers SET organization = 'Analytical Engines'`)
  await indexPapers(services)
  const leadsOf = async (q: string, lang = 'en') =>
    [
      ...(await app.inject(`/search?q=${encodeURIComponent(q)}&lang=${lang}`)).body.matchAll(
        /class="leads"><li><a href="([^"]+)"/g,
      ),
    ].map(([, href]) => href)
  expect(await leadsOf('video generation')).toEqual(['/topics/video-generation'])
  // In the page's language and in English, also without a paper.
  expect(await leadsOf('强化学习', 'zh')).toEqual(['/topics/reinforcement-learning'])
  expect(await leadsOf('Reinforcement learning', 'zh')).toEqual(['/topics/reinforcement-learning'])
  expect(await leadsOf('ada lovelace')).toEqual(['/authors/Ada%20Lovelace'])
  expect(await leadsOf('analytical engines')).toEqual(['/organisations/Analytical%20Engines'])
  expect(await leadsOf('lovelace')).toEqual([])
})

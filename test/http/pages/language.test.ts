import { describe, expect } from 'vitest'
import { mintToken } from '../../../src/mail/tokens.ts'
import { LOCALES } from '../../../src/messages/catalogue.ts'
import { papers, subscribers } from '../../../src/runtime/db/schema.ts'
import { addPapers } from '../../support/services.ts'
import { everyPage } from '../every-page.ts'
import { form, siteOn, test } from '../site.ts'

const RTL = 'نماذج لغوية كبيرة'
const OWN = { 'sec-fetch-site': 'same-origin' }

describe('the choice of a language', () => {
  test('is a button at the foot of each page, remembered without an account', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 3)
    const post = (fields: Record<string, string>, headers = {}) => {
      const { payload, headers: type } = form(fields)
      return app.inject({ method: 'POST', url: '/language', payload, headers: { ...type, ...OWN, ...headers } })
    }
    const { body } = await app.inject('/papers?date=2026-04-14')
    expect(body.match(/name="lang" value="(\w+)" lang="\1">[^<]+/g)).toHaveLength(LOCALES.length - 1)
    expect(body).toContain('<strong aria-current="true">English</strong>')
    expect(body).toContain('<input type="hidden" name="back" value="/papers?date=2026-04-14">')

    const chosen = await post({ lang: 'fr', back: '/papers?date=2026-04-14&lang=de' })
    expect([chosen.statusCode, chosen.headers.location]).toEqual([303, '/papers?date=2026-04-14'])
    const [cookie] = chosen.cookies
    expect(cookie).toMatchObject({ value: 'fr', httpOnly: true, sameSite: 'Lax', maxAge: 365 * 86_400 })
    const cookies = { [cookie!.name]: 'fr' }
    const page = await app.inject({ url: '/', cookies, headers: { 'accept-language': 'de' } })
    expect(page.body).toContain('<html lang="fr">')
    expect(page.headers.vary).toContain('cookie')
    expect((await app.inject({ url: '/feed.atom', cookies })).headers.vary).toContain('cookie')
    // The address asks louder than the cookie; an unknown language asks nothing.
    expect((await app.inject({ url: '/?lang=zh', cookies })).body).toContain('<html lang="zh-CN">')
    expect((await app.inject({ url: '/?lang=tlh', cookies })).body).toContain('<html lang="fr">')

    expect((await post({ lang: 'tlh', back: '/' })).statusCode).toBe(400)
    expect((await post({ lang: 'fr', back: '//elsewhere.example' })).headers.location).toBe('/')
    expect((await post({ lang: 'fr', back: '/' }, { 'sec-fetch-site': 'cross-site' })).cookies).toEqual([])
  })

  test('has an address for search engines, and no GET remembers it', async ({ db, site: { app } }) => {
    await addPapers(db, '2026-04-14', 70)
    await db.update(papers).set({ topics: ['agents'] })
    const behind = encodeURIComponent('2026-04-14:30')
    for (const [url, canonical] of [
      ['/papers?date=2026-04-14', '/papers?date=2026-04-14'],
      ['/papers?date=2026-04-14&lang=de', '/papers?date=2026-04-14&amp;lang=de'],
      ['/?lang=es', '/?lang=es'],
      ['/topics?lang=zh', '/topics?lang=zh'],
      [`/topics/agents?after=${behind}`, `/topics/agents?after=${behind}`],
      [`/authors/Ada%20Lovelace?after=${behind}&lang=de`, `/authors/Ada%20Lovelace?after=${behind}&amp;lang=de`],
      ['/papers?month=2026-04&after=61', '/papers?month=2026-04&amp;after=61'],
      ['/papers?month=2026-04&after=999999', '/papers?month=2026-04'],
      ['/topics/agents?after=nothing', '/topics/agents'],
      ['/authors/Ada%20Lovelace?after=nothing', '/authors/Ada%20Lovelace'],
    ] as const) {
      const { body, cookies } = await app.inject(url)
      expect(cookies).toEqual([])
      expect(body).toContain(`<link rel="canonical" href="https://paperboy.example${canonical}">`)
      const alternates = [...body.matchAll(/<link rel="alternate" hreflang="([\w-]+)" href="([^"]+)">/g)]
      expect(alternates.map(([, lang]) => lang)).toEqual(['x-default', ...LOCALES])
      const german = alternates[2]![2]!.replace('https://paperboy.example', '').replaceAll('&amp;', '&')
      expect((await app.inject(german)).body).toContain('<html lang="de">')
    }
  })

  test('that an address makes is that of the sign-up on its page', async ({ db, site: { app } }) => {
    const headers = { 'accept-language': 'en' }
    for (const [url, email] of [
      ['/?lang=de', 'ada@exmaple.org'],
      ['/embed?lang=de', 'grace@example.org'],
    ] as const) {
      const { body } = await app.inject({ url, headers })
      const action = /<form class="sign-up" method="post" action="([^"]+)"/.exec(body)![1]!
      const { payload, headers: type } = form({ email })
      const reply = await app.inject({ method: 'POST', url: action, payload, headers: { ...headers, ...type } })
      expect(reply.statusCode).toBe(303)
      const next = await app.inject({ url: reply.headers.location!, headers })
      expect(next.body).toContain('<html lang="de">')
      for (const [, href] of next.body.matchAll(/href="([^"]+)">Adresse ändern/g))
        expect((await app.inject({ url: href!, headers })).body).toContain('<html lang="de">')
    }
    expect((await db.select().from(subscribers)).map(({ locale }) => locale)).toEqual(['de', 'de'])
  })

  test('is not shown by a newsletter of one language, nor on a page that a token opens', async ({ db, site }) => {
    await addPapers(db, '2026-04-14', 3)
    const { config } = site.services
    const { app } = siteOn({
      ...site.services,
      config: { ...config, newsletter: { ...config.newsletter, languages: ['de'] } },
    })
    const { body } = await app.inject('/?lang=fr')
    expect(body).toContain('<html lang="de">')
    expect(body).not.toMatch(/hreflang|"\/language"/)
    await app.close()
    expect((await site.app.inject('/preferences/x')).body).not.toContain('"/language"')
  })
})

test('a source’s text says its language on a page in another one', async ({ db, site: { app } }) => {
  await addPapers(db, '2026-04-14', 2)
  await db.execute(`UPDATE papers SET title = '大语言模型的推理：LLM 综述' WHERE id = 2`)
  const english = (await app.inject('/?lang=en')).body
  expect(english).toMatch(/dir="auto" lang="zh">大语言模型/)
  expect(english).not.toMatch(/dir="auto" lang="en"/)
  const chinese = (await app.inject('/?lang=zh')).body
  expect(chinese).toMatch(/dir="auto">大语言模型/)
  expect(chinese).toMatch(/dir="auto" lang="en">Paper 1/)
  expect(chinese).toMatch(/<span dir="auto" lang="en">We show something/)
  const paper = (await app.inject('/papers/2604.14000?lang=de')).body
  expect(paper).toMatch(/<h1 class="paper-title" dir="auto" lang="en">/)
  expect(paper).toMatch(/<p class="abstract" dir="auto" lang="en">/)
  const feed = (await app.inject('/feed.atom?lang=fr')).body
  expect(feed).toMatch(/<feed [^>]*xml:lang="fr"/)
  expect(feed).toMatch(/<title xml:lang="en">Paper 1/)
  expect(feed).toContain('<span lang="en">We show')
})

test('every title on a page says its language and its direction', async ({ db, site }) => {
  const { app, services } = site
  const paths = await everyPage(site)
  const [reader] = await db
    .update(subscribers)
    .set({ locale: 'de', likePapers: ['2604.14000', '2604.14001'] })
    .returning()
  await db.execute(`UPDATE papers SET title = 'Swimming ' || id`)
  const headers = { 'accept-language': 'de' }
  const vote = mintToken(services.keys, 'vote', reader!.id, services.now())
  const saved = await app.inject({ method: 'POST', url: `/papers/1/save/${vote}`, headers })
  const cookies = Object.fromEntries(saved.cookies.map(({ name, value }) => [name, value]))
  const bare: string[] = []
  let titles = 0
  for (const [url, own] of [
    ...paths.map((path) => [path, {}] as const),
    ...['/', '/saved', '/saved?removed=1', '/for-you', '/votes', '/papers/1/vote'].map(
      (path) => [path, cookies] as const,
    ),
  ]) {
    const { body } = await app.inject({ url, headers, cookies: own })
    // What stands directly before a title: its element, or a box to tick in the same element.
    for (const [, element] of body.matchAll(/(<[^>]+>)[^<>“„:]*Swimming \d+\s*</g)) {
      titles++
      if (!element!.startsWith('<title') && !/ dir="auto" lang="en"/.test(element!)) bare.push(`${url}: ${element}`)
    }
  }
  expect(bare).toEqual([])
  expect(titles).toBeGreaterThan(50)
  // In a sentence, it is isolated: a number or bracket beside it keeps its side.
  await db.execute(`UPDATE papers SET title = '${RTL}'`)
  const { body } = await app.inject({ url: '/saved?removed=1', headers, cookies })
  expect(body).toContain(`<p>Entfernt: \u2068${RTL}\u2069</p>`)
})

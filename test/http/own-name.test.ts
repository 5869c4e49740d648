import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { simpleParser } from 'mailparser'
import { expect } from 'vitest'
import { preview } from '../../src/delivery/preview/preview.ts'
import { setWording } from '../../src/edition/draft/wording.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { LOCALES } from '../../src/messages/catalogue.ts'
import { composeServiceEmail } from '../../src/outbox/compose-service-email.ts'
import { DEFAULT_PALETTE } from '../../src/runtime/config/palette.ts'
import { TEMPLATES_FOLDER } from '../../src/runtime/config/template-files.ts'
import { userAgentOf } from '../../src/runtime/config/user-agent.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { subscribe } from '../../src/subscription/subscribe.ts'
import { test as onDatabase } from '../support/database.ts'
import { NOON, servicesOn } from '../support/services.ts'
import { signedIn } from './admin.ts'
import { everyPage } from './every-page.ts'
import { siteOn } from './site.ts'

const BIOLOGY = join(import.meta.dirname, '../fixtures/biology/newsletter.toml')
const EDITION = { kind: 'daily', date: '2026-04-14' } as const
const NAME = 'Trending Biology Papers'
/** The default's name and its curator. The command that an operator types is not the newsletter's name. */
const FOREIGN = /paperboy|\bAK\b/i
const traceIn = (text: string) => FOREIGN.exec(text.replaceAll('npm run paperboy --', ''))?.[0]

const test = onDatabase.extend('site', { scope: 'test' }, async ({ db, databaseUrl }, { onCleanup }) => {
  const services = servicesOn(db, {
    DATABASE_URL: databaseUrl,
    NEWSLETTER_FILE: BIOLOGY,
    PUBLIC_URL: 'https://biology.example',
    MAIL_FROM: 'papers@biology.example',
    POSTAL_ADDRESS: '',
    ADMIN_EMAILS: 'rosa@biology.example',
    SENDGRID_WEBHOOK_KEY: 'a key of sendgrid',
    MAILGUN_WEBHOOK_KEY: 'a key of mailgun',
    POSTMARK_WEBHOOK_LOGIN: 'name:sixteen-characters',
  })
  const site = siteOn(services)
  onCleanup(() => site.app.close())
  return site
})

const DOCUMENTS = [
  ...['/feed.xml', '/feed.atom', '/feed.json', '/feed.xml?topic=agents', '/feed.json?author=Ada%20Lovelace'],
  ...['/manifest.webmanifest', '/robots.txt', '/sitemap.xml', '/sitemaps/pages.xml', '/sitemaps/2026-04.xml'],
  ...['/favicon.ico', '/api/openapi.json', '/api/v1/papers?date=2026-04-14', '/api/v1/search?q=paper'],
  ...['/healthz', '/readyz', '/papers/1.bib', '/papers/1/cite.bib', '/%', '/api/v1/nothing'],
]

test('no page, document or header has the default name', { timeout: 60_000 }, async ({ db, site }) => {
  const pages = await everyPage(site)
  const [ada] = await db.select().from(subscribers)
  const token = (purpose: 'saved-feed' | 'for-you-feed') => mintToken(site.services.keys, purpose, ada!.id, new Date(0))
  const feeds = ['xml', 'atom', 'json'].flatMap((kind) => [
    `/saved/${token('saved-feed')}/feed.${kind}`,
    `/for-you/${token('for-you-feed')}/feed.${kind}`,
  ])
  for (const language of LOCALES) {
    for (const url of [...pages, ...DOCUMENTS, ...feeds]) {
      const { body, headers } = await site.app.inject({ url, headers: { 'accept-language': language } })
      expect({ url, language, trace: traceIn(body), inHeader: traceIn(JSON.stringify(headers)) }).toEqual({
        url,
        language,
      })
    }
  }
  const { body } = await site.app.inject('/')
  for (const [, file] of body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)) {
    const asset = await site.app.inject(file!)
    expect(asset.statusCode, file).toBe(200)
    if (!file!.endsWith('.woff2'))
      expect({ file, trace: traceIn(asset.body.replaceAll(/\/\*[\s\S]*?\*\//g, '')) }).toEqual({ file })
  }
})

test('the pages have its name, logo, colours, links and texts, first in German', async ({ site }) => {
  await everyPage(site)
  const home = await site.app.inject('/')
  expect(home.body).toContain('<html lang="de">')
  expect(home.body).toContain(`· ${NAME}</title>`)
  expect(home.body).toContain(`content="${NAME}"`)
  expect(home.body).toMatch(new RegExp(`<img src="/assets/\\w+/logo\\.svg" alt="${NAME}">`))
  expect(home.body).toContain('<meta name="description" content="Preprints der Biologie, jeden Werktag um sieben.">')
  expect(home.body).toContain('<a href="https://social.example/@biology" rel="me">Mastodon</a>')
  expect(home.body).toContain('mailto:hallo@biology.example')
  expect(home.body).toContain('Marktgasse 4, 72070 Tübingen')
  const style = await site.app.inject(/href="([^"]+style\.css)"/.exec(home.body)![1]!)
  expect(style.body).toContain(':root{--accent:#0b6e4f;--gold:#6b5300}')
  const about = await site.app.inject('/about')
  expect(about.body).toContain('<h2>Über uns</h2>')
  expect(about.body).toContain('<strong>Preprints</strong>')
  const manifest = (await site.app.inject('/manifest.webmanifest')).json()
  expect(manifest).toMatchObject({ name: NAME, icons: [{ sizes: 'any', type: 'image/svg+xml' }] })
  const icon = await site.app.inject(manifest.icons[0].src.slice(1))
  expect(icon.headers['content-security-policy']).toBe("default-src 'none'; style-src 'unsafe-inline'; sandbox")
  expect(icon.body).toContain(`<title>${NAME}</title>`)
  const spanish = await site.app.inject({ url: '/', headers: { 'accept-language': 'pt' } })
  expect(spanish.body).toContain('<html lang="de">')
})

test('no admin page has the default name', async ({ site }) => {
  await everyPage(site)
  const { get, post } = await signedIn(site, 'rosa@biology.example')
  const pages = ['', '/editions/daily/2026-04-14', '/editions/daily/2001-01-01', '/submissions', '/readers', '/log']
  for (const page of pages) {
    const { body } = await get(`/admin${page}`)
    expect({ page, trace: traceIn(body) }).toEqual({ page })
  }
  expect(traceIn((await site.app.inject('/admin/sign-in')).body)).toBeUndefined()
  expect(traceIn((await post('/admin/readers', { email: 'ada@example.org' })).body)).toBeUndefined()
})

test('no email has the default name, in any language, in its headers or bodies', async ({ db, site }) => {
  await everyPage(site)
  const { services } = site
  const [ada] = await db.select().from(subscribers)
  const common = { id: 1, messageKey: Buffer.alloc(16), email: 'ada@example.org' }
  const emails = [
    await composeServiceEmail(services, { ...common, kind: 'sign-in', sessionId: 1 }),
    await composeServiceEmail(services, {
      ...common,
      kind: 'alert',
      problems: [{ part: 'Relay', state: 'error', since: null, message: 'is down', remedy: 'wait', href: '/admin' }],
    }),
  ]
  for (const locale of LOCALES) {
    for (const kind of ['confirm', 'remind', 'welcome', 'already', 'manage', 'change', 'moved'] as const) {
      for (const returning of [false, true]) {
        const reader = { ...common, kind, locale, returning, subscriberId: ada!.id, zone: 'Europe/Berlin' }
        emails.push(
          await composeServiceEmail(services, {
            ...{ ...reader, hour: 8, cadence: 'daily', nextDigestAt: NOON, addressHash: Buffer.alloc(32) },
            ...{ nonce: Buffer.alloc(8), begun: returning },
          }),
        )
      }
    }
    for (const format of ['html', 'text'] as const)
      emails.push((await preview(services, EDITION, 'ada@example.org', { locale, format })).eml)
  }
  for (const eml of emails) {
    const { subject, html, text } = await simpleParser(eml)
    // Bodies are decoded: quoted-printable could break the word.
    const [head] = eml.toString('latin1').split('\r\n\r\n', 1)
    expect({ subject, traces: [traceIn(head!), traceIn(html || ''), traceIn(text ?? '')] }).toEqual({
      subject,
      traces: [undefined, undefined, undefined],
    })
    expect(head).toMatch(/^From: "?Trending Biology Papers"? <papers@biology\.example>/m)
  }
  const digest = emails.at(-2)!.toString()
  expect(digest.replaceAll('\r\n ', ' ')).toMatch(
    /^List-I[Dd]: Trending Biology Papers daily <daily\.trending-biology-papers\.biology\.example>/m,
  )
  const { html } = await simpleParser(emails.at(-2)!)
  expect(html).toContain('#7fd8b5')
  expect((await simpleParser(emails[2]!)).html).toContain('background:#0b6e4f')
  expect(html).not.toMatch(/a3281c|ff9a8a|7d6118|e3c36b/i)
  expect(userAgentOf(services.config)).toMatch(/^TrendingBiologyPapers\/[\d.]+ \(\+https:\/\/biology\.example\)$/)
})

test('no template of an email fixes a colour that a newsletter may choose', async () => {
  const chosen = Object.values(DEFAULT_PALETTE).flatMap(({ light, dark }) => [light, dark])
  const files = await Array.fromAsync(glob('**/*.{mjml,txt}', { cwd: TEMPLATES_FOLDER }))
  expect(files).toContain(join('partials', 'digest-sponsor.mjml'))
  for (const file of files) {
    const text = (await readFile(join(TEMPLATES_FOLDER, file), 'utf8')).toLowerCase()
    expect({ file, found: chosen.filter((colour) => text.includes(colour.toLowerCase())) }).toEqual({ file, found: [] })
  }
})

test('a note of the editor has the newsletter’s colour', async ({ db, site }) => {
  await everyPage(site)
  await db.execute(sql`UPDATE editions SET state = 'draft', released_at = NULL WHERE date = '2026-04-14'`)
  await db.execute(sql`DELETE FROM edition_parts`)
  await setWording({ db }, EDITION, { editorNote: 'See [this](https://biology.example/).' })
  const { html } = await preview(site.services, EDITION)
  expect(html).toContain('style="color:#0b6e4f" href="https://biology.example/"')
  expect(html).toContain('Rosa Lindqvist')
})

test('a new reader starts with its language and schedule', async ({ db, site }) => {
  await subscribe(site.services, { typed: 'new@example.org', origin: '192.0.2.7' })
  const [reader] = await db.select().from(subscribers)
  expect(reader).toMatchObject({ locale: 'de', cadence: 'weekdays', size: 5, hour: 7 })
  // A sign-up again, by a reader who has chosen, changes nothing of that.
  await db.update(subscribers).set({ size: 20, hour: 9, cadence: 'weekly' })
  await subscribe(site.services, { typed: 'new@example.org', origin: '192.0.2.7' })
  expect((await db.select().from(subscribers))[0]).toMatchObject({ cadence: 'weekly', size: 20, hour: 9 })
})

test('preferences offer its languages, and keep one that is no longer offered', async ({ db, site }) => {
  const { services } = site
  services.config.newsletter = { ...services.config.newsletter, languages: ['de'] }
  const paths = await everyPage(site)
  const offered = async () => {
    const { body } = await site.app.inject(paths.find((path) => /^\/preferences\/[^?]+$/.test(path))!)
    return [...body.matchAll(/name="locale" value="(\w\w)"/g)].map(([, locale]) => locale)
  }
  expect(await offered()).toEqual(['de', 'en'])
  await db.update(subscribers).set({ locale: 'de' })
  expect(await offered()).toEqual(['de'])
})

import { once } from 'node:events'
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { simpleParser } from 'mailparser'
import { expect, onTestFinished } from 'vitest'
import { preview } from '../../src/delivery/preview/preview.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { mintToken } from '../../src/mail/tokens.ts'
import { composeServiceEmail } from '../../src/outbox/compose-service-email.ts'
import type { AlertProblem } from '../../src/outbox/service-email.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { serviceMail } from '../../src/runtime/db/schema.ts'
import { importing, sampleFile } from '../papers/support.ts'
import { test } from '../support/database.ts'
import { addPapers, addSubscriber, NOON, servicesOn } from '../support/services.ts'
import { siteOn } from './site.ts'

const PREFIX = '/paperboy'

/** The app behind a proxy that serves it below a path, strips the path, and answers 404 elsewhere. */
async function siteBelowPath(db: Db, databaseUrl: string) {
  const proxy = createServer((incoming, outgoing) => {
    if (!incoming.url!.startsWith(`${PREFIX}/`)) return void outgoing.writeHead(404).end('not ours')
    const path = incoming.url!.slice(PREFIX.length)
    const { port } = site.app.server.address() as AddressInfo
    const onward = forward({ port, path, method: incoming.method, headers: incoming.headers }, (reply) => {
      outgoing.writeHead(reply.statusCode!, reply.headers)
      reply.pipe(outgoing)
    })
    incoming.pipe(onward)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const settings = { DATABASE_URL: databaseUrl, PUBLIC_URL: origin + PREFIX, ADMIN_EMAILS: 'desk@paperboy.example' }
  // A cached page must not get the path twice.
  const site = siteOn(servicesOn(db, settings), { pageCacheMs: 60_000 })
  await site.app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    proxy.close()
    proxy.closeAllConnections()
    await site.app.close()
  })
  return { ...site, origin }
}

const attributes = (page: string): string[] =>
  [...page.matchAll(/\s(?:href|action|formaction|src|poster|content|data-[a-z]+)="([^"]*)"/g)].map(([, value]) =>
    value!.replaceAll('&amp;', '&'),
  )

/** A path without what tells a paper, a topic or a name from others. */
const kindOf = (path: string): string =>
  path.replace(/(topics?|authors?|organisations?)([/=])[^?&/]+/, '$1$2T').replace(/\d+|[0-9a-f-]{8,}/g, 'N')

test('every link, form and asset of every page works below a path', { timeout: 60_000 }, async ({
  db,
  databaseUrl,
}) => {
  const { services, origin } = await siteBelowPath(db, databaseUrl)
  await importing(db, sampleFile('2026-04-14'), '2026-04-14', NOON)
  const id = await addSubscriber(db, 'ada@example.org')
  const personal = (['preferences', 'unsubscribe', 'vote', 'manage'] as const).map(
    (purpose) => `${PREFIX}/${purpose === 'vote' ? 'votes' : purpose}/${mintToken(services.keys, purpose, id, NOON)}`,
  )
  const waiting = [
    `${PREFIX}/`,
    `${PREFIX}/`,
    `${PREFIX}/robots.txt`,
    `${PREFIX}/admin`,
    `${PREFIX}/nowhere`,
    ...personal,
  ]
  const seen = new Set<string>()
  const broken: string[] = []
  while (waiting.length > 0 && seen.size < 150) {
    const path = waiting.shift()!
    // Request every page twice: the second comes from the cache.
    const [reply, again] = [await fetch(origin + path), await fetch(origin + path)]
    const [page, kept] = [await reply.text(), await again.text()]
    seen.add(path)
    if (kept.includes(`${PREFIX}${PREFIX}`)) broken.push(`${path}: the path twice`)
    if (reply.status >= 500 || (reply.status >= 400 && !/nowhere|admin|manage\/|\?(?:date|week|month)=/.test(path)))
      broken.push(`${path}: ${reply.status}`)
    if (!reply.headers.get('content-type')?.startsWith('text/html')) continue
    for (const value of attributes(page)) {
      const url = value.startsWith(origin) ? value.slice(origin.length) : value
      if (!url.startsWith('/') || url.startsWith('//')) continue
      if (url !== PREFIX && !url.startsWith(`${PREFIX}/`)) broken.push(`${path} → ${url}`)
      const next = url.split('#')[0]!
      // A few papers, topics and days are enough: they are all alike.
      const kind = kindOf(next)
      const alike = [...seen, ...waiting].filter((each) => kindOf(each) === kind)
      if (alike.length < 2 && !seen.has(next) && !/\/go\//.test(next)) waiting.push(next)
    }
  }
  expect(broken).toEqual([])
  expect(seen.size).toBeGreaterThan(25)
})

test('redirects, cookies and feeds stay below the path', async ({ db, databaseUrl }) => {
  const { services, origin, app } = await siteBelowPath(db, databaseUrl)
  await importing(db, sampleFile('2026-04-14'), '2026-04-14', NOON)
  const id = await addSubscriber(db, 'ada@example.org')
  const post = (path: string, fields: Record<string, string> = {}) =>
    fetch(`${origin}${PREFIX}${path}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
  const subscribed = await post('/subscribe', { email: 'grace@example.org' })
  expect(subscribed.headers.get('location')).toMatch(/^\/paperboy\/check-your-inbox/)
  const opened = await post(`/votes/${mintToken(services.keys, 'vote', id, NOON)}`)
  expect(opened.headers.get('location')).toBe(`${PREFIX}/votes`)
  expect(opened.headers.get('set-cookie')).toMatch(/^reader=.*; Path=\/paperboy;/)
  const feed = await (await fetch(`${origin}${PREFIX}/feed.xml`)).text()
  const links = [...feed.matchAll(/(?:<link>|href=")([^<"]+)/g)].map(([, link]) => link!)
  expect(links.filter((link) => link.startsWith(origin) && !link.startsWith(`${origin}${PREFIX}`))).toEqual([])
  expect(links.length).toBeGreaterThan(5)
  const listed = await fetch(`${origin}${PREFIX}/api/v1/papers`)
  const { papers } = (await listed.json()) as { papers: { page: string }[] }
  for (const { page } of papers) expect(page).toContain(`${origin}${PREFIX}/papers/`)
  expect(papers.length).toBeGreaterThan(5)
  const script = await app.inject({ url: `${(await app.inject('/')).body.match(/\/assets\/\w+/)![0]}/sign-up.js` })
  expect(script.body).not.toContain("fetch('/")
})

test('every link of every email is below the path', async ({ db }) => {
  const url = `https://papers.example${PREFIX}`
  const services = servicesOn(db, { PUBLIC_URL: url, COUNT_CLICKS: 'on' })
  const reader = {
    ...{ id: 1, subscriberId: 1, email: 'ada@example.org', zone: 'UTC', locale: 'en' },
    ...{ hour: 8, cadence: 'daily' as const },
    ...{ nextDigestAt: NOON, addressHash: Buffer.alloc(32), nonce: Buffer.alloc(8), messageKey: Buffer.alloc(16) },
    ...{ returning: false, begun: true, sessionId: 1 },
  }
  const problem: AlertProblem = {
    ...{ part: 'Relays', state: 'error', since: null, message: 'a relay refuses us', remedy: 'ask it', href: '/admin' },
  }
  const emails: [string, Buffer][] = []
  for (const kind of serviceMail.enumValues) {
    const email = { ...reader, kind, problems: [problem] } as Parameters<typeof composeServiceEmail>[1]
    emails.push([kind, await composeServiceEmail(services, email)])
  }
  for (const key of [
    { kind: 'daily' as const, date: '2026-04-14' },
    { kind: 'weekly' as const, date: '2026-04-06' },
  ]) {
    await addPapers(db, key.kind === 'daily' ? key.date : '2026-04-08', 5)
    await assemble(services, key)
    for (const format of ['html', 'text'] as const)
      emails.push([`${key.kind} ${format}`, (await preview(services, key, undefined, { format })).eml])
  }
  for (const [name, eml] of emails) {
    const { html, text, headerLines } = await simpleParser(eml)
    const all = [html || '', text ?? '', ...headerLines.map(({ line }) => line.replace(/\r\n\s/g, ''))].join('\n')
    const links = all.match(/https:\/\/papers\.example[^\s"'<>]*/g) ?? []
    expect([name, links.filter((link) => !link.startsWith(url))]).toEqual([name, []])
    expect([name, links.length > 0]).toEqual([name, true])
  }
})

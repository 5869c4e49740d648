import { once } from 'node:events'
import { Agent, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'drizzle-orm'
import { describe, expect, onTestFinished } from 'vitest'
import { mintToken } from '../../src/mail/tokens.ts'
import { LOCALES, messagesIn } from '../../src/messages/catalogue.ts'
import { addSubscriber, NOON } from '../support/services.ts'
import { form, siteOn, test } from './site.ts'

describe('every page', () => {
  test.for(['/', '/subscribe', '/check-your-inbox', '/welcome', '/editions', '/nothing/here', '/confirm/x'])(
    '%s allows only our own style, script and forms',
    async (url, { site: { app } }) => {
      const { headers, body } = await app.inject(url)
      expect(headers['content-security-policy']).toBe(
        "default-src 'none';style-src 'self';script-src 'self';connect-src 'self';font-src 'self';img-src 'self' data:;manifest-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
      )
      expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' })
      expect(headers).not.toHaveProperty('set-cookie')
      expect(body).not.toMatch(/<script(?! src)| style="| on\w+="|https?:\/\/(?!arxiv|paperboy\.example)/)
      expect(body).toContain('<html lang="en">')
    },
  )

  test('sends HSTS only if PUBLIC_URL is https', async ({ site }) => {
    expect((await site.app.inject('/')).headers).toHaveProperty('strict-transport-security')
    const local = siteOn({ ...site.services, config: { ...site.services.config, PUBLIC_URL: 'http://localhost:3000' } })
    expect((await local.app.inject('/')).headers).not.toHaveProperty('strict-transport-security')
    await local.app.close()
  })

  test('answers HEAD like GET, without the page', async ({ site: { app } }) => {
    for (const url of [
      ...['/', '/papers?date=2026-04-14', '/editions', '/healthz', '/check-your-inbox', '/nothing', '/submit'],
      ...['/feeds', '/feed.xml', '/api/docs', '/about?lang=de', '/api/openapi.json'],
    ]) {
      const [get, head] = [await app.inject(url), await app.inject({ method: 'HEAD', url })]
      expect(head.statusCode).toBe(get.statusCode)
      for (const name of ['content-type', 'content-length', 'etag', 'cache-control', 'vary'])
        expect([url, name, head.headers[name]]).toEqual([url, name, get.headers[name]])
      expect(head.body).toBe('')
    }
  })
})

describe('a method that a path does not have', () => {
  test.for([
    ['POST', '/about', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/', 'GET, HEAD, OPTIONS'],
    ['PUT', '/subscribe', 'GET, HEAD, POST, OPTIONS'],
    ['PUT', '/subscribe/?email=ada', 'GET, HEAD, POST, OPTIONS'],
    ['GET', '/preferences/token/undo', 'POST, OPTIONS'],
    ['PUT', '/papers/2604.14000/vote/undo', 'GET, HEAD, POST, OPTIONS'],
    ['HEAD', '/preferences/token/undo', 'POST, OPTIONS'],
    ['POST', '/papers/10.1101/2026.04.01.1', 'GET, HEAD, OPTIONS'],
    ['POST', '/sitemaps/2026-04.xml', 'GET, HEAD, OPTIONS'],
    ['PUT', '/assets/x/style.css', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/unsubscribe/token', 'GET, HEAD, POST, OPTIONS'],
    ['POST', '/api/v1/papers', 'GET, HEAD, OPTIONS'],
    ['GET', '/api/v1/subscriptions', 'POST, OPTIONS'],
    ['PATCH', '/api/v1/votes/2604.14000', 'PUT, DELETE, OPTIONS'],
  ] as const)('%s %s is 405, with those that it has', async ([method, url, allow], { site: { app } }) => {
    const refused = await app.inject({ method, url, ...form({ email: 'ada@example.org' }) })
    expect([refused.statusCode, refused.headers.allow]).toEqual([405, allow])
    expect(refused.headers['content-type']).toMatch(
      url.startsWith('/api/') ? /^application\/problem\+json/ : /^text\/html/,
    )
    const asked = await app.inject({ method: 'OPTIONS', url })
    expect([asked.statusCode, asked.headers.allow, asked.body]).toEqual([204, allow, ''])
  })

  test.for(['/nothing', '/papers/1/2/3', '/api/v1/nothing', '/assets', '/wp-login.php'])(
    'is 404 where no method leads: %s',
    async (url, { site: { app } }) => {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'] as const) {
        const { statusCode, headers } = await app.inject({ method, url })
        expect([method, statusCode, headers.allow]).toEqual([method, 404, undefined])
      }
    },
  )
})

describe('assets', () => {
  test('are cached forever under their own version, and never under another', async ({ site: { app } }) => {
    const [, path] = /href="(\/assets\/[^"]+style\.css)"/.exec((await app.inject('/')).body)!
    const style = await app.inject(path!)
    expect(style.headers['content-type']).toContain('text/css')
    expect(style.headers['cache-control']).toContain('immutable')
    const other = await app.inject('/assets/0000000000/style.css')
    expect(other.statusCode).toBe(200)
    expect(other.headers['cache-control']).toBe('no-store')
  })

  test.for(['/assets/x/..%2f..%2fapp.ts', '/assets/x/nothing.css', '/assets/x/%2e%2e', '/assets/../app.ts'])(
    '%s is nothing',
    async (url, { site: { app } }) => {
      expect((await app.inject(url)).statusCode).toBe(404)
    },
  )
})

describe('an error', () => {
  test.for([
    ['/wp-login.php', 'Seite nicht gefunden'],
    ['/editions/2001-01-01', 'Keine Ausgabe für diesen Tag'],
    ['/manage/cut-off', 'Dieser Link funktioniert nicht'],
  ] as const)('%s shows a page in the reader’s language', async ([url, words], { site: { app } }) => {
    const page = await app.inject({ url, headers: { 'accept-language': 'de' } })
    expect(page.statusCode).toBeGreaterThanOrEqual(400)
    expect(page.body).toContain('<html lang="de">')
    expect(page.body).toContain(words)
    expect(page.headers['content-security-policy']).toContain("style-src 'self'")
  })

  test('of ours is a page in plain words that gives nothing away, and is logged', async ({ db, site }) => {
    await db.execute(sql`ALTER TABLE papers RENAME TO gone`)
    const page = await site.app.inject('/')
    expect(page.statusCode).toBe(500)
    expect(page.body).toContain('It’s our fault, not yours')
    expect(page.body).not.toMatch(/"papers"|SELECT|relation|Error/)
    expect(site.logged()).toContain('request failed')
    await db.execute(sql`ALTER TABLE subscribers RENAME TO gone_too`)
    const api = await site.app.inject({
      method: 'POST',
      url: '/api/v1/subscriptions',
      payload: { email: 'ada@example.org' },
    })
    expect(api.statusCode).toBe(500)
    expect(api.json().detail).toBe('Something went wrong here. Try again in a minute.')
  })

  test('404 is a page with links', async ({ site: { app } }) => {
    const page = await app.inject('/wp-login.php')
    expect(page.statusCode).toBe(404)
    expect(page.body).toContain('Page not found')
    expect(page.body).toContain('href="/"')
    expect(page.body).not.toContain('wp-login')
  })
})

test('a connection stays open for longer than Caddy, nginx or Traefik would use it again', async ({
  site: { app },
}) => {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const reply = await fetch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/healthz`)
  expect(Number(/timeout=(\d+)/.exec(reply.headers.get('keep-alive')!)![1])).toBeGreaterThan(120)
})

test('a server that stops answers open requests, and does not wait for their connections', {
  timeout: 20_000,
}, async ({ site: { app } }) => {
  const [arrived, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  app.addHook('onRequest', async () => {
    arrived.resolve()
    await answer.promise
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  // As a proxy does, it keeps the connection for the next request.
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const { port } = app.server.address() as AddressInfo
  const asked = get({ host: '127.0.0.1', port, path: '/healthz', agent })
  await arrived.promise
  const closed = app.close()
  await expect.poll(() => app.server.listening).toBe(false)
  answer.resolve()
  const [reply] = await once(asked, 'response')
  reply.resume()
  expect(reply.statusCode).toBe(200)
  await closed
})

test('no address, token or query comes into the log, whatever goes wrong', async ({ db, site }) => {
  const { app, services, logged } = site
  const id = await addSubscriber(db, 'secret.reader@example.org')
  const tokens = (['unsubscribe', 'preferences', 'confirm'] as const).map(
    (purpose) => [purpose, mintToken(services.keys, purpose, id, NOON)] as const,
  )
  const everything = async () => {
    for (const [purpose, token] of tokens) {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'] as const) {
        await app.inject({ method, url: `/${purpose}/${token}?q=secret-query`, ...form({ zone: 'Secret/Zone' }) })
        await app.inject({ method, url: `/${purpose}/${token}x`, remoteAddress: '203.0.113.7' })
        await app.inject({ method, url: `/nothing/${token}` })
        await app.inject({ method, url: `/${purpose}/${token}%zz` })
      }
    }
    await app.inject({ method: 'POST', url: '/subscribe', ...form({ email: 'secret.reader@example.org' }) })
    await app.inject({ method: 'POST', url: '/subscribe', ...form({ email: 'secret reader@example.org' }) })
    await app.inject({ method: 'POST', url: '/api/v1/subscriptions', payload: { email: 'secret.reader@example.org' } })
    await app.inject({ url: '/papers?date=secret-query' })
  }
  await everything()
  await db.execute(sql`ALTER TABLE subscribers RENAME TO gone`)
  await everything()

  const log = logged()
  expect(log).toContain('"route":"/unsubscribe/:token"')
  expect(log).toContain('request failed')
  expect(log).not.toMatch(/secret/i)
  expect(log).not.toContain('203.0.113.7')
  for (const [, token] of tokens) expect(log).not.toContain(token)
})

describe.for(LOCALES)('errors are in the browser’s language: %s', (locale) => {
  test.for([
    [400, 'incomplete'],
    [404, 'notFound'],
    [413, 'tooLarge'],
    [415, 'unreadable'],
    [429, 'tooMany'],
    [500, 'ours'],
    [503, 'busy'],
  ] as const)('%i', async ([status, words], { site: { app, logged } }) => {
    app.get('/broken', () => {
      throw Object.assign(new Error('never to be read: ada@example.org'), { statusCode: status })
    })
    const { statusCode, body } = await app.inject({ url: '/broken', headers: { 'accept-language': locale } })
    expect(statusCode).toBe(status)
    expect(body).toContain(`<html lang="${messagesIn(locale).lang}">`)
    for (const told of Object.values(messagesIn(locale).errors[words])) expect(body).toContain(told)
    expect(body + logged()).not.toContain('ada@example.org')
  })

  test('an expired link', async ({ db, site: { app, services } }) => {
    const id = await addSubscriber(db, 'ada@example.org', { status: 'pending' })
    const url = `/confirm/${mintToken(services.keys, 'confirm', id, new Date('2026-01-01'))}`
    const { statusCode, body } = await app.inject({ url, headers: { 'accept-language': locale } })
    expect(statusCode).toBe(410)
    expect(body).toContain(`<html lang="${messagesIn(locale).lang}">`)
    expect(body).toContain(messagesIn(locale).link.expiredConfirm)
  })
})

test('answers 503 at once under load, but readers can still unsubscribe', { timeout: 60_000 }, async ({
  db,
  site: { services },
}) => {
  const id = await addSubscriber(db, 'ada@example.org')
  const { app } = siteOn(services, { shedsLoad: true })
  onTestFinished(() => app.close())
  await app.ready()
  expect((await app.inject('/')).statusCode).toBe(200)
  const whileBusy = () => {
    const end = performance.now() + 3000
    while (performance.now() < end) {
      // Blocks the event loop, as a busy process would.
    }
    return app.inject('/')
  }
  await expect.poll(whileBusy, { timeout: 30_000, interval: 50 }).toMatchObject({ statusCode: 503 })
  const leave = `/unsubscribe/${mintToken(services.keys, 'unsubscribe', id, NOON)}`
  expect((await app.inject({ method: 'POST', url: leave })).statusCode).toBe(200)
})

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { choosePort } from '../../src/embedded/port.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { signUpCounts, subscribers } from '../../src/runtime/db/schema.ts'
import { form, siteOn } from '../http/site.ts'
import { useBrowser, withoutBrowser } from '../support/browser.ts'
import { test as onDatabase } from '../support/database.ts'
import { servicesOn } from '../support/services.ts'
import { look, PHONE } from './look.ts'

/** The examples of docs/embedding.md, on a page of another site: another host name and port, with a policy as strict as a site's can be. */
const page = readFileSync(new URL('../../docs/embedding.md', import.meta.url), 'utf8')
const [plain, withScript, frame] = [...page.matchAll(/```html\n([\s\S]*?)```/g)].map(([, html]) => html!) as [
  string,
  string,
  string,
]

const test = onDatabase.extend('sites', { scope: 'test' }, async ({ db, databaseUrl }, { onCleanup }) => {
  const elsewhere = createServer((request, response) => {
    const { home } = elsewhere as unknown as { home: string }
    const named = withScript.replace('<button ', '<button name="submit" ')
    const example =
      { '/plain': plain, '/script': withScript, '/named': named, '/frame': frame }[request.url ?? ''] ?? ''
    response.setHeader(
      'content-security-policy',
      `default-src 'none'; form-action ${home}; script-src ${home}; connect-src ${home}; frame-src ${home}`,
    )
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(
      `<!DOCTYPE html><html lang="en"><title>Elsewhere</title><main><h1>Our lab</h1>${example.replaceAll('https://papers.example.org', home)}</main></html>`,
    )
  })
  const [port, foreign] = [await choosePort(undefined), await choosePort(undefined)]
  const home = `http://127.0.0.1:${port}`
  Object.assign(elsewhere, { home })
  const away = `http://localhost:${foreign}`
  await new Promise<void>((done) => elsewhere.listen(foreign, 'localhost', done))
  const settings = { DATABASE_URL: databaseUrl, PUBLIC_URL: home, EMBED_ORIGINS: away }
  const { app } = siteOn({ ...servicesOn(db, settings), now: () => new Date() })
  await app.listen({ host: '127.0.0.1', port })
  onCleanup(async () => {
    elsewhere.closeAllConnections()
    await new Promise((done) => elsewhere.close(done))
    await app.close()
  })
  return { home, away, app }
})

const browser = useBrowser()
const zoned = { timezoneId: 'Asia/Tokyo', locale: 'en-GB' }

/** The weight of the one sign-up: 1, and 2 more for each doubt. */
async function weight(db: Db): Promise<number> {
  const counts = await db.select().from(signUpCounts)
  return Math.max(...counts.filter(({ scope }) => scope === 'network').map(({ count }) => count))
}

test('the script is small, and any site may load it', async ({ sites: { app } }) => {
  const script = await app.inject('/embed.js')
  expect(script.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cross-origin-resource-policy': 'cross-origin',
  })
  expect(script.body.length).toBeLessThan(3_000)
  expect(gzipSync(script.body).length).toBeLessThan(1_500)
  expect(script.body).not.toMatch(/cookie =|\.style|innerHTML|eval\(/)
})

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with' : 'without'
  test.skipIf(withoutBrowser)(
    `the form with the script signs up from another site, ${how} JavaScript`,
    async ({ db, sites }) => {
      const context = await browser.current().newContext({ ...zoned, javaScriptEnabled })
      const tab = await context.newPage()
      const errors: string[] = []
      tab.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
      await tab.goto(`${sites.away}/script`)
      await tab.getByLabel('Your email address').fill('Ada@example.org')
      await tab.getByRole('button', { name: 'Subscribe' }).click()
      await tab.getByRole('heading', { name: 'Check your inbox' }).waitFor()
      expect(tab.url()).toBe(`${sites.home}/check-your-inbox`)
      const zone = javaScriptEnabled ? 'Asia/Tokyo' : 'UTC'
      expect(await db.select().from(subscribers)).toMatchObject([{ email: 'Ada@example.org', status: 'pending', zone }])
      // With a proof of work there is no doubt.
      expect(await weight(db)).toBe(javaScriptEnabled ? 1 : 5)
      expect([errors, await context.cookies()]).toEqual([[], []])
      await context.close()
    },
  )

  test.skipIf(withoutBrowser)(`the frame signs up in its place, ${how} JavaScript`, async ({ db, sites }) => {
    const context = await browser.current().newContext({ ...zoned, javaScriptEnabled, viewport: PHONE })
    const tab = await context.newPage()
    await tab.goto(`${sites.away}/frame`)
    const inner = tab.frameLocator('iframe')
    await inner.getByLabel('Your email address').fill('nobody')
    await inner.getByRole('button', { name: 'Subscribe' }).click()
    await inner.getByText('An email address needs an @').waitFor()
    await inner.getByLabel('Your email address').fill('ada@example.org')
    await inner.getByRole('button', { name: 'Subscribe' }).click()
    await inner.getByRole('heading', { name: 'Check your inbox' }).waitFor()
    expect(tab.url()).toBe(`${sites.away}/frame`)
    expect(await db.$count(subscribers)).toBe(1)
    expect(await context.cookies()).toEqual([])
    await context.close()
  })
}

test.skipIf(withoutBrowser)(
  'the form with the script signs up also if its button has a name',
  async ({ db, sites }) => {
    const tab = await browser.current().newPage()
    await tab.goto(`${sites.away}/named`)
    await tab.getByLabel('Your email address').fill('ada@example.org')
    await tab.getByRole('button', { name: 'Subscribe' }).click()
    await tab.getByRole('heading', { name: 'Check your inbox' }).waitFor()
    expect(await db.$count(subscribers)).toBe(1)
    await tab.close()
  },
)

test.skipIf(withoutBrowser)('the plain form signs up from another site', async ({ db, sites }) => {
  const tab = await browser.current().newPage()
  await tab.goto(`${sites.away}/plain`)
  await tab.getByLabel('Your email address').fill('ada@example.org')
  await tab.getByRole('button', { name: 'Subscribe' }).click()
  await tab.getByRole('heading', { name: 'Check your inbox' }).waitFor()
  expect(await db.$count(subscribers)).toBe(1)
  await tab.close()
})

test('only the sites of EMBED_ORIGINS may frame the form, and no site any other page', async ({
  db,
  sites: { app, away },
}) => {
  const policyOf = ({ headers }: { headers: Record<string, unknown> }) => [
    /frame-ancestors ([^;]+)/.exec(String(headers['content-security-policy']))?.[1],
    headers['x-frame-options'],
  ]
  const policy = async (url: string, of = app) => policyOf(await of.inject(url))
  expect(await policy('/embed')).toEqual([away, undefined])
  expect(await policy('/embed?sent=')).toEqual([away, undefined])
  // Else the frame would show the browser's words for a page that may not be framed.
  const failed = await app.inject({ method: 'POST', url: '/embed', ...form({ email: 'a'.repeat(20_000) }) })
  expect([failed.statusCode, policyOf(failed)]).toEqual([413, [away, undefined]])
  for (const url of ['/', '/subscribe', '/check-your-inbox']) expect(await policy(url)).toEqual(["'none'", 'DENY'])
  const closed = siteOn(servicesOn(db)).app
  expect(await policy('/embed', closed)).toEqual(["'none'", 'DENY'])
  await closed.close()
})

for (const colorScheme of ['light', 'dark'] as const) {
  test.skipIf(withoutBrowser)(
    `the frame has nothing that axe calls an obstacle, in ${colorScheme} colours`,
    async ({ sites }) => {
      const context = await browser
        .current()
        .newContext({ baseURL: sites.home, colorScheme, viewport: PHONE, bypassCSP: true })
      const tab = await context.newPage()
      for (const url of ['/embed', '/embed?topic=agents', '/embed?sent='])
        expect(await look(tab, url)).toEqual({ url, found: [], overflow: [0, 0] })
      await context.close()
    },
  )
}

import { createServer } from 'node:http'
import { sql } from 'drizzle-orm'
import type { CDPSession, Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { mintToken } from '../../src/mail/tokens.ts'
import { LOCALES } from '../../src/messages/catalogue.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { test as onSite, type Site } from '../http/site.ts'
import { useBrowser, withoutBrowser } from '../support/browser.ts'
import { addThumbnail } from '../support/pictures.ts'
import { addPapers, addSubscriber, NOON, releasedEdition } from '../support/services.ts'
import { DESK, PHONE, pagesOf } from './look.ts'

const test = onSite.skipIf(withoutBrowser)
const { open } = pagesOf(useBrowser())

/** A full day, as April 2026 had them: 32 papers with long titles, summaries, organisations and links. */
async function aFullDay({ services }: Site): Promise<void> {
  await releasedEdition(services, '2026-04-14', 32)
  await services.db.execute(sql`
    UPDATE papers SET title = 'Attention Sink in Transformers: A Survey on Utilization, Interpretation, and Mitigation, No. ' || id,
      abstract = repeat('Transformers face challenges from a phenomenon where excessive attention focuses on uninformative tokens. ', 8),
      organization = 'University of Science and Technology No. ' || id, pdf_url = url, code_url = 'https://github.com/a/b', project_url = 'https://a.example',
      topics = '{agents,language-models,video-generation}'`)
  await services.db.execute(sql`UPDATE signals SET votes = 45 - 2 * paper_id WHERE paper_id <= 20`)
  await services.db.execute(sql`UPDATE signals SET votes = 3 WHERE paper_id > 20`)
}

describe('the home page', () => {
  test('shows the first paper’s title in the first screen of a phone', async ({ site }) => {
    await aFullDay(site)
    for (const viewport of [
      { width: 375, height: 667 },
      { width: 1280, height: 800 },
    ]) {
      const page = await open(site, { viewport })
      await page.goto('/')
      const box = await page.locator('.paper-title').first().boundingBox()
      expect(box!.y + box!.height).toBeLessThan(viewport.height)
    }
  })

  test('takes at most 60 kB of HTML, CSS and JavaScript, as transferred', async ({ site }) => {
    await aFullDay(site)
    const page = await open(site)
    const bytes = await transferred(page, () => page.goto('/', { waitUntil: 'networkidle' }))
    expect(Object.keys(bytes).toSorted()).toEqual(
      ['Document', 'Font', 'Other', 'Script', 'Stylesheet'].filter((kind) => kind in bytes),
    )
    const sum = (bytes.Document ?? 0) + (bytes.Stylesheet ?? 0) + (bytes.Script ?? 0)
    expect(sum).toBeGreaterThan(5_000)
    expect(sum).toBeLessThan(60_000)
  })

  test.for([PHONE, DESK])(
    'moves nothing while it loads, and paints its largest text first',
    async (viewport, { site }) => {
      await aFullDay(site)
      // Upright and lying pictures: both have their room before they come.
      for (const id of [1, 2, 4, 7]) await addThumbnail(site.services.db, id, ...(id % 2 ? [1200, 648] : [600, 900]))
      const page = await open(site, { viewport })
      for (const url of ['/', '/papers/2604.14000', '/editions/2026-04-14', '/papers?week=2026-W16', '/trends']) {
        await page.goto(url)
        const { moved, first, largest } = await page.evaluate<Painted>(PAINTED)
        expect({ url, moved }).toEqual({ url, moved: [] })
        // The first paint already has it: no font, script or picture holds it back.
        expect({ url, first, largest }).toEqual({ url, first, largest: [first] })
      }
    },
  )

  test('is painted once it is whole, however slowly it comes', { timeout: 60_000 }, async ({ site }) => {
    await aFullDay(site)
    const page = await open(site, { viewport: PHONE })
    for (const url of ['/', '/papers/2604.14000']) {
      for (const begun of ['<li><a href="/search"', '</h1>', 'class="vote"', '</main>']) {
        const { origin, finish, close } = await servedInTwoParts(site, begun)
        await page.goto(origin + url, { waitUntil: 'commit' })
        await page.waitForFunction('document.querySelector("header li")', undefined, { polling: 20 })
        const painted = await page.evaluate<boolean>(`new Promise((done) => {
          new PerformanceObserver(() => done(true)).observe({ type: 'paint', buffered: true })
          setTimeout(done, 250, false)
        })`)
        finish()
        const { moved } = await page.evaluate<Painted>(PAINTED)
        expect({ url, begun, painted, moved }).toEqual({ url, begun, painted: false, moved: [] })
        await close()
      }
    }
  })
})

test('a vote without a number stays clear of the title, in every language', async ({ site }) => {
  await addPapers(site.services.db, '2026-04-14', 2)
  await site.services.db.execute(sql`DELETE FROM signals`)
  for (const viewport of [PHONE, DESK]) {
    for (const locale of LOCALES) {
      const page = await open(site, { viewport, locale })
      await page.goto('/papers?date=2026-04-14')
      expect(await page.locator('html').getAttribute('lang')).toMatch(new RegExp(`^${locale}`))
      const vote = (await page.locator('.ranked .vote button').first().boundingBox())!
      const title = (await page.locator('.ranked .paper-title').first().boundingBox())!
      const room = viewport === DESK ? title.x - (vote.x + vote.width) : vote.y - (title.y + title.height)
      expect({ locale, isClear: room > 10 }).toEqual({ locale, isClear: true })
      await page.context().close()
    }
  }
})

/** Serves the site; a page’s HTML up to a text, and the rest after `finish`. */
async function servedInTwoParts({ app }: Site, text: string) {
  const whole = Promise.withResolvers<void>()
  const server = createServer(async ({ url, headers }, reply) => {
    const {
      statusCode,
      headers: given,
      rawPayload,
    } = await app.inject({ url: url!, headers: { accept: headers.accept } })
    reply.writeHead(statusCode, given as Record<string, string>)
    const cut = rawPayload.indexOf(text)
    if (cut > 0 && String(given['content-type']).startsWith('text/html')) {
      reply.write(rawPayload.subarray(0, cut))
      await whole.promise
      reply.end(rawPayload.subarray(cut))
    } else reply.end(rawPayload)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  const close = () => {
    server.closeAllConnections()
    return new Promise((done) => server.close(done))
  }
  return { origin: `http://127.0.0.1:${port}`, finish: whole.resolve, close }
}

/** Bytes on the wire by kind of resource, after compression. */
async function transferred(page: Page, load: () => Promise<unknown>): Promise<Record<string, number>> {
  const session: CDPSession = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  const kinds = new Map<string, string>()
  const bytes: Record<string, number> = {}
  session.on('Network.responseReceived', ({ requestId, type }) => void kinds.set(requestId, type))
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId) ?? 'Other'
    bytes[kind] = (bytes[kind] ?? 0) + encodedDataLength
  })
  await load()
  return bytes
}

interface Painted {
  /** elements painted in one place, and then in another */
  moved: string[]
  /** milliseconds */
  first: number
  largest: number[]
}

/** Reads the browser's own trace: layout shifts, the first paint, and the first paint of the largest text. */
const PAINTED = `new Promise((done) => {
  const found = { moved: [], first: 0, largest: [] }
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true })
  const place = ({ x, y, width, height }) => [x, y, width, height].join(' ')
  watch('layout-shift', (entry) => entry.sources.forEach(({ node, previousRect, currentRect }) =>
    found.moved.push((node?.outerHTML ?? node?.textContent)?.slice(0, 80) + ': ' + place(previousRect) + ' → ' + place(currentRect))))
  watch('paint', (entry) => { if (entry.name === 'first-contentful-paint') found.first = entry.startTime })
  watch('largest-contentful-paint', (entry) => { if (found.largest.length === 0) found.largest.push(entry.startTime) })
  const look = () => requestAnimationFrame(found.first > 0 && found.largest.length > 0 ? () => done(found) : look)
  look()
})`

test('no page scrolls sideways at 320 pixels, and wider text spacing cuts nothing', async ({ site }) => {
  await aFullDay(site)
  const id = await addSubscriber(site.services.db, 'ada@example.org')
  const preferences = mintToken(site.services.keys, 'preferences', id, NOON)
  const page = await open(site, { viewport: { width: 320, height: 667 }, bypassCSP: true })
  for (const url of [
    '/',
    '/papers?week=2026-W16',
    '/papers/2604.14000',
    '/search?q=attention&topic=agents',
    '/editions/2026-04-14',
    '/trends?week=2026-W16',
    '/authors/Ada%20Lovelace',
    `/welcome?choose=${preferences}`,
    `/preferences/${preferences}`,
  ]) {
    await page.goto(url)
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect({ url, overflow: await page.evaluate(overflow) }).toEqual({ url, overflow: 0 })
    // WCAG 2.2, 1.4.12
    await page.addStyleTag({
      content: '* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }',
    })
    const cut =
      await page.evaluate(`[...document.querySelectorAll('main p, main h1, main h2, main h3, main a, main button')]
      .filter((each) => !each.matches('.visually-hidden') && getComputedStyle(each).overflow === 'hidden' && each.scrollHeight > each.clientHeight + 1).length`)
    expect({ url, cut, overflow: await page.evaluate(overflow) }).toEqual({ url, cut: 0, overflow: 0 })
  }
})

test('a word wider than a phone breaks, and no name runs into what stands beside it', { timeout: 60_000 }, async ({
  site,
}) => {
  await aFullDay(site)
  const word = 'Poly(3,4-ethylenedioxythiophene)polystyrenesulfonate_with_dimethylsulfoxide'
  await site.services.db.execute(sql`UPDATE papers SET title = ${`${word} `} || id`)
  const id = await addSubscriber(site.services.db, 'ada@example.org', { likePapers: ['2604.14000'] })
  const preferences = mintToken(site.services.keys, 'preferences', id, NOON)
  for (const locale of LOCALES) {
    await site.services.db.update(subscribers).set({ locale })
    const page = await open(site, { locale, viewport: { width: 320, height: 667 } })
    // With the cookie of a reader.
    await page.goto(`/papers/2604.14000/save/${mintToken(site.services.keys, 'vote', id, NOON)}`)
    await page.locator('main form button').first().click()
    await page.waitForLoadState()
    for (const url of [
      '/topics',
      '/topics/agents',
      '/api/docs',
      '/saved?removed=1',
      '/trends',
      `/preferences/${preferences}`,
    ]) {
      await page.goto(url)
      await page.evaluate("document.querySelectorAll('details:has(table)').forEach((each) => { each.open = true })")
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
      const cramped = `[...document.querySelectorAll('.topic-name, .choice, .topic-best li, td, th')]
        .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent.trim())`
      expect({ locale, url, overflow: await page.evaluate(overflow), cramped: await page.evaluate(cramped) }).toEqual({
        locale,
        url,
        overflow: 0,
        cramped: [],
      })
    }
    await page.context().close()
  }
})

test('a formula wider than a phone scrolls in its place, and the page does not', async ({ site }) => {
  await aFullDay(site)
  const formula = String.raw`$\mathbb{E}_{x \sim p}\left[\frac{\sum_{i=1}^{n} \alpha_i \beta_i}{\prod_{j=1}^{m} \zeta_j}\right] = \int_0^\infty f(x) g(x) h(x) k(x) l(x) dx$`
  await site.services.db.execute(
    sql`UPDATE papers SET title = ${`On ${formula} `} || id, abstract = ${`We bound ${formula}.`} || abstract`,
  )
  const page = await open(site, { viewport: { width: 320, height: 667 } })
  for (const url of [
    '/',
    '/papers?week=2026-W16',
    '/papers/2604.14000',
    '/editions/2026-04-14',
    '/authors/Ada%20Lovelace',
  ]) {
    await page.goto(url)
    const widest = `Math.max(...[...document.querySelectorAll('math mrow')].map((each) => each.getBoundingClientRect().right))`
    expect(await page.evaluate(widest)).toBeGreaterThan(320)
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect({ url, overflow: await page.evaluate(overflow) }).toEqual({ url, overflow: 0 })
  }
})

test('without JavaScript, no button is shown that needs it', async ({ site }) => {
  await aFullDay(site)
  const page = await open(site, { javaScriptEnabled: false })
  for (const url of ['/', '/papers/2604.14000', '/search?q=attention', '/topics', '/saved', '/editions/2026-04-14']) {
    await page.goto(url)
    const shown = page.locator('button[type=button]').filter({ visible: true })
    expect({ url, shown: await shown.allTextContents() }).toEqual({ url, shown: [] })
  }
  const scripted = await open(site)
  await scripted.goto('/papers/2604.14000')
  await scripted.getByRole('button', { name: 'Copy BibTeX' }).waitFor()
})

test('a link with a formula is named with it: browsers leave MathML out of names', async ({ site }) => {
  await aFullDay(site)
  await site.services.db.execute(
    sql`UPDATE papers SET title = ${String.raw`A $\frac{a}{b_2}$ bound "on" `} || id WHERE id IN (1, 30)`,
  )
  const page = await open(site)
  const session = await page.context().newCDPSession(page)
  for (const [url, names] of [
    ['/', ['A a/b₂ bound "on" 1', 'A a/b₂ bound "on" 30']],
    ['/editions/2026-04-14', ['A a/b₂ bound "on" 1', 'A a/b₂ bound "on" 30']],
    ['/authors/Ada%20Lovelace', ['A a/b₂ bound "on" 30']],
  ] as const) {
    await page.goto(url)
    const { nodes } = await session.send('Accessibility.getFullAXTree')
    const links = nodes.filter(({ role }) => role?.value === 'link').map(({ name }) => name?.value)
    expect({ url, links }).toEqual({ url, links: expect.arrayContaining([...names]) })
    expect(await page.locator('a math').count()).toBeGreaterThan(0)
  }
})

test('every target outside a sentence is at least 24 pixels high and wide', async ({ site }) => {
  await aFullDay(site)
  // A title of one line is the lowest.
  await site.services.db.execute(sql`UPDATE papers SET title = 'Sinks ' || id WHERE id % 2 = 0`)
  const page = await open(site)
  for (const viewport of [PHONE, DESK])
    for (const url of ['/', '/papers/2604.14000', '/editions', '/topics/agents', '/trends?week=2026-W16', '/about']) {
      await page.setViewportSize(viewport)
      await page.goto(url)
      const small =
        await page.evaluate(`[...document.querySelectorAll('a, button, select, summary')].flatMap((each) => {
      const { width, height } = each.getBoundingClientRect()
      return width === 0 || each.closest('p, .skip') || (width >= 24 && height >= 24) ? [] : [each.textContent.trim()]
    })`)
      expect({ url, small }).toEqual({ url, small: [] })
    }
})

test('keys move through the list, open, vote, save, search and explain themselves', async ({ site }) => {
  await aFullDay(site)
  const page = await open(site)
  await page.goto('/')
  const focused = () => page.evaluate('document.activeElement.textContent.trim()')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  expect(await focused()).toContain('Mitigation, No. 2')
  await page.keyboard.press('k')
  expect(await focused()).toContain('Mitigation, No. 1')
  await page.keyboard.press('?')
  await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('o')
  await page.waitForURL('**/papers/2604.14000')
  await page.keyboard.press('v')
  await page.waitForURL('**/papers/2604.14000/vote')
  await page.goBack()
  await page.keyboard.press('s')
  await page.waitForURL('**/papers/2604.14000/save')
  await page.keyboard.press('/')
  await page.waitForURL('**/search')
  // In a field, keys are letters.
  await page.getByLabel('Search papers').pressSequentially('jov?')
  expect(await page.getByLabel('Search papers').inputValue()).toBe('jov?')
})

test('keys can be switched off, for speech input, and the browser remembers it', async ({ site }) => {
  await aFullDay(site)
  const page = await open(site)
  const movesToPaper = async () => {
    await page.goto('/')
    await page.keyboard.press('j')
    return page.evaluate("document.activeElement.matches('.paper-title a')")
  }
  expect(await movesToPaper()).toBe(true)
  const choice = page.getByLabel('Use these keys')
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
  await choice.uncheck()
  await page.getByRole('button', { name: 'Close' }).click()
  await page.keyboard.press('?')
  expect(await choice.isVisible()).toBe(false)
  expect(await movesToPaper()).toBe(false)
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
  await choice.check()
  expect(await movesToPaper()).toBe(true)
})

test('keys go on from the paper in the address, where a vote leads back to', async ({ site }) => {
  await aFullDay(site)
  const page = await open(site)
  await page.goto('/papers?date=2026-04-14#p2')
  await page.keyboard.press('j')
  expect(await page.evaluate('document.activeElement.textContent.trim()')).toContain('Mitigation, No. 3')
})

test('Subscribe says that it was pressed, at once, and again after going back', async ({ site }) => {
  site.services.now = () => new Date()
  const page = await open(site)
  await page.goto('/')
  await page.getByLabel('Your email address').fill('ada@example.org')
  await page.evaluate(`document.querySelector('form.sign-up').requestSubmit()`)
  const button = page.locator('form.sign-up button[type="submit"]')
  expect(await button.textContent()).toBe('Sending…')
  expect(await button.getAttribute('aria-disabled')).toBe('true')
  // The focus may be in the field: a screen reader hears nothing of the button then.
  expect(await page.locator('[role="status"]').allTextContents()).toEqual(['Sending…'])
  await page.getByRole('heading', { name: 'Check your inbox' }).waitFor()
})

test('Subscribe can be pressed again when the reader stopped the request', async ({ site }) => {
  const now = new Date()
  site.services.now = () => now
  const page = await open(site)
  await page.clock.install()
  await page.goto('/')
  // The page stays, as with the browser's Stop.
  await page.route('**/subscribe', (route) => route.abort('aborted'))
  const stopped = page.waitForEvent('requestfailed')
  await page.getByLabel('Your email address').fill('ada@example.org')
  const button = page.locator('form.sign-up button[type="submit"]')
  await button.click()
  await stopped
  expect(await button.textContent()).toBe('Sending…')
  await page.clock.fastForward(15_000)
  await expect.poll(() => button.textContent()).toBe('Subscribe')
  expect(await button.getAttribute('aria-disabled')).toBe('false')
})

test('a link and a citation are copied by a button, which says so', async ({ site }) => {
  await aFullDay(site)
  const page = await open(site)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto('/papers/2604.14000')
  await page.getByRole('button', { name: 'Copy link' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  expect(await page.locator('[role="status"]').allTextContents()).toEqual(['Copied'])
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe('https://paperboy.example/papers/2604.14000')
  await page.getByRole('button', { name: 'Copy BibTeX' }).click()
  await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toContain('@misc{lovelace2026attention')
})

test('a copy button says so when the browser refuses', async ({ site }) => {
  await aFullDay(site)
  const page = await open(site)
  await page.addInitScript('navigator.clipboard.writeText = () => Promise.reject(new Error("refused"))')
  await page.goto('/papers/2604.14000')
  await page.getByRole('button', { name: 'Copy link' }).click()
  await page.getByRole('button', { name: 'Not copied' }).waitFor({ timeout: 5_000 })
  expect(await page.locator('[role="status"]').allTextContents()).toEqual(['Not copied'])
})

test.for([true, false])('welcome is three taps and Save (JavaScript: %s)', async (javaScriptEnabled, { db, site }) => {
  await aFullDay(site)
  const id = await addSubscriber(db, 'ada@example.org', { zone: 'Europe/Berlin', keywords: ['sinks'] })
  const page = await open(site, { javaScriptEnabled, viewport: PHONE })
  await page.goto(
    `/welcome?first=2026-04-16T06:00:00.000Z&choose=${mintToken(site.services.keys, 'preferences', id, NOON)}`,
  )
  await page.locator('.tap', { hasText: 'Video generation' }).click()
  await page.locator('.tap', { hasText: 'two minutes' }).click()
  await page.locator('.tap', { hasText: '07:00' }).click()
  if (javaScriptEnabled) {
    expect(await page.locator('[data-chosen]').textContent()).toBe('1 topic · 5 papers · 07:00')
  }
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  expect((await db.select().from(subscribers))[0]).toMatchObject({
    topics: ['video-generation'],
    size: 5,
    hour: 7,
    keywords: ['sinks'],
    cadence: 'daily',
  })
})

test('a contrast theme leaves the choices visible, and the day that is shown', async ({ db, site }) => {
  await aFullDay(site)
  const id = await addSubscriber(db, 'ada@example.org', { zone: 'Europe/Berlin' })
  const page = await open(site, { forcedColors: 'active' })
  // What paints a box and its words. Shadows are dropped.
  const looks = (selector: string) =>
    page.evaluate(
      `(([box]) => [box, ...box.querySelectorAll('b')].map((each) => {
        const { backgroundColor, borderTopColor, borderTopWidth, borderTopStyle } = getComputedStyle(each)
        return [backgroundColor, borderTopColor, borderTopWidth, borderTopStyle].join(' ')
      }))(document.querySelectorAll('${selector}'))`,
    )
  await page.goto(`/welcome?choose=${mintToken(site.services.keys, 'preferences', id, NOON)}`)
  for (const name of ['size', 'hour'])
    expect(await looks(`.tap:has([name="${name}"]:checked)`)).not.toEqual(
      await looks(`.tap:has([name="${name}"]:not(:checked))`),
    )
  await page.goto('/')
  expect(await looks('.calendar a[aria-current]')).not.toEqual(await looks('.calendar td > span'))
})

test('preferences keep Save in sight, and hide the weekday unless it counts', async ({ db, site }) => {
  const id = await addSubscriber(db, 'ada@example.org')
  const page = await open(site, { javaScriptEnabled: false, viewport: PHONE })
  await page.goto(`/preferences/${mintToken(site.services.keys, 'preferences', id, NOON)}`)
  const save = page.getByRole('button', { name: 'Save' })
  for (const y of [0, 400]) {
    await page.mouse.wheel(0, y)
    const box = await save.boundingBox()
    expect(box!.y + box!.height).toBeLessThanOrEqual(PHONE.height)
  }
  expect(await page.getByLabel('Day, if once a week').isVisible()).toBe(false)
  await page.getByRole('radio', { name: 'Once a week' }).check()
  expect(await page.getByLabel('Day, if once a week').isVisible()).toBe(true)
})

test('a search for a topic that does not exist says so, to the eye and to a screen reader', async ({ db, site }) => {
  await aFullDay(site)
  const id = await addSubscriber(db, 'ada@example.org', { topics: ['agents'] })
  const page = await open(site)
  await page.goto(`/preferences/${mintToken(site.services.keys, 'preferences', id, NOON)}`)
  const find = page.getByLabel('Find a topic')
  const said = page.locator('.topic-choice [role="status"]')
  await find.fill('Video')
  expect(await said.textContent()).toBe('')
  await find.fill('$& basket')
  expect(await said.textContent()).toBe('No topics found for “$& basket”')
  // A chosen one stays in the list.
  expect(await page.locator('.topic-choice .scroll label:visible').allTextContents()).toEqual([' Agents'])
  await find.fill('')
  expect(await said.textContent()).toBe('')
})

test('on paper, a list keeps its votes, and nothing is left to press', async ({ db, site }) => {
  await aFullDay(site)
  const id = await addSubscriber(db, 'ada@example.org')
  // The width of A4 between margins.
  const page = await open(site, { viewport: { width: 718, height: 1000 } })
  await page.goto(`/papers/2604.14000/save/${mintToken(site.services.keys, 'vote', id, NOON)}`)
  await page.locator('main form button').click()
  await page.emulateMedia({ media: 'print' })
  for (const url of ['/', '/papers/2604.14000', '/topics/agents', '/authors/Ada%20Lovelace', '/editions/2026-04-14']) {
    await page.goto(url)
    const buttons = await page.locator('button:visible').allInnerTexts()
    const isVote = (words: string) => /^\d+\s+\d+ votes/.test(words)
    expect({ url, pressed: buttons.filter((words) => !isVote(words)) }).toEqual({ url, pressed: [] })
    if (url === '/') expect(buttons.filter(isVote)).toHaveLength(32)
  }
})

test('the bar with Save never covers what has the focus, at 400 % zoom neither', { timeout: 90_000 }, async ({
  db,
  site,
}) => {
  await aFullDay(site)
  const id = await addSubscriber(db, 'ada@example.org', { topics: ['agents', 'language-models'], cadence: 'weekdays' })
  const token = mintToken(site.services.keys, 'preferences', id, NOON)
  // The longest words.
  for (const locale of ['de', 'fr'] as const) {
    await db.update(subscribers).set({ locale })
    for (const height of [568, 256]) {
      const page = await open(site, { locale, viewport: { width: 320, height } })
      for (const url of [`/welcome?choose=${token}`, `/preferences/${token}`]) {
        await page.goto(url)
        // The whole control, or the first line of a box that is higher than the screen.
        const covered: string[] = []
        let stops = 0
        for (; stops < 150; stops++) {
          await page.keyboard.press('Tab')
          const stop = await page.evaluate<{ says: string; isCovered: boolean } | null>(`(() => {
            const { activeElement } = document
            if (activeElement === document.body) return null
            const bar = document.querySelector('.save-bar')
            const { top, bottom } = (activeElement.closest('.tap') ?? activeElement).getBoundingClientRect()
            const { top: edge, bottom: end } = bar.getBoundingClientRect()
            return {
              says: activeElement.name || activeElement.textContent.trim(),
              isCovered: !bar.contains(activeElement) && top < end && Math.min(bottom, top + 44) > edge + 1,
            }
          })()`)
          if (!stop) break
          if (stop.isCovered) covered.push(stop.says)
        }
        expect({ locale, height, url, covered }).toEqual({ locale, height, url, covered: [] })
        expect(stops).toBeGreaterThan(20)
      }
      await page.context().close()
    }
  }
})

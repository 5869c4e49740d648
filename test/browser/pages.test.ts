import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { mintToken } from '../../src/mail/tokens.ts'
import { messagesIn } from '../../src/messages/catalogue.ts'
import { signUpCounts, subscribers } from '../../src/runtime/db/schema.ts'
import { everyPage } from '../http/every-page.ts'
import { test as onSite } from '../http/site.ts'
import { useBrowser, withoutBrowser } from '../support/browser.ts'
import { addSubscriber, NOON } from '../support/services.ts'
import { DESK, look, PHONE, pagesOf } from './look.ts'

const test = onSite.skipIf(withoutBrowser)
const { open } = pagesOf(useBrowser())

describe.for([
  { colorScheme: 'light', locale: 'en-GB', viewport: DESK },
  { colorScheme: 'dark', locale: 'de-DE', viewport: PHONE },
] as const)('in $colorScheme colours, speaking $locale', (how) => {
  test('axe finds no violation on any page', { timeout: 240_000 }, async ({ site }) => {
    const paths = await everyPage(site)
    // The test injects axe, so it must bypass the pages' policy.
    const page = await open(site, { ...how, bypassCSP: true })
    const lookAtAll = async (urls: string[]) => {
      for (const url of urls) expect(await look(page, url)).toEqual({ url, found: [], overflow: [0, 0] })
    }
    await lookAtAll(paths)
    // With the cookie of a reader who voted.
    const vote = paths.find((path) => path.startsWith('/papers/1/vote/'))!
    await page.goto(vote)
    await page.locator('main form button').click()
    await page.waitForLoadState()
    await page.goto('/papers/1/save')
    await page.locator('main form button').first().click()
    await page.waitForLoadState()
    await lookAtAll([
      ...['/', '/papers/1', '/papers/1/vote', vote, '/search?q=paper', '/votes'],
      ...['/saved', '/saved?removed=2', '/for-you', '/authors/Ada%20Lovelace', '/trends'],
    ])
  })
})

test.for(['es', 'fr', 'zh'] as const)(
  'the main pages in %s have no violation, and fit a screen of 320 pixels',
  { timeout: 240_000 },
  async (locale, { site, db }) => {
    const paths = await everyPage(site)
    await db.update(subscribers).set({ locale })
    const personal = paths.filter((path) => /^\/(?:confirm|preferences|unsubscribe|manage)\//.test(path))
    const page = await open(site, {
      locale: messagesIn(locale).intl,
      bypassCSP: true,
      viewport: { width: 320, height: 800 },
      colorScheme: locale === 'fr' ? 'dark' : 'light',
    })
    const main = [
      '/',
      '/subscribe',
      '/papers/1',
      '/topics',
      '/topics/video-generation',
      '/search?q=paper',
      '/manage',
      '/privacy',
    ]
    for (const url of [...main, ...personal]) {
      expect(await look(page, url)).toEqual({ url, found: [], overflow: [0, 0] })
      expect([url, await page.locator('html').getAttribute('lang')]).toEqual([url, messagesIn(locale).lang])
    }
  },
)

test('no page violates its content security policy', { timeout: 60_000 }, async ({ site }) => {
  const page = await open(site)
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(`${page.url()} ${message.text()}`))
  for (const url of await everyPage(site)) await page.goto(url)
  // The console also logs a 404 page as an error.
  expect(complaints.filter((line) => !line.includes('Failed to load resource: the server responded'))).toEqual([])
})

test('the sign-up works without JavaScript, and its errors stand beside the field', async ({ db, site }) => {
  const page = await open(site, { javaScriptEnabled: false })
  await page.goto('/')
  await page.getByLabel('Your email address').fill('ada.example.org')
  await page.getByRole('button', { name: 'Subscribe' }).click()
  await page.getByText('An email address needs an @').waitFor()
  expect(await page.getByLabel('Your email address').inputValue()).toBe('ada.example.org')
  await page.getByLabel('Your email address').fill('ada@example.org')
  await page.getByRole('button', { name: 'Subscribe' }).click()
  await page.getByRole('heading', { name: 'Check your inbox' }).waitFor()
  expect(await db.select({ zone: subscribers.zone }).from(subscribers)).toEqual([{ zone: 'UTC' }])
})

test('with JavaScript, sign-up sends the browser’s time zone and an invisible proof of work', async ({ db, site }) => {
  // The browser's clock runs, and a proof contains its start time.
  site.services.now = () => new Date()
  const page = await open(site, { timezoneId: 'Asia/Tokyo' })
  // A slow network: a challenge that arrives late must not make the proof look too fast.
  await page.route('**/api/v1/challenge', async (route) => {
    await delay(500)
    await route.continue()
  })
  await page.goto('/')
  await page.getByLabel('Your email address').fill('ada@example.org')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Check your inbox' }).waitFor()
  expect(await db.select({ zone: subscribers.zone }).from(subscribers)).toEqual([{ zone: 'Asia/Tokyo' }])
  // A sign-up without suspicion weighs 1.
  expect(await db.select({ count: signUpCounts.count }).from(signUpCounts)).toEqual(
    Array.from({ length: 4 }, () => ({ count: 1 })),
  )
})

test('leaving and choosing work without JavaScript', async ({ db, site }) => {
  const id = await addSubscriber(db, 'ada@example.org')
  const page = await open(site, { javaScriptEnabled: false })
  const link = (purpose: 'unsubscribe' | 'preferences') =>
    `/${purpose}/${mintToken(site.services.keys, purpose, id, NOON)}`
  await page.goto(link('preferences'))
  await page.getByLabel('Monday to Friday').check()
  await page.getByLabel('Time', { exact: true }).selectOption('06:00')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  expect(await page.getByLabel('Monday to Friday').isChecked()).toBe(true)
  await page.goto(link('unsubscribe'))
  await page.getByRole('button', { name: 'Unsubscribe' }).click()
  await page.getByRole('heading', { name: 'You’re unsubscribed' }).waitFor()
  expect((await db.select().from(subscribers))[0]).toMatchObject({
    status: 'unsubscribed',
    cadence: 'weekdays',
    hour: 6,
  })
})

test('the keyboard moves through the front page in reading order, with visible focus', async ({ site }) => {
  await everyPage(site)
  const page = await open(site)
  await page.goto('/')
  const stops: string[] = []
  for (let i = 0; i < 16; i++) {
    await page.keyboard.press('Tab')
    stops.push(await page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()'))
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none')
  }
  expect(stops).toEqual([
    'Skip to content',
    'Paperboy',
    'Topics',
    'Archive',
    'Search',
    'Saved',
    'Subscribe',
    '‹Monday, 13 April 2026Mon 13',
    'See the latest edition',
    'email',
    'Subscribe',
    'by AK and the research community',
    'Day',
    'Week',
    'Month',
    'Paper 1 of 2026-04-14',
  ])
})

test('controls are at least 44 pixels high', { timeout: 120_000 }, async ({ site }) => {
  const paths = await everyPage(site)
  const page = await open(site, { viewport: { width: 375, height: 800 } })
  const controls = page.locator(
    'button:visible, select:visible, input:not([type=hidden], [type=radio], [type=checkbox]), .choice:visible, .tap, .step',
  )
  let seen = 0
  for (const url of paths.filter((each) => !each.endsWith('/email'))) {
    await page.goto(url)
    const heights = await controls.evaluateAll(
      (all: { textContent: string; getBoundingClientRect(): { height: number } }[]) =>
        all.map((each) => ({ text: each.textContent, height: each.getBoundingClientRect().height })),
    )
    seen += heights.length
    expect({ url, low: heights.filter(({ height }) => height < 44) }).toEqual({ url, low: [] })
  }
  expect(seen).toBeGreaterThan(paths.length)
})

import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { makeFolder } from '../lib/make-folder.ts'

export type Cookie = Parameters<BrowserContext['addCookies']>[0][number]

export interface Shot {
  /** the file's name before size and color scheme */
  name: string
  /** relative to the base URL, or a whole URL */
  path: string
  /** fields of a form to post there; if absent, the page is opened */
  post?: Record<string, string>
  /** the page with the form, for its CSRF token; default /subscribe */
  from?: string
  /** set for this page only */
  cookie?: Cookie
  /** in CSS pixels; default 1280. Email uses 640 */
  desktopWidth?: number
}

const PHONE_WIDTH = 375
const DESKTOP_WIDTH = 1280
/** Mail programs show email in a column of about this width. */
export const MAIL_WIDTH = 640

/** Height of the window. A screenshot is as high as its page. */
const HEIGHT = 800

/**
 * Takes screenshots of whole pages: NAME-phone-light.png, NAME-phone-dark.png, NAME-desktop-light.png, NAME-desktop-dark.png.
 * @returns the files written
 */
export async function takeShots(
  browser: Browser,
  {
    baseUrl,
    pages,
    outDir,
    intl,
    cookies,
  }: { baseUrl: string; pages: readonly Shot[]; outDir: string; intl: string; cookies: readonly Cookie[] },
): Promise<string[]> {
  await makeFolder(outDir)
  const written: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({
      colorScheme,
      reducedMotion: 'reduce',
      locale: intl,
      timezoneId: 'UTC',
    })
    await context.addCookies(cookies)
    const page = await context.newPage()
    for (const { name, path, post, cookie, from = '/subscribe', desktopWidth = DESKTOP_WIDTH } of pages) {
      const url = new URL(path, baseUrl).href
      if (cookie) await context.addCookies([cookie])
      if (post) await postForm(page, { url, from, fields: post })
      else await page.goto(url, { waitUntil: 'load' })
      for (const [size, width] of [
        ['phone', PHONE_WIDTH],
        ['desktop', desktopWidth],
      ] as const) {
        await page.setViewportSize({ width, height: HEIGHT })
        const file = join(outDir, `${name}-${size}-${colorScheme}.png`)
        await page.screenshot({ path: file, fullPage: true })
        written.push(file)
      }
      if (cookie) await context.clearCookies({ name: cookie.name })
    }
    await context.close()
  }
  return written
}

/** Posts a form from one of our own pages, since the service refuses posts from other origins. */
async function postForm(
  page: Page,
  { url, from, fields: typed }: { url: string; from: string; fields: Record<string, string> },
): Promise<void> {
  await page.goto(new URL(from, url).href)
  const token = page.locator('input[name="_csrf"]').first()
  const fields = (await token.count()) > 0 ? { ...typed, _csrf: await token.inputValue() } : typed
  const inputs = Object.keys(fields).map((name) => `<input name="${name}">`)
  await page.locator('main').evaluate(
    (main, html) => {
      main.innerHTML = html
    },
    `<form method="post" action="${url}">${inputs.join('')}<button>Send</button></form>`,
  )
  for (const [name, value] of Object.entries(fields)) await page.fill(`main [name="${name}"]`, value)
  await Promise.all([page.waitForURL(url), page.click('main button')])
}

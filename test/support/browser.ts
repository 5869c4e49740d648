import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { chromiumPath, hasChromium, startChromium } from '../../src/shots/chromium.ts'
import { isRequired } from './suites.ts'

const path = chromiumPath(process.env.CHROMIUM_PATH)

/** Where there is no Chromium its suites are skipped and say so, unless PAPERBOY_REQUIRE_SUITES names them. */
export const withoutBrowser = !hasChromium(path) && !isRequired('browser')
if (withoutBrowser)
  console.warn(
    `Skipped: everything that needs a browser; there is no Chromium at ${path}. CHROMIUM_PATH names another.`,
  )

/** One browser for the file it is called in. */
export function useBrowser(): { current(): Browser } {
  let browser: Browser
  beforeAll(async () => {
    if (!withoutBrowser) browser = await startChromium(path)
  })
  afterAll(() => browser?.close())
  return { current: () => browser }
}

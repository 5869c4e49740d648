import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { chromiumPath, hasChromium, startChromium } from '../../src/shots/chromium.ts'
import { isRequired } from './suites.ts'

const path = chromiumPath(process.env.CHROMIUM_PATH)

/** Without Chromium, browser suites are skipped with a warning, unless PAPERBOY_REQUIRE_SUITES names them. */
export const withoutBrowser = !hasChromium(path) && !isRequired('browser')
if (withoutBrowser)
  console.warn(`Skipped: tests that need a browser. There is no Chromium at ${path}; set CHROMIUM_PATH to another.`)

/** Starts one browser for the test file that calls this. Closes each test's pages after it, and the browser after the last test. */
export function useBrowser(): { current(): Browser } {
  let browser: Browser
  beforeAll(async () => {
    if (!withoutBrowser) browser = await startChromium(path)
  })
  afterEach(() => Promise.all(browser?.contexts().map((context) => context.close()) ?? []))
  afterAll(() => browser?.close())
  return { current: () => browser }
}

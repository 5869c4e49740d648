import { join } from 'node:path'
import { expect } from 'vitest'
import { everyPage } from '../http/every-page.ts'
import { siteOn } from '../http/site.ts'
import { useBrowser, withoutBrowser } from '../support/browser.ts'
import { test as onDatabase } from '../support/database.ts'
import { servicesOn } from '../support/services.ts'
import { DESK, look, PHONE, pagesOf } from './look.ts'

const test = onDatabase.skipIf(withoutBrowser)
const { open } = pagesOf(useBrowser())
const BIOLOGY = join(import.meta.dirname, '../fixtures/biology/newsletter.toml')

/** Computed colours, as browsers write them. */
const ACCENT = { light: 'rgb(11, 110, 79)', dark: 'rgb(127, 216, 181)' }

test.for([
  { colorScheme: 'light', viewport: DESK },
  { colorScheme: 'dark', viewport: PHONE },
] as const)(
  'a second newsletter has no violation on any page in $colorScheme colours',
  { timeout: 240_000 },
  async (how, { db, databaseUrl }) => {
    const site = siteOn(servicesOn(db, { DATABASE_URL: databaseUrl, NEWSLETTER_FILE: BIOLOGY, POSTAL_ADDRESS: '' }))
    const paths = await everyPage(site)
    const page = await open(site, { ...how, locale: 'de-DE', bypassCSP: true })
    try {
      for (const url of paths) expect(await look(page, url)).toEqual({ url, found: [], overflow: [0, 0] })
      await page.goto('/')
      const own = await page.evaluate("getComputedStyle(document.querySelector('.kinds .current')).boxShadow")
      expect(own).toContain(ACCENT[how.colorScheme])
      // The logo has loaded: an image of no size is broken.
      expect(await page.evaluate("document.querySelector('.wordmark img').naturalWidth")).toBeGreaterThan(0)
    } finally {
      await site.app.close()
    }
  },
)

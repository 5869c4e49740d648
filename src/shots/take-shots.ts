import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'

export interface Shot {
  /** the file's name before size and colours */
  name: string
  /** from the base URL, or a whole URL */
  path: string
  /** CSS pixels wide on a desktop, where it is not a page's 1280: mails are read in a column of 640 */
  desktopWidth?: number
}

const PHONE_WIDTH = 375
const DESKTOP_WIDTH = 1280

/** Of the window; a picture is as high as its page. */
const HEIGHT = 800

/**
 * Pictures of whole pages: NAME-phone-light.png, NAME-phone-dark.png, NAME-desktop-light.png, NAME-desktop-dark.png.
 * @returns the files written
 */
export async function takeShots(
  browser: Browser,
  { baseUrl, pages, outDir }: { baseUrl: string; pages: readonly Shot[]; outDir: string },
): Promise<string[]> {
  await mkdir(outDir, { recursive: true })
  const written: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({
      colorScheme,
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'UTC',
    })
    const page = await context.newPage()
    for (const { name, path, desktopWidth = DESKTOP_WIDTH } of pages) {
      await page.goto(new URL(path, baseUrl).href, { waitUntil: 'load' })
      for (const [size, width] of [
        ['phone', PHONE_WIDTH],
        ['desktop', desktopWidth],
      ] as const) {
        await page.setViewportSize({ width, height: HEIGHT })
        const file = join(outDir, `${name}-${size}-${colorScheme}.png`)
        await page.screenshot({ path: file, fullPage: true })
        written.push(file)
      }
    }
    await context.close()
  }
  return written
}

import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Returns the given path, or that of Debian's Chromium. */
export const chromiumPath = (named: string | undefined): string => named || '/usr/bin/chromium'

export const hasChromium = (path: string): boolean => existsSync(path)

/** Starts Chromium without a sandbox, since it runs as root in containers and opens only our pages, and without background network use. */
export const startChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })

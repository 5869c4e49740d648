import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Debian's Chromium, or the one that is named. */
export const chromiumPath = (named: string | undefined): string => named || '/usr/bin/chromium'

export const hasChromium = (path: string): boolean => existsSync(path)

/** Without a sandbox, since it is run as root in containers and reads our own pages only; and without talking to anybody. */
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

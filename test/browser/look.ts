import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Result } from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { createSignInLink } from '../../src/operate/admins/sessions.ts'
import type { Services } from '../../src/runtime/services.ts'
import { CURATOR } from '../http/admin.ts'
import type { Site } from '../http/site.ts'

export const pagesOf = (browser: { current(): Browser }) => ({
  /** Opens a page in a fresh browser context, on the listening app. */
  async open({ app }: Pick<Site, 'app'>, options: BrowserContextOptions = {}): Promise<Page> {
    if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as { port: number }
    return (
      await browser.current().newContext({ baseURL: `http://127.0.0.1:${port}`, locale: 'en-GB', ...options })
    ).newPage()
  },
})

/** Signs an admin in, by a link. */
export async function enter(services: Services, page: Page, address = CURATOR): Promise<void> {
  await page.goto(new URL(await createSignInLink(services, address)).pathname)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(/\/admin$/)
}

export const PHONE = { width: 375, height: 800 }
export const DESK = { width: 1280, height: 800 }

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** Returns axe's violations, and the horizontal overflow on a phone and a desktop. */
export async function look(page: Page, url: string): Promise<{ url: string; found: string[]; overflow: unknown[] }> {
  await page.goto(url)
  await page.evaluate(AXE)
  const violations = await page.evaluate<Result[]>(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )
  // Emails are HTML for email programs: only serious violations count, such as contrast and link names.
  const counts = (impact: unknown) => !url.endsWith('/email') || impact === 'serious' || impact === 'critical'
  const found = violations.filter(({ impact }) => counts(impact)).map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
  const own = page.viewportSize()!
  const overflow: unknown[] = []
  for (const size of [own.width === PHONE.width ? DESK : PHONE, own]) {
    await page.setViewportSize(size)
    overflow.push(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'))
  }
  return { url, found, overflow }
}

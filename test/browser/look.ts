import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Site } from '../http/site.ts'

export const pagesOf = (browser: { current(): Browser }) => ({
  /** A page of a browser of its own, on the app where it listens. */
  async open({ app }: Pick<Site, 'app'>, options: BrowserContextOptions = {}): Promise<Page> {
    if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as { port: number }
    return (
      await browser.current().newContext({ baseURL: `http://127.0.0.1:${port}`, locale: 'en-GB', ...options })
    ).newPage()
  },
})

export const PHONE = { width: 375, height: 800 }
export const DESK = { width: 1280, height: 800 }

/** What axe calls an obstacle, and how far the page can be scrolled sideways on a phone and on a desk. */
export async function look(page: Page, url: string): Promise<{ url: string; found: string[]; overflow: unknown[] }> {
  await page.goto(url)
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run()')
  // A mail's document is made for mail programs: of it only what is serious counts, such as contrast and link names.
  const counts = (impact: unknown) => !url.startsWith('/editions/') || impact === 'serious' || impact === 'critical'
  const found = violations.filter(({ impact }) => counts(impact)).map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
  const own = page.viewportSize()!
  const overflow: unknown[] = []
  for (const size of [own.width === PHONE.width ? DESK : PHONE, own]) {
    await page.setViewportSize(size)
    overflow.push(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'))
  }
  return { url, found, overflow }
}

import { expect } from 'vitest'
import { runUploadedImports } from '../../src/operate/run-uploaded-imports.ts'
import { countSumsJob } from '../../workers/count-sums.ts'
import { OPERATOR, test as onSite } from '../http/admin.ts'
import { useBrowser, withoutBrowser } from '../support/browser.ts'
import { furnishDesk } from '../support/many-readers.ts'
import { DESK, enter, look, PHONE, pagesOf } from './look.ts'

const test = onSite.skipIf(withoutBrowser)
const { open } = pagesOf(useBrowser())

const READERS = 5_000
const LONG = { timeout: 300_000 }

test(
  '5,000 readers on a phone without JavaScript: search, filter, page, add, import, decide, revoke',
  LONG,
  async ({ site }) => {
    const { services } = site
    await furnishDesk(services, READERS)
    await countSumsJob(services)
    const page = await open(site, { javaScriptEnabled: false, viewport: PHONE })
    await enter(services, page)

    await page.goto('/admin/readers')
    await page.getByLabel('Part of an address').fill('reader-4321@')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByRole('link', { name: /^reader-4321@/ }).click()
    await page.getByRole('heading', { name: /reader-4321@/ }).waitFor()
    await page.getByRole('link', { name: 'All readers' }).click()
    await page.getByLabel('Status').selectOption('bounced')
    await page.getByLabel('Domain').fill('uni.example')
    await page.getByRole('button', { name: 'Filter' }).click()
    const seen = new Set<string>()
    for (;;) {
      for (const text of await page.locator('tbody th a').allTextContents()) {
        expect(seen.has(text)).toBe(false)
        seen.add(text)
      }
      const older = page.getByRole('link', { name: 'Older readers' })
      if ((await older.count()) === 0) break
      await older.click()
    }
    expect(seen.size).toBe(
      Array.from({ length: READERS }, (_, n) => n + 1).filter((n) => n % 25 === 1 && n % 50 !== 0 && n % 5 === 1)
        .length,
    )

    await page.goto('/admin/readers')
    await page.locator('#new-email').fill('by-hand@example.org')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('they get an email that asks to confirm').waitFor()

    await page.getByRole('link', { name: 'Import from a file' }).click()
    const file = {
      name: 'list.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('Email Address,Left?\nnew@example.org,no\nold@example.org,yes\n'),
    }
    await page.getByLabel('CSV file').setInputFiles(file)
    await page.getByRole('button', { name: 'Upload' }).click()
    await page.getByLabel('Left?').selectOption('unsubscribed')
    await page.getByRole('button', { name: 'Start the dry run' }).click()
    await page.getByText('The dry run is under way').waitFor()
    await runUploadedImports(services)
    await page.getByRole('link', { name: 'Refresh' }).click()
    await page.getByText('would be added').waitFor()
    await page.getByRole('button', { name: 'Import now' }).click()
    await runUploadedImports(services)
    await page.getByRole('link', { name: 'Refresh' }).click()
    await page.getByRole('heading', { name: 'Done' }).waitFor()
    await page.getByRole('button', { name: 'Delete this report' }).click()

    await page.goto('/admin/submissions')
    await page.getByLabel(/number 1$/).check()
    await page.getByLabel(/number 3$/).check()
    await page.getByRole('button', { name: 'Accept the ticked papers' }).click()
    await page.getByText('2 papers accepted.').waitFor()

    await page.goto('/admin/inbound')
    await page.getByLabel('Matched').selectOption('no')
    await page.getByRole('button', { name: 'Filter' }).click()
    expect(await page.getByText('unmatched', { exact: true }).count()).toBe(13)
    await page.goto('/admin/sources')
    await page.getByRole('button', { name: 'Fetch now: hf' }).click()
    await page.getByText('A worker reads hf now').waitFor()
    await page.goto('/admin/insights')
    await page.getByRole('heading', { name: 'Topics that readers follow' }).waitFor()
    await page.goto('/admin/settings')
    await page.getByText('ADMIN_EMAILS').waitFor()

    const other = await open(site, { javaScriptEnabled: false })
    await enter(services, other, OPERATOR)
    await page.goto('/admin/sessions')
    await page.getByRole('button', { name: new RegExp(`Sign out: ${OPERATOR}`) }).click()
    await page.waitForURL(/sessions/)
    await other.goto('/admin/log')
    await other.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.goto('/admin/log')
    await page.getByLabel('What').fill('accepted')
    await page.getByRole('button', { name: 'Filter' }).click()
    expect(await page.locator('tbody tr').count()).toBe(2)
  },
)

test('axe finds nothing on any list, in both themes and widths, with 5,000 readers', LONG, async ({ db, site }) => {
  const { services } = site
  await furnishDesk(services, READERS)
  await countSumsJob(services)
  const page = await open(site, { viewport: DESK, bypassCSP: true })
  await enter(services, page)
  await page.goto('/admin/readers/import')
  const file = {
    name: 'list.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('Email Address,Opt-out?\nnew@example.org,no\n'),
  }
  await page.getByLabel('CSV file').setInputFiles(file)
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByRole('button', { name: 'Start the dry run' }).click()
  await runUploadedImports(services)
  const [reader] = await db.query.subscribers.findMany({ limit: 1, columns: { id: true } })
  const urls = [
    ...[
      '/admin/readers',
      '/admin/readers?status=bounced&domain=uni.example',
      `/admin/readers/${reader!.id}`,
      '/admin/readers/import',
    ],
    ...[
      new URL(page.url()).pathname,
      '/admin/insights',
      '/admin/sources',
      '/admin/submissions',
      '/admin/inbound',
      '/admin/settings',
    ],
    ...['/admin/log', '/admin/sessions', '/admin/keys', '/admin/webhooks'],
  ]
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    for (const viewport of [DESK, PHONE]) {
      await page.setViewportSize(viewport)
      for (const url of urls) {
        expect([colorScheme, await look(page, url)]).toEqual([colorScheme, { url, found: [], overflow: [0, 0] }])
        if (process.env.LISTS_SHOTS) {
          const name = url.replace(/\W+/g, '-').slice(1, 40)
          await page.setViewportSize(viewport)
          await page.screenshot({
            path: `${process.env.LISTS_SHOTS}/${name}-${viewport.width}-${colorScheme}.png`,
            fullPage: true,
          })
        }
      }
    }
  }
})

test(
  'the columns of a file are read on a phone without scrolling sideways, and no meaning is cut',
  LONG,
  async ({ site }) => {
    const page = await open(site, { viewport: { width: 320, height: 800 } })
    await enter(site.services, page)
    await page.goto('/admin/readers/import')
    const survey = 'Which of these topics would you like to read about in our newsletter?'
    const file = {
      name: 'list.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(
        `Email Address,created_at,TIMEZONE,${survey}\nnew@example.org,2025-01-01,Europe/Berlin,robots\n`,
      ),
    }
    await page.getByLabel('CSV file').setInputFiles(file)
    await page.getByRole('button', { name: 'Upload' }).click()
    await page.getByRole('heading', { name: 'Columns' }).waitFor()
    for (const width of [320, 390, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      const cut = await page.evaluate<string[]>(`(() => {
      const table = document.querySelector('.mapping')
      const context = document.createElement('canvas').getContext('2d')
      const selects = [...table.querySelectorAll('select')].filter((select) => {
        const { font, paddingLeft } = getComputedStyle(select)
        context.font = font
        // The arrow takes as much as a letter and a half.
        const needed = context.measureText(select.selectedOptions[0].text).width + 2 * parseFloat(paddingLeft) + 24
        return needed > select.offsetWidth || select.getBoundingClientRect().right > innerWidth
      })
      const scrolls = table.parentElement
      return [
        ...selects.map((select) => select.selectedOptions[0].text),
        ...(scrolls.scrollWidth > scrolls.clientWidth ? ['the table'] : []),
      ]
    })()`)
      if (process.env.LISTS_SHOTS)
        await page.screenshot({ path: `${process.env.LISTS_SHOTS}/import-${width}.png`, fullPage: true })
      expect([width, cut]).toEqual([width, []])
    }
    await page.getByText('Known from Ghost, Substack, listmonk, beehiiv, Keila, Plunk').waitFor()
  },
)

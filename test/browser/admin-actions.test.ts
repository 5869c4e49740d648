import { readFile } from 'node:fs/promises'
import { eq, sql } from 'drizzle-orm'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { findEdition } from '../../src/edition/draft/control.ts'
import { sendWebhooks } from '../../src/operate/webhooks/send-webhooks.ts'
import {
  apiKeys,
  auditLog,
  deliveries,
  submissions,
  suppressions,
  webhookEndpoints,
} from '../../src/runtime/db/schema.ts'
import { countSumsJob } from '../../workers/count-sums.ts'
import { CURATOR, test as onSite } from '../http/admin.ts'
import { startReceiver } from '../operate/webhooks/receiver.ts'
import { useBrowser, withoutBrowser } from '../support/browser.ts'
import { furnishDesk } from '../support/many-readers.ts'
import { DESK, enter, pagesOf } from './look.ts'

const test = onSite.skipIf(withoutBrowser)
const { open } = pagesOf(useBrowser())

const READERS = 5_000
const LONG = { timeout: 300_000 }
const KEY = { kind: 'daily', date: '2026-04-14' } as const

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })

/** The text of the file that a button downloads. */
async function download(page: Page, name: string): Promise<string> {
  const [file] = await Promise.all([page.waitForEvent('download'), button(page, name).click()])
  return readFile(await file.path(), 'utf8')
}

test(
  'a working day at 1280 px: each list page of the desk does what it offers, on 5,000 readers and real papers',
  LONG,
  async ({ db, site, onTestFinished }) => {
    const { services } = site
    await furnishDesk(services, READERS)
    await countSumsJob(services)
    await db.execute(sql`UPDATE batches SET state = 'done'`)
    const page = await open(site, { viewport: DESK })
    const problems: string[] = []
    page.on('pageerror', ({ message }) => problems.push(message))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    await enter(services, page)
    // "More" opens the pages that are used less often.
    const goTo = async (name: string) => {
      const link = page.getByRole('navigation', { name: 'Admin' }).getByRole('link', { name, exact: true })
      if (!(await link.isVisible())) await page.getByText('More', { exact: true }).click()
      await link.click()
      await page.waitForURL(/\/admin/)
    }

    // Deliveries: the refused ones with their replies, sent again; pause and resume.
    await goTo('Deliveries')
    await page.getByRole('link', { name: '14 April 2026' }).click()
    const refused = await db.$count(deliveries, eq(deliveries.state, 'refused'))
    await page.getByRole('link', { name: `${refused} refused` }).click()
    await page.getByText('250 2.0.0 Ok: queued').first().waitFor()
    await page.locator('input[name=only][value=refused]').check()
    await page.getByText('Send them again.').click()
    await button(page, 'Send again').click()
    await page.getByText('Waiting to be sent').waitFor()
    // Every one of them may still be emailed.
    expect(await db.$count(deliveries, eq(deliveries.state, 'queued'))).toBe(refused)
    await button(page, 'Pause').click()
    await page.waitForURL(/2026-04-14$/)
    expect((await findEdition(services, KEY)).state).toBe('paused')
    await button(page, 'Resume').click()
    await button(page, 'Pause').waitFor()

    // Readers: found by a part of the address, suppressed, lifted, unsubscribed, exported, erased.
    await goTo('Readers')
    await page.getByLabel('Part of an address').fill('reader-4321@')
    await button(page, 'Search').click()
    await page.getByRole('link', { name: /^reader-4321@/ }).click()
    await button(page, 'Suppress the address').click()
    await page.getByText('Done: suppressed.').waitFor()
    expect(await db.$count(suppressions)).toBe(1)
    await button(page, 'Lift the suppression').click()
    await page.getByText('Done: lifted the suppression of.').waitFor()
    expect(JSON.parse(await download(page, 'Export their data')).tables.subscribers).toHaveLength(1)
    await button(page, 'Erase').click()
    await page.getByText('Tick the box to confirm. This can’t be undone.').waitFor()
    await page.getByText('Delete the address from every table').click()
    await button(page, 'Erase').click()
    await page.getByText('The address is deleted from every table.').waitFor()
    await goTo('Readers')
    await page.getByLabel('Status').selectOption('complained')
    await button(page, 'Filter').click()
    const complained = READERS / 50
    expect((await download(page, 'Export these readers')).trim().split('\n')).toHaveLength(complained + 1)

    // Sources: a missing day is read by a worker.
    const woken: object[] = []
    const { queues } = services
    services.queues = { ...queues, wake: async (name, data) => void woken.push({ name, data }) }
    await goTo('Sources')
    await button(page, 'Fetch hf, 8 April 2026').click()
    await page.getByText('A worker reads hf now').waitFor()

    // Submissions: one is declined, the others stay.
    await goTo('Submissions')
    await page.getByLabel(/number 2$/).check()
    await button(page, 'Decline them').click()
    await page.getByText('1 paper declined.').waitFor()
    expect(await db.$count(submissions, eq(submissions.state, 'declined'))).toBe(1)

    // Inbound: complaints alone, and from one to its reader.
    await goTo('Inbound')
    await page.getByLabel('Kind').selectOption('complaint')
    await button(page, 'Filter').click()
    const kinds = await page.locator('td[data-label="Kind"]').allTextContents()
    expect([kinds.length, kinds.every((kind) => kind.startsWith('complaint'))]).toEqual([30, true])
    await page
      .getByRole('link', { name: /^reader \d+$/ })
      .first()
      .click()
    await page.getByRole('heading', { name: 'History' }).waitFor()

    // API keys: a new one works, also after the page is left; a revoked one does not.
    await goTo('API keys')
    await button(page, 'Create the key').click()
    await page.getByText('Give the key a name, and choose at least one scope.').waitFor()
    await page.getByLabel('Name').fill('Lab dashboard')
    await page.locator('input[name=scopes][value=read]').check()
    await button(page, 'Create the key').click()
    const key = await page.locator('.secret').textContent()
    const ask = () => page.request.get('/api/v1/status', { headers: { authorization: `Bearer ${key}` } })
    expect((await ask()).status()).toBe(200)
    await goTo('API keys')
    expect(await page.content()).not.toContain(key)
    await button(page, 'Revoke Lab dashboard').click()
    await page.getByText('revoked', { exact: true }).waitFor()
    expect((await ask()).status()).toBe(401)
    expect(await db.$count(apiKeys)).toBe(1)

    // Webhooks: added, tried, sent again, with a new secret, disabled, deleted.
    const receiver = await startReceiver()
    onTestFinished(() => receiver.close())
    services.config.WEBHOOKS_TO_PRIVATE_NETWORKS = true
    await goTo('Webhooks')
    await page.getByLabel('URL').fill('ftp://shop.example')
    await page.getByLabel('edition.finished').check()
    await button(page, 'Add the endpoint').click()
    await page.getByText('The URL must start with').waitFor()
    expect(await page.getByLabel('edition.finished').isChecked()).toBe(true)
    await page.getByLabel('URL').fill(receiver.url)
    await button(page, 'Add the endpoint').click()
    const secret = await page.locator('.secret').textContent()
    await button(page, 'Send a test to endpoint 1').click()
    await page.getByText('1 waiting, 0 failed').waitFor()
    await sendWebhooks(services)
    await goTo('Webhooks')
    await button(page, /^Send message \d+ again$/).click()
    await page.getByText('1 waiting, 0 failed').waitFor()
    await sendWebhooks(services)
    expect(receiver.got.map(({ body }) => JSON.parse(body).type)).toEqual(['test', 'test'])
    await button(page, 'New secret for endpoint 1').click()
    await page.getByText('The earlier one signs too').waitFor()
    expect(await page.locator('.secret').textContent()).not.toBe(secret)
    await button(page, 'Disable endpoint 1').click()
    await page.getByText('Disabled since').waitFor()
    await page.getByText('Delete endpoint 1 with its messages.').click()
    await button(page, 'Delete endpoint 1').click()
    await page.getByText('There are no endpoints yet.').waitFor()
    expect(await db.$count(webhookEndpoints)).toBe(0)

    // The audit log has all of it, filtered by author, as a file too.
    await goTo('Audit log')
    await page.getByLabel('Who').fill(CURATOR)
    await button(page, 'Filter').click()
    const rows = await page.locator('tbody tr').count()
    const lines = (await download(page, 'Export these entries')).trim().split('\n')
    // The head, and the entry of this export.
    expect(lines).toHaveLength(rows + 2)
    const log = (await db.select().from(auditLog).orderBy(auditLog.id)).map(({ action }) => action)
    expect(log).toEqual([
      ...['signed in', 'queued refused deliveries again of', 'paused', 'resumed'],
      ...['suppressed', 'lifted the suppression of', 'exported the data of', 'erased', 'exported'],
      ...['asked for a read of', 'declined', 'created', 'revoked'],
      ...['added', 'sent a test to', expect.stringMatching(/^sent message \d+ again to$/), 'rotated the secret of'],
      ...['disabled', 'deleted', 'exported'],
    ])
    for (const name of ['Insights', 'Settings', 'Sign-ins']) {
      await goTo(name)
      await page.getByRole('heading', { level: 1 }).waitFor()
    }
    expect(woken).toContainEqual({ name: 'collect-papers', data: { source: 'hf', day: '2026-04-08' } })
    // Only the pages that refuse a form have an error status.
    expect(problems.filter((each) => !each.includes('422'))).toEqual([])
  },
)

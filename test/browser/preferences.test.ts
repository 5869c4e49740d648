import { eq } from 'drizzle-orm'
import { expect } from 'vitest'
import { mintToken } from '../../src/mail/tokens.ts'
import { indexPapers } from '../../src/papers/search/index-papers.ts'
import { castVote } from '../../src/papers/votes/cast.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { test as onSite, type Site } from '../http/site.ts'
import { useBrowser, withoutBrowser } from '../support/browser.ts'
import { addPapers, addSubscriber, NOON } from '../support/services.ts'
import { pagesOf } from './look.ts'

const test = onSite.skipIf(withoutBrowser)
const { open } = pagesOf(useBrowser())

async function reader({ db, site }: { db: Db; site: Site }) {
  await addPapers(db, '2026-04-14', 3)
  const id = await addSubscriber(db, 'ada@example.org', {
    hour: 8,
    topics: ['agents', 'robotics'],
    authors: ['Ada Lovelace'],
  })
  return {
    url: `/preferences/${mintToken(site.services.keys, 'preferences', id, NOON)}`,
    row: async () => (await db.select().from(subscribers).where(eq(subscribers.id, id)))[0]!,
  }
}

test('of preferences open in two tabs, each saves its own changes, and undoes nothing of the other', async ({
  db,
  site,
}) => {
  const { url, row } = await reader({ db, site })
  const first = await open(site)
  const second = await first.context().newPage()
  for (const page of [first, second]) await page.goto(url)
  await first.getByLabel('Time', { exact: true }).selectOption('6')
  await first.getByRole('checkbox', { name: 'Agents' }).uncheck()
  await first.getByLabel('Authors').fill('Ada Lovelace\nYejin Choi')
  await first.getByRole('button', { name: 'Save' }).click()
  await first.getByText('Saved.').waitFor()
  await second.getByRole('radio', { name: '20 papers' }).check()
  await second.getByLabel('Authors').fill('Ada Lovelace\nFei-Fei Li')
  await second.getByRole('button', { name: 'Save' }).click()
  await second.getByText('Saved.').waitFor()
  expect(await row()).toMatchObject({
    hour: 6,
    size: 20,
    topics: ['robotics'],
    authors: ['Ada Lovelace', 'Yejin Choi', 'Fei-Fei Li'],
  })
})

test('Enter in a field saves, and does not forget the taste', async ({ db, site }) => {
  const { url, row } = await reader({ db, site })
  await db.update(subscribers).set({ likeVoted: true })
  await indexPapers(site.services)
  await castVote(site.services, { subscriberId: (await row()).id, paperId: 1 }, '203.0.113.7')
  const page = await open(site)
  await page.goto(url)
  await page.getByText('Learned from 1 vote').waitFor()
  await page.getByLabel('Keywords').fill('sparse attention')
  await page.getByLabel('Keywords').press('Enter')
  await page.getByText('Saved.').waitFor()
  expect((await row()).keywords).toEqual(['sparse attention'])
  await page.getByRole('button', { name: 'Forget' }).click()
  await page.getByText('Forgotten.').waitFor()
  await page.getByText('Nothing learned yet.').waitFor()
})

test('Saved shows once: a reload or a bookmark shows the preferences alone', async ({ db, site }) => {
  const { url } = await reader({ db, site })
  const page = await open(site)
  await page.goto(url)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  await expect.poll(() => new URL(page.url()).search).toBe('')
  await page.reload()
  await page.getByRole('heading', { level: 1 }).waitFor()
  expect(await page.getByRole('status').filter({ hasText: 'Saved.' }).count()).toBe(0)
})

test('the message about a problem leads into the field', async ({ db, site }) => {
  const { url } = await reader({ db, site })
  const page = await open(site)
  await page.goto(url)
  await page.getByLabel('Keywords').fill('x'.repeat(61))
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('alert').getByRole('link').press('Enter')
  await page.keyboard.press('End')
  await page.keyboard.press('Backspace')
  await page.keyboard.press('Enter')
  await page.getByText('Saved.', { exact: true }).waitFor({ timeout: 5_000 })
})

test('a form that the back button restores after it was saved saves what it shows', async ({ db, site }) => {
  const { url, row } = await reader({ db, site })
  const page = await open(site)
  await page.goto(url)
  // The request is answered, but the page stays, as one in the browser's back/forward cache does.
  await page.route(`**${url}`, async (route) => {
    await route.fetch({ maxRedirects: 0 })
    await route.abort('aborted')
  })
  const saved = page.waitForEvent('requestfailed')
  await page.getByLabel('Time', { exact: true }).selectOption('20')
  await page.getByRole('button', { name: 'Save' }).click()
  await saved
  expect((await row()).hour).toBe(20)
  await page.unroute(`**${url}`)
  await page.evaluate(`dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`)
  await page.getByLabel('Time', { exact: true }).selectOption('8')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  expect((await row()).hour).toBe(8)
})

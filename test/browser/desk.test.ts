import { sql } from 'drizzle-orm'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { findEdition } from '../../src/edition/draft/control.ts'
import { createSignInLink } from '../../src/operate/admins/sessions.ts'
import { importFile } from '../../src/papers/ingest/import-file.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { editions } from '../../src/runtime/db/schema.ts'
import { CURATOR, test as onSite } from '../http/admin.ts'
import type { Site } from '../http/site.ts'
import { useBrowser, withoutBrowser } from '../support/browser.ts'
import { addPapers } from '../support/services.ts'
import { openSink } from '../support/sink.ts'
import { DESK, look, PHONE, pagesOf } from './look.ts'

const test = onSite.skipIf(withoutBrowser)
const { open } = pagesOf(useBrowser())
const KEY = { kind: 'daily', date: '2026-04-14' } as const
const EDITION = '/admin/editions/daily/2026-04-14'
const READERS = 5_000
const SLOW = { timeout: 15_000 }

/** The real list of 14 April, as a draft a quarter of an hour before midnight, and readers in seven zones. */
async function realDesk({ db, site }: { db: Db; site: Site & { clock: { now: Date } } }) {
  site.clock.now = new Date('2026-04-14T23:46:00Z')
  const file = new URL('../fixtures/papers/2026-04-14.json.gz', import.meta.url).pathname
  await importFile({ db, now: site.services.now, closeHourUtc: 2 }, file)
  await addPapers(db, '2026-04-10', 2)
  await db.execute(sql`
    INSERT INTO subscribers (email, email_key, address_hash, status, zone, hour, locale, cadence, next_digest_at)
    SELECT 'r' || n || '@d' || n % 40 || '.example', 'r' || n || '@d' || n % 40 || '.example', sha256(n::text::bytea), 'active',
      (ARRAY['Europe/Berlin', 'America/New_York', 'Europe/London', 'Asia/Tokyo', 'Asia/Kolkata', 'America/Los_Angeles', 'UTC'])[1 + n % 7],
      7 + n % 3, CASE WHEN n % 9 = 0 THEN 'de' ELSE 'en' END, (CASE WHEN n % 20 = 0 THEN 'weekly' ELSE 'daily' END)::cadence, '2026-04-15T08:00Z'
    FROM generate_series(1, ${READERS}::int) n`)
  await assemble(site.services, KEY)
}

async function signIn(page: Page, site: Site): Promise<void> {
  await page.goto(new URL(await createSignInLink(site.services, CURATOR)).pathname)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Tuesday, 14 April 2026' }).waitFor()
}

const rowOf = (page: Page, title: string) => page.locator('.desk-paper', { hasText: title })
const placeOf = async (page: Page, title: string) => Number(await rowOf(page, title).locator('.place').textContent())

test('a curator’s minute, without JavaScript, on a phone: from the draft to the release', { timeout: 90_000 }, async ({
  db,
  site,
  onTestFinished,
}) => {
  const sink = await openSink()
  onTestFinished(() => sink.close())
  site.services.config.SMTP_URL = sink.url
  await realDesk({ db, site })
  const page = await open(site, { javaScriptEnabled: false, viewport: PHONE })
  await signIn(page, site)
  await page.getByText('Draft · goes out by itself at 03:00 UTC').waitFor()
  await page.getByText('in 2 h 14 min').waitFor()

  await rowOf(page, 'OmniShow').getByRole('button', { name: 'Pick' }).click()
  await rowOf(page, 'OmniShow').getByText('Picked.').waitFor()
  expect(await placeOf(page, 'OmniShow')).toBe(1)
  await rowOf(page, 'OmniShow').getByText('Add a note').click()
  await rowOf(page, 'OmniShow').getByLabel('Note for readers').fill('See [the demo](https://demo.example).')
  await rowOf(page, 'OmniShow').getByRole('button', { name: 'Save the note' }).click()
  expect(await rowOf(page, 'OmniShow').getByLabel('Note for readers').inputValue()).toContain('[the demo]')
  const cocoa = rowOf(page, 'CocoaBench')
  await cocoa.getByText('Add a note').click()
  await cocoa.getByLabel('Place', { exact: true }).fill('3')
  await cocoa.getByRole('button', { name: 'Pin here' }).click()
  expect(await placeOf(page, 'CocoaBench')).toBe(3)
  await cocoa.getByRole('button', { name: 'Move up' }).click()
  expect(await placeOf(page, 'CocoaBench')).toBe(2)
  await rowOf(page, 'Attention Sink').getByRole('button', { name: 'Drop' }).click()
  await page.getByRole('heading', { name: 'Dropped', exact: true }).waitFor()
  await page.getByLabel('Add a paper').fill('https://arxiv.org/abs/2604.10001')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await rowOf(page, 'Paper 2 of 2026-04-10').getByText('Added from 10 April 2026.').waitFor()
  await page.getByText('2 picked · 1 pinned · 1 dropped').waitFor()

  await page.getByLabel('Opens the email').fill('Read *this* one.')
  await page.getByRole('button', { name: 'Preview the note' }).click()
  await page.locator('#note-preview em').waitFor()
  await page.getByText('Sponsor', { exact: true }).click()
  await page.getByLabel('Name').fill('Acme Labs')
  await page.getByLabel('Text', { exact: true }).fill('GPUs by the hour.')
  await page.getByLabel('Link').fill('https://acme.example')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  expect(await page.getByLabel('Opens the email').inputValue()).toBe('Read *this* one.')

  await page.getByRole('button', { name: 'Send me a test' }).click()
  await page.getByText('The relay accepted the test').waitFor()
  const mail = await sink.read(sink.taken[0]!.to)
  expect(sink.taken).toHaveLength(1)
  expect(mail.subject).toMatch(/^\[Test\] Paper 2 of 2026-04-10, CocoaBench/)
  expect(mail.text).toContain('SPONSORED')
  await page.goto('/admin')
  // 250 readers are weekly.
  await page.getByText('4,750').first().waitFor()
  await page.getByText('250 with another cadence').waitFor()
  await page.getByRole('link', { name: 'Preview' }).first().click()
  await page.frameLocator('iframe').getByText('GPUs by the hour.').waitFor()
  await page.getByLabel('Format').selectOption('text')
  await page.getByLabel('Language').selectOption('de')
  await page.getByRole('button', { name: 'Show' }).first().click()
  await page.frameLocator('iframe').getByText('ANZEIGE').waitFor()

  await page.goto('/admin')
  const release = page.locator('form', { hasText: 'Freeze it as it is' })
  await release.getByRole('checkbox').check()
  await release.getByRole('button', { name: 'Release now' }).click()
  await page.getByText('Released · released').waitFor()
  expect((await findEdition(site.services, KEY)).state).toBe('released')
  const recall = page.locator('form', { hasText: 'Take it back' })
  await recall.getByRole('checkbox').check()
  await recall.getByRole('button', { name: 'Recall to draft' }).click()
  await page.getByText('by hand: it is held').waitFor()
})

test('with keys, without leaving the page; and counts that change while one looks', { timeout: 90_000 }, async ({
  db,
  site,
}) => {
  await realDesk({ db, site })
  const page = await open(site, { viewport: DESK })
  await signIn(page, site)
  await page.evaluate('window.stayed = true')
  const order = () => page.locator('.desk-paper h3').allTextContents()
  const first = (await order())[0]!.trim()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  const second = (await page.evaluate('document.activeElement.textContent')) as string
  expect(second).toBe((await order())[1]!.trim())
  await page.keyboard.press('p')
  await expect.poll(async () => (await order())[0]!.trim(), SLOW).toBe(second)
  await page.keyboard.press('n')
  await page.keyboard.type('Written in place.')
  await page.keyboard.press('Control+Enter')
  await expect
    .poll(async () => (await db.execute(sql`SELECT note FROM picks`)).rows, SLOW)
    .toEqual([{ note: 'Written in place.' }])
  await rowOf(page, first).locator('h3 a').focus()
  await page.keyboard.press('d')
  await page.locator('.dropped-papers', { hasText: first }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('heading', { name: 'Keys' }).waitFor()
  await page.keyboard.press('Escape')
  expect(await page.evaluate('window.stayed')).toBe(true)

  const { id } = await findEdition(site.services, KEY)
  await db.update(editions).set({ state: 'released', releasedAt: site.services.now() })
  await db.execute(sql`SELECT ensure_delivery_partition(${id})`)
  await planAll(site.services, id)
  await page.goto(`${EDITION}/deliveries`)
  await page.evaluate('window.stayed = true')
  await page.getByText('0 of 4,750 finished').waitFor()
  await db.execute(sql`UPDATE deliveries SET state = 'accepted' WHERE subscriber_id % 2 = 0`)
  await page.getByText('2,250 of 4,750 finished').waitFor(SLOW)
  const counts = (await page.locator('.outcomes dd').allTextContents()).map((n) => Number(n.replaceAll(',', '')))
  expect(counts.slice(0, -1).reduce((sum, n) => sum + n, 0)).toBe(counts.at(-1))
  expect(await page.evaluate('window.stayed')).toBe(true)
  await db.update(editions).set({ state: 'paused' })
  await page.getByRole('button', { name: 'Resume' }).waitFor(SLOW)
})

describe.for([
  { colorScheme: 'light', viewport: DESK },
  { colorScheme: 'dark', viewport: PHONE },
] as const)('in $colorScheme colours', (how) => {
  test('axe finds no obstacle on the desk’s pages', { timeout: 90_000 }, async ({ db, site }) => {
    await realDesk({ db, site })
    const page = await open(site, { ...how, bypassCSP: true })
    await signIn(page, site)
    await rowOf(page, 'OmniShow').getByRole('button', { name: 'Pick' }).click()
    await rowOf(page, 'Attention Sink').getByRole('button', { name: 'Drop' }).click()
    await page.getByRole('heading', { name: 'Dropped', exact: true }).waitFor()
    const lookAtAll = async (urls: string[]) => {
      for (const url of urls) expect(await look(page, url)).toEqual({ url, found: [], overflow: [0, 0] })
    }
    await lookAtAll(['/admin', `${EDITION}/preview`, `${EDITION}/add?q=model`, '/admin/deliveries'])
    const { id } = await findEdition(site.services, KEY)
    await db.update(editions).set({ state: 'released', releasedAt: site.services.now() })
    await db.execute(sql`SELECT ensure_delivery_partition(${id})`)
    await planAll(site.services, id)
    await db.execute(sql`
      UPDATE deliveries SET state = (ARRAY['accepted', 'refused', 'deferred', 'unknown'])[1 + subscriber_id % 4]::delivery_state, hand_overs = 1,
        relay = 'main', reply = '550 5.1.1 The email account that you tried to reach does not exist [address]', handed_at = now()`)
    await lookAtAll([EDITION, `${EDITION}/deliveries`, `${EDITION}/deliveries?state=refused`])
  })
})

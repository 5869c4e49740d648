import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { planAll } from '../../src/delivery/plan/plan-all.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { findEdition } from '../../src/edition/draft/control.ts'
import { curate } from '../../src/edition/draft/curate.ts'
import { setWording } from '../../src/edition/draft/wording.ts'
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
  const file = join(import.meta.dirname, '../fixtures/papers/2026-04-14.json.gz')
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
  // Keys pressed before the scripts have run are lost.
  await page.waitForLoadState()
}

/** Opens the page of that draft, signed in. Each page that is loaded later forgets that it stayed. */
async function openDesk({ db, site }: Parameters<typeof realDesk>[0], options: Parameters<typeof open>[1]) {
  await realDesk({ db, site })
  const page = await open(site, options)
  await signIn(page, site)
  await page.evaluate('window.stayed = true')
  return page
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
  const page = await openDesk({ db, site }, { javaScriptEnabled: false, viewport: PHONE })
  await page.getByText('Draft · goes out by itself at 03:00 UTC').waitFor()
  await page.getByText('in 2 h 14 min').waitFor()
  // In a list of fields, each says which paper it is of.
  const labels = await page.locator('.desk-paper label').allTextContents()
  expect(labels.length).toBeGreaterThan(40)
  expect(new Set(labels).size).toBe(labels.length)

  await rowOf(page, 'OmniShow').getByRole('button', { name: 'Pick' }).click()
  await rowOf(page, 'OmniShow').getByText('Picked.').waitFor()
  expect(await placeOf(page, 'OmniShow')).toBe(1)
  await rowOf(page, 'OmniShow').getByText('Add a note').click()
  await rowOf(page, 'OmniShow').getByLabel('Note for readers').fill('See [the demo](https://demo.example).')
  await rowOf(page, 'OmniShow').getByRole('button', { name: 'Save the note' }).click()
  expect(await rowOf(page, 'OmniShow').getByLabel('Note for readers').inputValue()).toContain('[the demo]')
  const cocoa = rowOf(page, 'CocoaBench')
  await cocoa.getByText('Add a note').click()
  await cocoa.getByLabel(/^Place: CocoaBench/).fill('3')
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
  const page = await openDesk({ db, site }, { viewport: DESK })
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

  // A reply that arrives after the focus moved on does not take it back, and keeps unsaved text.
  const [third, fourth] = (await order()).slice(1).map((each) => each.trim()) as [string, string]
  const focused = () => page.evaluate('document.activeElement.value ?? document.activeElement.textContent.trim()')
  const whileWaiting = async (what: string, act: () => Promise<void>) => {
    const reply = Promise.withResolvers<void>()
    await page.route('**/papers/**', (route) => reply.promise.then(() => route.continue()), { times: 1 })
    await act()
    reply.resolve()
    await page
      .getByRole('status')
      .filter({ hasText: `${what}: ${third}` })
      .waitFor({ state: 'attached' })
  }
  await rowOf(page, third).locator('h3 a').focus()
  await whileWaiting('Done. Pick', async () => {
    await page.keyboard.press('p')
    await rowOf(page, fourth).locator('h3 a').focus()
  })
  expect(await focused()).toBe(fourth)
  await rowOf(page, third).locator('h3 a').focus()
  await whileWaiting('Undone. Pick', async () => {
    await page.keyboard.press('p')
    await page.keyboard.press('n')
    await page.keyboard.type('Adopted wi')
  })
  await page.keyboard.type('dely.')
  expect(await focused()).toBe('Adopted widely.')
  await whileWaiting('Done. Save the note', async () => {
    await page.keyboard.press('Control+Enter')
    await page.keyboard.type(' Indeed.')
  })
  expect(await focused()).toBe('Adopted widely. Indeed.')
  await page.keyboard.press('Control+Enter')
  await expect
    .poll(async () => (await db.execute(sql`SELECT note FROM picks ORDER BY note`)).rows, SLOW)
    .toEqual([{ note: 'Adopted widely. Indeed.' }, { note: 'Written in place.' }, { note: null }])
  await rowOf(page, third).locator('h3 a').focus()
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

describe('dragging a paper by its number', () => {
  const order = async (page: Page) =>
    (await page.locator('.desk-paper h3').allTextContents()).map((each) => each.trim())
  const pins = async (db: Db) => (await db.execute(sql`SELECT place FROM edition_pins ORDER BY place`)).rows
  const middle = async (page: Page, title: string, part = '.place') => {
    const { x, y, width, height } = (await rowOf(page, title).locator(part).boundingBox())!
    return { x: x + width / 2, y: y + height / 2 }
  }

  test('pins it where it is let go, without leaving the page', { timeout: 90_000 }, async ({ db, site }) => {
    const page = await openDesk({ db, site }, { viewport: { width: 1280, height: 2000 } })
    const before = await order(page)
    const [first, second, , fourth] = before as [string, string, string, string]
    const from = await middle(page, fourth)
    const to = await middle(page, second)
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move(from.x, from.y - 30)
    await page.mouse.move(to.x, to.y - 10, { steps: 5 })
    await rowOf(page, second).and(page.locator('.drop-before')).waitFor()
    await page.mouse.up()
    await expect
      .poll(() => order(page), SLOW)
      .toEqual([first, fourth, second, ...before.slice(2, 3), ...before.slice(4)])
    expect(await pins(db)).toEqual([{ place: 2 }])

    // Escape, and letting go where it stands, change nothing.
    const handle = await middle(page, fourth)
    await page.mouse.move(handle.x, handle.y)
    await page.mouse.down()
    await page.mouse.move(handle.x, handle.y + 600, { steps: 3 })
    await page.keyboard.press('Escape')
    await page.mouse.up()
    await page.mouse.move(handle.x, handle.y)
    await page.mouse.down()
    await page.mouse.up()
    expect(await page.locator('.dragged, .drop-before, .drop-after').count()).toBe(0)
    expect(await pins(db)).toEqual([{ place: 2 }])

    // To the end of those that can move. Near the edge of the window, the page scrolls.
    await page.setViewportSize(DESK)
    await rowOf(page, first).scrollIntoViewIfNeeded()
    const top = await middle(page, first)
    const last = page.locator('.desk-paper', { has: page.locator('.moves') }).last()
    await page.mouse.move(top.x, top.y)
    await page.mouse.down()
    await page.mouse.move(top.x, DESK.height - 5, { steps: 5 })
    await last.and(page.locator('.drop-after')).waitFor({ timeout: 30_000 })
    await page.mouse.up()
    await expect.poll(async () => (await order(page))[0], SLOW).not.toBe(first)
    expect(await pins(db)).toHaveLength(2)
    expect(await page.evaluate('window.stayed')).toBe(true)
  })

  test('works with a finger, and the page does not scroll away', { timeout: 90_000 }, async ({ db, site }) => {
    const page = await openDesk(
      { db, site },
      { viewport: { width: 375, height: 1600 }, hasTouch: true, isMobile: true },
    )
    const [, second, third] = (await order(page)) as [string, string, string]
    await rowOf(page, second).scrollIntoViewIfNeeded()
    const touch = await page.context().newCDPSession(page)
    const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', at?: { x: number; y: number }) =>
      touch.send('Input.dispatchTouchEvent', { type, touchPoints: at ? [at] : [] })
    const from = await middle(page, third)
    const to = await middle(page, second)
    await send('touchStart', from)
    for (const y of [from.y - 20, (from.y + to.y) / 2, to.y - 10]) await send('touchMove', { x: from.x, y })
    await rowOf(page, second).and(page.locator('.drop-before')).waitFor()
    await send('touchEnd')
    await expect.poll(async () => (await order(page))[1], SLOW).toBe(third)
    expect(await pins(db)).toEqual([{ place: 2 }])
  })
})

test('a key that is held down drops one paper, not the ones that move up', { timeout: 90_000 }, async ({
  db,
  site,
}) => {
  const page = await openDesk({ db, site }, { viewport: DESK })
  const dropped = page.locator('.dropped-papers li')
  await page.keyboard.press('j')
  await page.keyboard.down('d')
  await dropped.first().waitFor()
  // From the second on, they are repeats. Changes are made in order: after the pick, all others are made.
  for (let n = 0; n < 3; n++) await page.keyboard.down('d')
  await page.keyboard.up('d')
  await page.keyboard.press('p')
  await page.getByRole('status').filter({ hasText: 'Done. Pick: ' }).waitFor({ state: 'attached' })
  expect(await dropped.count()).toBe(1)
})

test('a note that is saved while another change is under way stays a note', { timeout: 90_000 }, async ({
  db,
  site,
}) => {
  const page = await openDesk({ db, site }, { viewport: DESK })
  const title = (await page.locator('.desk-paper h3').nth(2).textContent())!.trim()
  await rowOf(page, title).locator('.words summary').click()
  await rowOf(page, title).getByLabel('Note for readers').fill('Typed in time.')
  // Both in one task: the second one waits for the first, which replaces the page.
  await page.evaluate(`{
    const row = [...document.querySelectorAll('.desk-paper')][2]
    document.querySelector('.desk-paper [data-key="p"]').click()
    row.querySelector('.words form button').click()
  }`)
  await expect
    .poll(async () => (await db.execute(sql`SELECT note, verdict FROM picks ORDER BY verdict`)).rows, SLOW)
    .toEqual([
      { note: null, verdict: 'picked' },
      { note: 'Typed in time.', verdict: null },
    ])
})

test('a change that is refused says why in its row, and typed words stay', { timeout: 90_000 }, async ({
  db,
  site,
}) => {
  const page = await openDesk({ db, site }, { viewport: DESK })
  const [first, second] = (await page.locator('.desk-paper h3').allTextContents()).map((each) => each.trim()) as [
    string,
    string,
  ]
  const note = async (title: string, words: string) => {
    await rowOf(page, title).locator('.words summary').click()
    await rowOf(page, title).getByLabel('Note for readers').fill(words)
  }
  const typed = (title: string) => rowOf(page, title).getByLabel('Note for readers').inputValue()
  await note(first, 'Mine, and long.')
  await note(second, 'Not saved yet.')
  // Another curator picks it in between.
  const [paper] = (await db.execute<{ source_id: string }>(sql`SELECT source_id FROM papers WHERE title = ${first}`))
    .rows
  await curate(site.services, paper!.source_id, 'pick', undefined, { edition: KEY })
  await rowOf(page, first).getByRole('button', { name: 'Save the note' }).click()
  await rowOf(page, first).getByRole('alert').filter({ hasText: 'Another person changed this' }).waitFor()
  expect([await typed(first), await typed(second)]).toEqual(['Mine, and long.', 'Not saved yet.'])

  await page.context().clearCookies()
  await rowOf(page, second).getByRole('button', { name: 'Save the note' }).click()
  await rowOf(page, second).getByRole('alert').filter({ hasText: 'You are signed out' }).waitFor()
  expect([await typed(first), await typed(second)]).toEqual(['Mine, and long.', 'Not saved yet.'])
  expect(await page.getByRole('alert').count()).toBe(1)
})

test('the words of an edition stay while they are saved, changed by another, and refused', { timeout: 90_000 }, async ({
  db,
  site,
}) => {
  const page = await openDesk({ db, site }, { viewport: DESK })
  const words = page.getByLabel('Opens the email')
  const save = page.getByRole('button', { name: 'Save', exact: true })
  const stored = async () => (await findEdition(site.services, KEY)).editorNote
  await rowOf(page, 'OmniShow').getByText('Add a note').click()
  await rowOf(page, 'OmniShow').getByLabel('Note for readers').fill('Not saved yet.')
  await words.fill('Hello *all*.')
  // Both in one task: the second one waits for the first, which replaces the page.
  await page.evaluate(`{
    const preview = document.querySelector('.wording button[value="preview"]')
    document.querySelector('.desk-paper [data-key="p"]').click()
    preview.click()
  }`)
  await page.locator('#note-preview em').waitFor()
  expect(await stored(), 'a preview saves nothing').toBeNull()
  await save.click()
  await expect.poll(stored, SLOW).toBe('Hello *all*.')
  await page.locator('#note-preview').waitFor({ state: 'detached' })

  await words.fill('Mine.')
  await setWording(site.services, KEY, { editorNote: 'Theirs.' })
  await save.click()
  await page.getByRole('alert').filter({ hasText: 'Another person changed these words' }).waitFor()
  expect([await words.inputValue(), await stored()]).toEqual(['Mine.', 'Theirs.'])
  await save.click()
  await expect.poll(stored, SLOW).toBe('Mine.')

  await words.fill('Long, and typed after the session ended.')
  await page.context().clearCookies()
  await save.click()
  await page.getByRole('alert').filter({ hasText: 'You are signed out' }).waitFor()
  expect(await words.inputValue()).toBe('Long, and typed after the session ended.')
  expect(await rowOf(page, 'OmniShow').getByLabel('Note for readers').inputValue()).toBe('Not saved yet.')
  expect(await page.evaluate('window.stayed')).toBe(true)
})

test('Pick and Pin keep their names, and say whether they are pressed', { timeout: 90_000 }, async ({ db, site }) => {
  const page = await openDesk({ db, site }, { viewport: DESK })
  const said = (words: string) =>
    page
      .getByRole('status')
      .filter({ hasText: new RegExp(`^${words}: .*OmniShow`) })
      .waitFor({ state: 'attached' })
  for (const name of ['Pick', 'Pin']) {
    const button = (pressed: boolean) =>
      rowOf(page, 'OmniShow').getByRole('button', { name: new RegExp(`^${name}\\b`), pressed })
    await button(false).click()
    await said(`Done. ${name}`)
    await button(true).click()
    await said(`Undone. ${name}`)
    await button(false).waitFor()
  }
})

test('a change says which paper it was, and its new place', { timeout: 90_000 }, async ({ db, site }) => {
  const page = await openDesk({ db, site }, { viewport: DESK })
  const title = (await page.locator('.desk-paper h3').nth(9).textContent())!.trim()
  const press = async (key: string, says: string) => {
    await page.keyboard.press(key)
    await expect.poll(() => page.getByRole('status').last().textContent(), SLOW).toBe(says)
  }
  await rowOf(page, title).locator('h3 a').focus()
  await press('u', `Done. Move up: ${title}. Now at place 9.`)
  await press('u', `Done. Move up: ${title}. Now at place 8.`)
  await press('p', `Done. Pick: ${title}.`)
  await press('i', `Undone. Pin: ${title}. Now at place 1.`)
  await press('d', `Done. Drop: ${title}.`)
  await page.getByRole('button', { name: `Undo: ${title}` }).focus()
  await press('Enter', `Done. Undo: ${title}. Now at place 10.`)
})

test('a contrast theme shows which papers are picked and pinned', { timeout: 90_000 }, async ({ db, site }) => {
  const page = await openDesk({ db, site }, { viewport: DESK, forcedColors: 'active' })
  const looks = (name: string) =>
    page.evaluate(`(([button]) => [getComputedStyle(button), getComputedStyle(button.querySelector('kbd'))].map(
      ({ backgroundColor, color }) => backgroundColor + color))(document.querySelectorAll('${name}'))`)
  const [pick, pin] = await Promise.all([looks('[data-key="p"]'), looks('[data-key="i"]')])
  await rowOf(page, 'OmniShow').getByRole('button', { name: /^Pick/ }).click()
  await rowOf(page, 'OmniShow').getByText('Picked.').waitFor()
  await rowOf(page, 'OmniShow').getByRole('button', { name: /^Pin/ }).click()
  await rowOf(page, 'OmniShow').getByText('Pinned to place').waitFor()
  const pressed = '[aria-pressed="true"]'
  expect(await looks(`[data-key="p"]${pressed}`)).not.toEqual(pick)
  expect(await looks(`[data-key="i"]${pressed}`)).not.toEqual(pin)
})

test('every target in a row is at least 24 pixels high and wide', { timeout: 90_000 }, async ({ db, site }) => {
  const page = await openDesk({ db, site }, { viewport: DESK })
  // A title and a summary of one line.
  await db.execute(sql`UPDATE papers SET abstract = 'Short.' WHERE list_day = '2026-04-14'`)
  await page.goto(EDITION)
  const small =
    await page.evaluate(`[...document.querySelectorAll('.desk-paper :is(a, button, summary)')].flatMap((each) => {
    const { width, height } = each.getBoundingClientRect()
    return width === 0 || (width >= 24 && height >= 24) ? [] : [each.textContent.trim()]
  })`)
  expect(small).toEqual([])
})

test('a double click on Pick picks', { timeout: 90_000 }, async ({ db, site }) => {
  const page = await openDesk({ db, site }, { viewport: DESK })
  await rowOf(page, 'OmniShow').getByRole('button', { name: /^Pick/ }).dblclick()
  // Changes are made in order: after this one, all before it are made.
  await rowOf(page, 'Attention Sink').getByRole('button', { name: 'Drop' }).click()
  await page.locator('.dropped-papers', { hasText: 'Attention Sink' }).waitFor()
  await rowOf(page, 'OmniShow').getByText('Picked.').waitFor()
})

test('the menu of other pages closes with Escape, and when the focus or a click is elsewhere', {
  timeout: 90_000,
}, async ({ db, site }) => {
  const page = await openDesk({ db, site }, { viewport: DESK })
  const menu = page.locator('.others-menu summary')
  const link = page.getByRole('link', { name: 'Settings' })
  await menu.focus()
  await page.keyboard.press('Enter')
  await link.focus()
  await page.keyboard.press('Escape')
  await link.waitFor({ state: 'hidden' })
  expect(await page.evaluate('document.activeElement.textContent')).toBe('More')
  for (const away of [() => page.getByLabel('Add a paper').focus(), () => page.locator('h1').click()]) {
    await menu.click()
    await link.waitFor()
    await away()
    await link.waitFor({ state: 'hidden' })
  }
})

test('leaving a draft asks before it loses unsaved words', { timeout: 90_000 }, async ({ db, site }) => {
  const page = await openDesk({ db, site }, { viewport: DESK })
  const asked: string[] = []
  page.on('dialog', (dialog) => {
    asked.push(dialog.type())
    void dialog.dismiss()
  })
  const words = page.getByLabel('Opens the email')
  await words.fill('Hello *all*.')
  await page.getByRole('button', { name: 'Send me a test' }).click()
  await expect.poll(() => asked).toEqual(['beforeunload'])
  expect(await words.inputValue()).toBe('Hello *all*.')
  // A preview and a pick show the typed words again, and save none of them.
  await page.getByRole('button', { name: 'Preview the note' }).click()
  await page.getByText('A preview: not saved yet.').waitFor()
  await rowOf(page, 'OmniShow').getByRole('button', { name: 'Pick' }).click()
  await rowOf(page, 'OmniShow').getByText('Picked.').waitFor()
  expect(await words.inputValue()).toBe('Hello *all*.')
  await page.getByRole('button', { name: 'Preview the note' }).click()
  await page.getByText('A preview: not saved yet.').waitFor()
  await page.getByRole('button', { name: 'Send me a test' }).click()
  await expect.poll(() => asked).toHaveLength(2)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect.poll(async () => (await findEdition(site.services, KEY)).editorNote, SLOW).toBe('Hello *all*.')
  // The words of a search are sent with it.
  await page.getByLabel('Add a paper').fill('attention')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('heading', { name: 'Add a paper to' }).waitFor()
  expect(asked).toHaveLength(2)
})

test('a pick whose request is lost drops nothing', { timeout: 90_000 }, async ({ db, site }) => {
  const page = await openDesk({ db, site }, { viewport: DESK })
  // As while the service restarts.
  await page.route('**/pick', (route) => route.abort(), { times: 1 })
  await rowOf(page, 'OmniShow').getByRole('button', { name: 'Pick' }).click()
  await rowOf(page, 'OmniShow').getByRole('alert').filter({ hasText: 'may not be saved' }).waitFor()
  await rowOf(page, 'OmniShow').getByRole('button', { name: 'Pick' }).click()
  await rowOf(page, 'OmniShow').getByText('Picked.').waitFor()
  expect((await db.execute(sql`SELECT verdict FROM picks`)).rows).toEqual([{ verdict: 'picked' }])
})

test('a long address in a problem does not widen the page, on a desktop neither', { timeout: 90_000 }, async ({
  db,
  site,
}) => {
  const page = await openDesk({ db, site }, { viewport: { width: 320, height: 640 } })
  await db.execute(sql`INSERT INTO buckets (name, rate, asked_rate, why, slowed_at, raised_at) VALUES
    ('domain slow.example', 4, 8, ${`451 see https://help.example/${'deferrals_'.repeat(9)}`}, ${site.services.now()}, ${site.services.now()})`)
  await page.goto('/admin')
  const problem = page.locator('.needed li', { hasText: 'deferrals_' })
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 640 })
    const { x, width: own } = (await problem.boundingBox())!
    expect([width, x + own < width]).toEqual([width, true])
  }
})

describe.for([
  { colorScheme: 'light', viewport: DESK },
  { colorScheme: 'dark', viewport: PHONE },
] as const)('in $colorScheme colours', (how) => {
  test('axe finds no obstacle on the desk’s pages', { timeout: 90_000 }, async ({ db, site }) => {
    const page = await openDesk({ db, site }, { ...how, bypassCSP: true })
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

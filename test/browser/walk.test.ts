import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sql } from 'drizzle-orm'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { buildApp } from '../../src/app.ts'
import { dayOf, daysLater } from '../../src/calendar/days.ts'
import { sendEdition } from '../../src/delivery/send/send-edition.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { choosePort } from '../../src/embedded/port.ts'
import { sendServiceEmails } from '../../src/outbox/send-service-emails.ts'
import { openRelays } from '../../src/relay/relays.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { marks, subscribers, votes } from '../../src/runtime/db/schema.ts'
import { useBrowser, withoutBrowser } from '../support/browser.ts'
import { test } from '../support/database.ts'
import { addPapers, servicesOn } from '../support/services.ts'
import { openSink } from '../support/sink.ts'
import { PHONE } from './look.ts'

const browser = useBrowser()
const READER = 'ada@example.org'
const DAY_MS = 86_400_000

test.skipIf(withoutBrowser)(
  'a reader’s first two days: a shared link, three taps, For you, judging from the mail, following, leaving',
  { timeout: 120_000 },
  async ({ db, databaseUrl, onTestFinished }) => {
    const stack = new AsyncDisposableStack()
    onTestFinished(() => stack.disposeAsync())
    const sink = stack.adopt(await openSink(), (each) => each.close())
    const port = await choosePort(undefined)
    const settings = { DATABASE_URL: databaseUrl, SMTP_URL: sink.url, PUBLIC_URL: `http://127.0.0.1:${port}` }
    // The browser's clock runs, and a sign-up's proof contains its time. Later, the service's clock is moved.
    let later = 0
    const services = { ...servicesOn(db, settings), now: () => new Date(Date.now() + later) }
    const relay = stack.adopt(openRelays(services.config), (each) => each.close())
    const app = stack.adopt(buildApp(services, { pageCacheMs: 0 }), (each) => each.close())
    await app.listen({ host: '127.0.0.1', port })
    const folder = await mkdtemp(join(tmpdir(), 'paperboy-walk-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    const context = await browser
      .current()
      .newContext({ baseURL: settings.PUBLIC_URL, locale: 'en-GB', timezoneId: 'Asia/Tokyo', viewport: PHONE })
    const page = await context.newPage()
    const openMail = async () => {
      const mail = await sink.read(READER)
      await writeFile(join(folder, 'mail.html'), mail.html as string)
      await page.goto(pathToFileURL(join(folder, 'mail.html')).href)
      return mail
    }
    const sendDay = async (date: string) => {
      await assemble(services, { date })
      const stop = AbortSignal.timeout(30_000)
      await sendEdition(services, { kind: 'daily', date }, { now: true, wait: true, stop, onProgress: () => {} })
    }

    const first = daysLater(dayOf(services.now()), -2)
    const papers = await twelvePapers(db, first)

    // A colleague shared a paper.
    await page.goto(`/papers/${papers[5]}`)
    expect(await page.locator('meta[property="og:image"]').getAttribute('content')).toMatch(/\/cards\/en\/papers\//)
    await page.getByLabel('Your email address').fill(READER)
    await page.getByRole('button', { name: 'Subscribe' }).click()
    await page.getByRole('heading', { name: 'Check your inbox' }).waitFor()
    await sendServiceEmails({ ...services, relay }, new AbortController().signal)
    await page.goto(/http\S+\/confirm\/\S+/.exec((await sink.read(READER)).text!)![0])
    await page.getByRole('button', { name: /confirm/i }).click()

    // Three taps.
    await page.getByRole('heading', { name: 'You’re subscribed' }).waitFor()
    await page.locator('.tap', { hasText: 'Video generation' }).click()
    await page.locator('.tap', { hasText: 'two minutes' }).click()
    await page.locator('.tap', { hasText: '07:00' }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    expect((await db.select().from(subscribers))[0]).toMatchObject({
      status: 'active',
      zone: 'Asia/Tokyo',
      topics: ['video-generation'],
      size: 5,
      hour: 7,
    })

    // The first digest begins with their topic, which has few votes, and says so.
    await sendDay(first)
    const digest = await openMail()
    expect(digest.subject).toContain(`Paper 10 of ${first}`)
    const titles = await page.getByRole('heading', { level: 3 }).allTextContents()
    expect(titles[0]).toContain(`Paper 10 of ${first}`)
    await page.getByRole('heading', { name: /For you/ }).waitFor()
    await page
      .getByText(/Video generation/)
      .first()
      .waitFor()

    // Judging from the mail: every link leads to a page with one button.
    await press(page, 0, 'Vote', 'Vote')
    expect(await db.$count(votes)).toBe(1)
    await openMail()
    await press(page, 1, 'Save', 'Save')
    await openMail()
    await press(page, 2, 'Not interested', 'Not interested')
    expect((await db.select({ kind: marks.kind }).from(marks)).map(({ kind }) => kind).sort()).toEqual([
      'not interested',
      'saved',
    ])

    // The browser is now known. What they saved goes into their reference manager.
    await page.goto('/saved')
    const saved = (await page.locator('.paper-title').allTextContents()).map((title) => title.trim())
    expect(saved).toEqual([titles[1]!.trim().replace(/^\d+\s+/, '')])
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'BibTeX' }).click(),
    ])
    expect(await readFile(await file.path(), 'utf8')).toContain(saved[0])

    // They follow an author. The next digest has her paper first, though all others have more votes.
    await page.goto('/authors/Ada%20Lovelace')
    await page.getByRole('button', { name: 'Follow Ada Lovelace' }).click()
    await page.getByRole('button', { name: 'Unfollow Ada Lovelace' }).waitFor()
    const second = daysLater(first, 1)
    later = DAY_MS
    await twelvePapers(db, second)
    await sendDay(second)
    const next = await openMail()
    const chosen = await page.getByRole('heading', { level: 3 }).allTextContents()
    expect(chosen.slice(0, 2).join()).toContain(`Paper 12 of ${second}`)
    expect(next.text).toContain('Ada Lovelace')
    expect(chosen.join(), 'no paper comes twice').not.toContain(first)

    // Leaving takes one link and one button.
    await page.getByRole('link', { name: 'Unsubscribe' }).click()
    await page.getByRole('button', { name: 'Unsubscribe' }).click()
    await page.getByRole('heading', { name: 'You’re unsubscribed' }).waitFor()
    expect((await db.select().from(subscribers))[0]!.status).toBe('unsubscribed')
    const mails = sink.taken.length
    later = 2 * DAY_MS
    await twelvePapers(db, daysLater(second, 1))
    await sendDay(daysLater(second, 1))
    expect(sink.taken).toHaveLength(mails)
  },
)

/** Twelve papers of a day: the tenth is on video generation, the last one is Ada Lovelace's, the others are Grace Hopper's. */
async function twelvePapers(db: Db, day: string): Promise<number[]> {
  const ids = await addPapers(db, day, 12)
  await db.execute(sql`
    UPDATE papers SET authors = '{Grace Hopper}', topics = CASE WHEN list_position = 9 THEN '{video-generation}' ELSE '{agents}' END::text[]
    WHERE list_day = ${day}::date AND list_position < 11`)
  return ids
}

/** Follows a link of the n-th paper in the open mail, and presses the button of the page behind it. */
async function press(page: Page, index: number, link: string, button: string): Promise<void> {
  await page.getByRole('link', { name: link, exact: true }).nth(index).click()
  await page.locator('main form').getByRole('button', { name: button }).click()
  await page.getByRole('button', { name: /undo|remove/i }).waitFor()
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { desc, isNotNull } from 'drizzle-orm'
import { spanAround } from '../calendar/spans.ts'
import { sendEdition } from '../delivery/send/send-edition.ts'
import { openInbox } from '../demo/inbox.ts'
import { startTemporaryService } from '../demo/temporary-service.ts'
import { spanHref } from '../http/kit/span-href.ts'
import { authorHref, organizationHref } from '../http/pages/people-paths.ts'
import { print, printError } from '../lib/terminal.ts'
import { ensureFirstEdition } from '../local/first-edition.ts'
import { mintToken } from '../mail/tokens.ts'
import { isLocale, LOCALES, type Locale, messagesIn } from '../messages/catalogue.ts'
import { requestSignIn } from '../operate/admins/sessions.ts'
import { indexPapers } from '../papers/search/index-papers.ts'
import { papers } from '../runtime/db/schema.ts'
import { describeError } from '../runtime/process.ts'
import type { Services } from '../runtime/services.ts'
import { adminPages } from './admin-pages.ts'
import { chromiumPath, hasChromium, startChromium } from './chromium.ts'
import { addPictures, cardShots } from './pictures.ts'
import { readerPages } from './reader-pages.ts'
import { writeServiceEmails } from './service-emails.ts'
import { MAIL_WIDTH, type Shot, takeShots } from './take-shots.ts'

/**
 * `npm run shots`: takes a screenshot of every page and email, at two widths, light and dark, in .data/shots/. It reads CHROMIUM_PATH.
 * `npm run shots -- zh home mail`: in Chinese, only those whose names begin so.
 */
const [language = 'en', ...names] = process.argv.slice(2)
if (!isLocale(language)) throw new Error(`There is no language "${language}". Choose ${LOCALES.join(', ')}.`)
const t = messagesIn(language)
const outDir = resolve('.data/shots', language === 'en' ? '' : language)
const READER = 'ada@reader.example'

try {
  const path = chromiumPath(process.env.CHROMIUM_PATH)
  if (!hasChromium(path)) throw new Error(`There is no Chromium at ${path}. Install it, or set CHROMIUM_PATH.`)
  await using stack = new AsyncDisposableStack()
  const { services, mailbox } = await startTemporaryService(stack)
  const edition = await ensureFirstEdition(services, [])
  await indexPapers(services)
  await addPictures(services)
  if (!edition) throw new Error('The sample has no closed list day.')
  const inbox = openInbox(mailbox.webUrl)
  const links = await subscribeReader(services, inbox, language)
  await sendEdition(
    services,
    { kind: 'daily', date: edition.date },
    { now: true, wait: true, stop: AbortSignal.timeout(30_000), onProgress: () => {} },
  )
  const emails = await mkdtemp(join(tmpdir(), 'paperboy-emails-'))
  stack.defer(() => rm(emails, { recursive: true, force: true }))
  const emailShots: Shot[] = []
  const [admin] = services.config.ADMIN_EMAILS
  await requestSignIn(services, admin!)
  for (const [name, address, subject] of [
    ['mail-confirm', READER, new RegExp(t.mails.confirm.subject)],
    ['mail-welcome', READER, new RegExp(t.mails.welcome.subject)],
    ['mail-digest', READER, new RegExp(t.digest.trending('').replace(/, $/, ''))],
    ['mail-sign-in', admin!, /sign in/i],
  ] as const) {
    const { html } = await inbox.waitFor(address, subject)
    await writeFile(join(emails, `${name}.html`), html)
    emailShots.push({ name, path: pathToFileURL(join(emails, `${name}.html`)).href, desktopWidth: MAIL_WIDTH })
  }
  emailShots.push(...(await writeServiceEmails(services, emails, language)))
  const browser = stack.adopt(await startChromium(path), (each) => each.close())
  const pages: Shot[] = [
    { name: 'home', path: '/' },
    { name: 'week', path: spanHref(spanAround('week', edition.date)) },
    { name: 'month', path: spanHref(spanAround('month', edition.date)) },
    { name: 'paper', path: '/papers/1' },
    { name: 'trends', path: '/trends' },
    ...(await cardShots(services.config.PUBLIC_URL, {
      site: '/',
      paper: '/papers/1',
      edition: `/editions/${edition.date}`,
    })),
    { name: 'search', path: '/search?q=language+model' },
    { name: 'search-some-words', path: '/search?q=making+modles+smaller+and+faster' },
    { name: 'topics', path: '/topics' },
    { name: 'topics-found', path: '/topics?q=model' },
    { name: 'topic', path: '/topics/language-models' },
    { name: 'feeds', path: '/feeds' },
    { name: 'vote', path: links.vote },
    { name: 'vote-how', path: '/papers/1/vote' },
    { name: 'votes-open', path: links.votes },
    { name: 'check-your-inbox', path: '/check-your-inbox' },
    { name: 'confirm', path: links.confirm },
    { name: 'welcome', path: links.welcome },
    { name: 'preferences', path: links.preferences },
    { name: 'unsubscribe', path: links.unsubscribe },
    { name: 'editions', path: '/editions' },
    { name: 'edition', path: `/editions/${edition.date}` },
    { name: 'edition-email', path: `/editions/${edition.date}/email` },
    { name: 'about', path: '/about' },
    ...(await peoplePages(services)),
    { name: 'not-found', path: '/no-such-page' },
    { name: 'no-papers', path: '/papers?date=2001-01-01' },
    ...(await readerPages(services, READER)),
  ]
  const days = await newestDays(services)
  const adminShots = await adminPages(services, READER, {
    released: edition.date,
    draft: days.find((day) => day !== edition.date)!,
  })
  await rm(outDir, { recursive: true, force: true })
  const baseUrl = services.config.PUBLIC_URL
  const all = [...pages, ...adminShots.pages, ...emailShots].filter(
    ({ name }) => names.length === 0 || names.some((wanted) => name.startsWith(wanted)),
  )
  const written = await takeShots(browser, { baseUrl, pages: all, outDir, intl: t.intl, cookies: [adminShots.cookie] })
  print(`${written.length} screenshots in ${outDir}`)
} catch (error) {
  printError(describeError(error))
  process.exitCode = 1
}

async function newestDays({ db }: Services): Promise<string[]> {
  const days = await db.selectDistinct({ day: papers.listDay }).from(papers).orderBy(desc(papers.listDay))
  return days.map(({ day }) => day)
}

/** The pages of an author and an organisation of the sample. */
async function peoplePages({ db }: Services): Promise<Shot[]> {
  const [paper] = await db.select().from(papers).where(isNotNull(papers.organization)).orderBy(papers.id).limit(1)
  return [
    { name: 'author', path: authorHref(paper!.authors[0]!) },
    { name: 'organisation', path: organizationHref(paper!.organization!) },
    { name: 'author-none', path: authorHref('Nemo Nil') },
  ]
}

/** Signs a reader up through the form and confirms. @returns the paths of the reader's links */
async function subscribeReader(services: Services, inbox: ReturnType<typeof openInbox>, language: Locale) {
  const { PUBLIC_URL } = services.config
  const body = new URLSearchParams({ email: READER, zone: 'Europe/Berlin' })
  await fetch(`${PUBLIC_URL}/subscribe`, {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: { 'accept-language': language },
  })
  const { text } = await inbox.waitFor(READER, new RegExp(t.mails.confirm.subject))
  const confirm = /https?:\/\/\S+\/confirm\/\S+/.exec(text)![0]
  const pressed = await fetch(confirm, { method: 'POST', redirect: 'manual' })
  const token = (purpose: 'preferences' | 'unsubscribe' | 'vote') =>
    mintToken(services.keys, purpose, 1, services.now())
  return {
    confirm,
    welcome: pressed.headers.get('location') ?? '/welcome',
    preferences: `/preferences/${token('preferences')}`,
    unsubscribe: `/unsubscribe/${token('unsubscribe')}`,
    vote: `/papers/1/vote/${token('vote')}`,
    votes: `/votes/${token('vote')}`,
  }
}

import { describe, expect } from 'vitest'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { createSignInLink } from '../../src/operate/admins/sessions.ts'
import { sendServiceEmails } from '../../src/outbox/send-service-emails.ts'
import { openRelays } from '../../src/relay/relays.ts'
import { submissions } from '../../src/runtime/db/schema.ts'
import { CURATOR, test as onSite } from '../http/admin.ts'
import { useBrowser, withoutBrowser } from '../support/browser.ts'
import { addPapers, addSubscriber, releasedEdition } from '../support/services.ts'
import { openSink } from '../support/sink.ts'
import { DESK, enter, look, PHONE, pagesOf } from './look.ts'

const test = onSite.skipIf(withoutBrowser)
const { open } = pagesOf(useBrowser())

test('a curator signs in by email and puts a paper first, without JavaScript, on a phone', async ({
  site,
  onTestFinished,
}) => {
  const sink = await openSink()
  onTestFinished(() => sink.close())
  const relay = openRelays({ SMTP_URL: sink.url, SMTP_CONNECTIONS: 1 })
  onTestFinished(() => relay.close())
  await addPapers(site.services.db, '2026-04-14', 5)
  await assemble(site.services, { date: '2026-04-14' })

  const page = await open(site, { javaScriptEnabled: false, viewport: PHONE })
  await page.goto('/admin')
  await page.getByLabel('Your email address').fill(CURATOR.toLowerCase())
  await page.getByRole('button', { name: 'Email me a link' }).click()
  await page.getByText('a link is on its way').waitFor()
  await sendServiceEmails({ ...site.services, relay }, new AbortController().signal)
  const { text } = await sink.read(CURATOR)
  await page.goto(new URL(/https:\S+\/admin\/sign-in\/\S+/.exec(text!)![0]).pathname)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Tuesday, 14 April 2026' }).waitFor()
  const row = page.locator('.desk-paper', { hasText: 'Paper 4 of' })
  await row.getByRole('button', { name: 'Pick' }).click()
  const first = page.locator('.desk-paper').first()
  await first.getByText('Picked.').waitFor()
  expect(await first.textContent()).toContain('Paper 4 of 2026-04-14')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.goto('/admin/log')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
})

test('an alert in webmail leads a signed-in operator to its page, where forms of other tabs still work', async ({
  site,
}) => {
  const page = await open(site)
  await enter(site.services, page)
  await page.goto('/admin/keys')
  const alert = await page.context().newPage()
  const link = new URL('/admin/sources', page.url()).href
  await alert.route('https://webmail.example/', (route) =>
    route.fulfill({ contentType: 'text/html', body: `<a href="${link}">Sources</a>` }),
  )
  await alert.goto('https://webmail.example/')
  await alert.getByRole('link', { name: 'Sources' }).click()
  await alert.waitForURL(link)
  expect(await alert.getByRole('heading', { level: 1 }).textContent()).toBe('Sources')
  await page.getByLabel('Name').fill('lab page')
  await page.getByRole('checkbox', { name: 'read', exact: false }).first().check()
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText('This is the new key.').waitFor()
})

describe.for([
  { colorScheme: 'light', viewport: DESK },
  { colorScheme: 'dark', viewport: PHONE },
] as const)('in $colorScheme colours', (how) => {
  test('no page has anything that axe calls an obstacle', { timeout: 60_000 }, async ({ db, site }) => {
    const { services } = site
    await releasedEdition(services, '2026-04-13', 3)
    await addPapers(db, '2026-04-14', 3)
    await assemble(services, { date: '2026-04-14' })
    await db.insert(submissions).values([{ arxivId: '2604.00001', state: 'found', found: { title: 'A paper' } }])
    await addSubscriber(db, 'ada@example.org')
    const page = await open(site, { ...how, bypassCSP: true })
    const lookAtAll = async (urls: string[]) => {
      for (const url of urls) expect(await look(page, url)).toEqual({ url, found: [], overflow: [0, 0] })
    }
    const link = new URL(await createSignInLink(services, CURATOR)).pathname
    await lookAtAll(['/admin/sign-in', '/admin/sign-in?sent=', link, '/admin/sign-in/none'])
    await page.goto(link)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Tuesday, 14 April 2026' }).waitFor()
    await lookAtAll([
      '/admin',
      '/admin/editions/daily/2026-04-13',
      '/admin/editions/daily/2026-04-14',
      '/admin/editions/daily/2026-04-12',
      '/admin/submissions',
      '/admin/readers',
      '/admin/log',
      '/admin/keys',
      '/admin/webhooks',
    ])
  })
})

import { expect, test } from 'vitest'
import { LOCALES, messagesIn } from '../../src/messages/catalogue.ts'
import { renderServiceEmail } from '../../src/outbox/render-service-email.ts'
import type { EmailContent } from '../../src/outbox/service-email.ts'
import { DEFAULT_NEWSLETTER } from '../../src/runtime/config/newsletter.ts'
import { NO_TEMPLATES } from '../../src/runtime/config/template-files.ts'

const render = (content: EmailContent, POSTAL_ADDRESS = '') =>
  renderServiceEmail({ newsletter: DEFAULT_NEWSLETTER, templates: NO_TEMPLATES, POSTAL_ADDRESS }, content)

const words = (facts: Partial<EmailContent> = {}): EmailContent => ({
  t: messagesIn('en'),
  subject: 'Welcome',
  heading: 'Welcome',
  lead: 'Your first digest comes on',
  moment: 'Tuesday at 08:00 (Europe/Berlin)',
  button: 'Read',
  url: 'https://paperboy.example/confirm/A?b=1&c="',
  after: ['One more line.'],
  links: [{ label: 'Preferences', url: 'https://paperboy.example/preferences/A' }],
  why: 'You signed up.',
  unsubscribe: undefined,
  ...facts,
})

test('two emails of one kind differ only in links and date', async () => {
  const ada = await render(words(), '1 Press Street')
  const bob = await render(
    words({
      url: 'https://paperboy.example/confirm/B',
      moment: 'Friday at 09:00 (UTC)',
      links: [{ label: 'Preferences', url: 'https://paperboy.example/preferences/B' }],
      unsubscribe: { label: 'Unsubscribe', url: 'https://paperboy.example/unsubscribe/B' },
    }),
    '1 Press Street',
  )
  expect(ada.html).toContain('href="https://paperboy.example/confirm/A?b=1&amp;c=&quot;"')
  expect(ada.html).toContain('Tuesday at 08:00 (Europe/Berlin)')
  for (const body of [bob.html, bob.text]) {
    expect(body).toContain('https://paperboy.example/confirm/B')
    expect(body).toContain('https://paperboy.example/preferences/B')
    expect(body).toContain('https://paperboy.example/unsubscribe/B')
    expect(body).toContain('Friday at 09:00 (UTC)')
    expect(body).not.toMatch(/confirm\/A|preferences\/A|Tuesday|slot/)
  }
})

test('another language, or an email without a date, compiles separately', async () => {
  const de = await render(words({ t: messagesIn('de'), heading: 'Willkommen' }))
  expect(de.html).toMatch(/<html[^>]* lang="de"/)
  expect(de.html).toContain('Willkommen')
  const bare = await render(words({ moment: undefined, links: [] }))
  expect(bare.html).not.toMatch(/<strong>|slot/)
})

const preheaderOf = (html: string): string =>
  /<div style="display:none[^>]*>\s*([\s\S]*?)\s*<\/div>/.exec(html)![1]!.replace(/\s+/g, ' ')

test.for(LOCALES)('the preheader of every email is a whole sentence: %s', async (locale) => {
  const t = messagesIn(locale)
  const { space, stop } = t.punctuation
  const bare = await render(words({ t, lead: t.mails.welcome.lead }))
  expect(preheaderOf(bare.html)).toBe(`${t.mails.welcome.lead}${space}Tuesday at 08:00 (Europe/Berlin)${stop}`)
  for (const kind of ['confirm', 'confirmBack', 'remind', 'manage', 'change'] as const) {
    const { html } = await render(words({ t, lead: t.mails[kind].lead, moment: undefined }))
    expect([kind, preheaderOf(html)]).toEqual([kind, expect.stringMatching(/[.。]$/)])
  }
})

test.for(LOCALES)('a weekly newsletter promises no daily email, in a form, a preview or a card: %s', (locale) => {
  const { signUp, layout, cards, about, digest } = messagesIn(locale)
  const promises = (['daily', 'weekdays', 'weekly'] as const).map(signUp.promise)
  expect(new Set(promises).size).toBe(3)
  const { heading, title, whatYouGetText } = signUp
  const words = [promises[2]!, heading, title, layout.description('AK'), cards.foot, about.lead('AK'), digest.subscribe]
  // The reader may choose daily emails.
  for (const text of [...words, whatYouGetText.split(/[.。]/)[0]!])
    expect(text).not.toMatch(
      /dail|every day|a day|täglich|jeden|am tag|diari|al día|cada día|chaque|par jour|quotidien|每天|每日/i,
    )
})

test.for(LOCALES)(
  'no email says how often digests come, since its reader may have chosen another rhythm: %s',
  (locale) => {
    const { confirm, confirmBack, remind, change } = messagesIn(locale).mails
    for (const { lead } of [confirm, confirmBack, remind, change])
      expect(lead).not.toMatch(/dail|every day|täglich|jeden tag|diari|cada día|chaque jour|quotidien|每天|每日/i)
  },
)

import { caniemail } from 'caniemail'
import { HtmlValidate } from 'html-validate'
import { beforeAll, describe, expect, test } from 'vitest'
import { composePublicBodies } from '../../src/edition/compose/archive.ts'
import type { CardPaper } from '../../src/edition/compose/card.ts'
import { compileEdition } from '../../src/edition/compose/compiled-edition.ts'
import { composeEdition } from '../../src/edition/compose/compose.ts'
import { composeDigestBody } from '../../src/edition/compose/digest.ts'
import { decodeLines } from '../../src/mail/quoted-printable.ts'
import { LOCALES, messagesIn } from '../../src/messages/catalogue.ts'
import { cardPaper } from '../support/card-paper.ts'
import { testConfig } from '../support/services.ts'

const PROGRAMS = [
  'gmail.*',
  'outlook.windows',
  'outlook.windows-mail',
  'outlook.outlook-com',
  'apple-mail.*',
  'yahoo.*',
  'samsung-email.android',
] as const

/**
 * Features that some of these programs lack, and what their readers see instead. All programs must support every other feature, at
 * least in part.
 */
const OPTIONAL: Record<string, string> = {
  '<style> element': 'light colours, in the inline style',
  '@media': 'light colours',
  'Class selector': 'light colours',
  'ID selector': 'MJML’s own, for Outlook',
  'Type selector': 'MJML’s own resets; the inline style says the same',
  'Chaining selectors': 'light colours',
  'Descendant combinator': 'light colours',
  'color-scheme meta tag': 'the program’s own dark mode',
  'display:none': 'the preheader as a first line',
  opacity: 'the preheader is still hidden by its size',
  'max-height property': 'the preheader is still hidden by display:none',
  overflow: 'the preheader is still hidden by display:none',
  'height property': 'a double rule with a wider gap',
  'word-break': 'a very long word that is wider than the screen',
  'word-spacing': 'nothing: its value is normal',
  outline: 'nothing: it is for images, and there are none',
  '<body> element': 'a white background, on the div inside it',
  'aria-label attribute': 'the title, for screen readers',
  'role attribute': 'tables that screen readers announce as tables',
}

const paper = (position: number, facts: Partial<CardPaper>) =>
  cardPaper({
    ...{ position, title: 'Attention Sink in Transformers: A Survey', abstract: 'We survey it. It is a sink.' },
    ...{ authors: ['Ada Lovelace'], organization: 'Analytical Engines & Sons', votes: 61, comments: 4, stars: 1240 },
    facts: { list: { timing: 'closing', of: 31, rank: 2, votes: 61, share: 0.09 } },
    url: 'https://arxiv.org/abs/2604.10098',
    pdfUrl: 'https://arxiv.org/pdf/2604.10098',
    codeUrl: 'https://github.com/ada/engine',
    projectUrl: 'https://ada.example',
    discussionUrl: 'https://huggingface.co/papers/2604.10098',
    ...facts,
  })
const PAPERS = [
  { section: 'picks', note: 'Read section 4 first.', curator: 'AK' },
  { withdrawn: true },
  { votes: null, comments: null, url: null, pdfUrl: null },
  { section: 'rising', facts: { rise: { from: 12, to: 3, of: 31, listDay: '2026-04-08', weekly: false } } },
].map((facts, position) => paper(position, facts))

const CORRECTIONS = [
  {
    paperId: 9,
    kind: 'retitled' as const,
    title: 'Old',
    newTitle: 'New',
    date: '2026-04-13',
    url: 'https://arxiv.org/abs/2604.1',
  },
]
const EDITION = { kind: 'daily' as const, date: '2026-04-14', closesAt: new Date('2026-04-15T02:00:00Z') }

describe.each(LOCALES)('a digest with every element, in %s', (locale) => {
  let mail: string
  let page: string
  let text: string
  beforeAll(async () => {
    const input = { papers: PAPERS, listed: 31, corrections: CORRECTIONS }
    const { segments } = await composeEdition(testConfig(), EDITION, input, locale)
    const reader = {
      unsubscribeToken: 'U',
      preferencesToken: 'P',
      voteToken: 'V',
      notice: 'Yesterday had no list.',
      shown: PAPERS.map(({ position }) =>
        position === 2 ? { position, section: 'topics', because: 'your topic: Vision & language' } : { position },
      ),
    }
    mail = decodeLines(composeDigestBody(compileEdition(segments), 'html', reader))
    text = decodeLines(composeDigestBody(compileEdition(segments), 'text', reader))
    page = composePublicBodies(segments).html
  })

  test('uses only features that every program supports, or that are optional', () => {
    const { issues } = caniemail({ clients: [...PROGRAMS], html: mail })
    const lacking = [...issues.errors].flatMap(([program, list]) => list.map(({ title }) => `${title} in ${program}`))
    const unexpected = lacking.filter((each) => !(each.replace(/ in [^ ]+$/, '') in OPTIONAL))
    expect(unexpected).toEqual([])
    expect(lacking.length, 'caniemail returned data').toBeGreaterThan(5)
  })

  test('is valid HTML as an email and as an archive page', async () => {
    const validator = new HtmlValidate({
      extends: ['html-validate:recommended'],
      // Only email needs layout tables, inline styles and Outlook's conditional comments. MJML writes the doctype in lower case.
      rules: {
        'no-conditional-comment': 'off',
        'no-inline-style': 'off',
        'no-deprecated-attr': 'off',
        'presentation-role-style': 'off',
        'prefer-native-element': 'off',
        'doctype-style': 'off',
      },
    })
    for (const html of [mail, page]) {
      const { results } = await validator.validateString(html)
      const messages = results.flatMap((result) => result.messages.map(({ line, message }) => `${line}: ${message}`))
      expect(messages).toEqual([])
    }
  })

  test('fetches nothing, and declares its language and direction', () => {
    for (const html of [mail, page]) {
      expect(html).not.toMatch(/<img|<link|src=|url\(|<script|@import/i)
      expect(html).toMatch(new RegExp(`<html[^>]* lang="${messagesIn(locale).lang}"`))
      expect(html).toContain('dir="auto"')
    }
  })

  test('wraps text at 72 columns, except links', () => {
    const lines = text.split('\n').filter((line) => !line.includes('https://'))
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(72)
    expect(text).not.toMatch(/[\t ]$|<\w|&\w+;/m)
  })
})

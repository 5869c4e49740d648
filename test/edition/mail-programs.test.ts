import { caniemail } from 'caniemail'
import { HtmlValidate } from 'html-validate'
import { beforeAll, describe, expect, test } from 'vitest'
import { publicBodies } from '../../src/edition/compose/archive.ts'
import type { CardPaper } from '../../src/edition/compose/card.ts'
import { plateOf } from '../../src/edition/compose/compiled-edition.ts'
import { composeEdition } from '../../src/edition/compose/compose.ts'
import { digestBody } from '../../src/edition/compose/digest.ts'
import { decodeBody } from '../../src/edition/compose/segments.ts'
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
 * What some of these programs do not have at all, and what a reader sees there instead. Whatever is not in this list must be known,
 * at least in part, to every one of them.
 */
const ONLY_A_BONUS: Record<string, string> = {
  '<style> element': 'light colours, in the inline style',
  '@media': 'light colours',
  'Class selector': 'light colours',
  'ID selector': 'MJML’s own, for Outlook',
  'Type selector': 'MJML’s own resets; the inline style says the same',
  'Chaining selectors': 'light colours',
  'Descendant combinator': 'light colours',
  'color-scheme meta tag': 'the program’s own idea of a dark mail',
  'display:none': 'the preheader as a first line',
  opacity: 'the preheader is still hidden by its size',
  'max-height property': 'the preheader is still hidden by display:none',
  overflow: 'the preheader is still hidden by display:none',
  'height property': 'a double rule with more white between',
  'word-break': 'an endless word that is wider than the screen',
  'word-spacing': 'nothing: its value is normal',
  outline: 'nothing: it is for images, and there is none',
  '<body> element': 'a white ground, on the div inside it',
  'aria-label attribute': 'the title, for those who hear it',
  'role attribute': 'tables that are read out as tables',
}

const paper = (position: number, facts: Partial<CardPaper>): CardPaper => ({
  source: 'arxiv',
  sourceId: `2604.${10_000 + position}`,
  paperId: position,
  position,
  section: 'top',
  title: 'Attention Sink in Transformers: A Survey',
  abstract: 'We survey it. It is a sink.',
  summary: null,
  authors: ['Ada Lovelace'],
  organization: 'Analytical Engines & Sons',
  curator: null,
  note: null,
  votes: 61,
  comments: 4,
  ageHours: 17,
  earlierVotes: null,
  earlierAt: null,
  stars: 1240,
  url: 'https://arxiv.org/abs/2604.10098',
  pdfUrl: 'https://arxiv.org/pdf/2604.10098',
  codeUrl: 'https://github.com/ada/engine',
  projectUrl: 'https://ada.example',
  discussionUrl: 'https://huggingface.co/papers/2604.10098',
  withdrawn: false,
  ...facts,
})
const PAPERS = [
  { section: 'picks', note: 'Read section 4 first.', curator: 'AK' },
  { withdrawn: true },
  { votes: null, comments: null, url: null, pdfUrl: null },
  { section: 'rising', earlierVotes: 7, earlierAt: new Date('2026-04-08T02:00:00Z') },
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

describe.each(['en', 'de'] as const)('a mail with everything in it, in %s', (locale) => {
  let mail: string
  let page: string
  let text: string
  beforeAll(async () => {
    const contents = { papers: PAPERS, listed: 31, corrections: CORRECTIONS }
    const { parts } = await composeEdition(testConfig(), EDITION, contents, locale)
    const reader = {
      unsubscribeToken: 'U',
      preferencesToken: 'P',
      voteToken: 'V',
      notice: 'Yesterday had no list.',
      shown: PAPERS.map(({ position }) =>
        position === 2 ? { position, section: 'topics', because: 'your topic: Vision & language' } : { position },
      ),
    }
    mail = decodeBody(digestBody(plateOf(parts), 'html', reader))
    text = decodeBody(digestBody(plateOf(parts), 'text', reader))
    page = publicBodies(parts).html
  })

  test('uses nothing that a program lacks, but what is a bonus', () => {
    const { issues } = caniemail({ clients: [...PROGRAMS], html: mail })
    const lacking = [...issues.errors].flatMap(([program, list]) => list.map(({ title }) => `${title} in ${program}`))
    const unexpected = lacking.filter((each) => !(each.replace(/ in [^ ]+$/, '') in ONLY_A_BONUS))
    expect(unexpected).toEqual([])
    expect(lacking.length, 'the data were read').toBeGreaterThan(5)
  })

  test('is valid HTML, as mail and as a page of the archive', async () => {
    const validator = new HtmlValidate({
      extends: ['html-validate:recommended'],
      // What only mail needs: tables for layout, inline style, Outlook's conditional comments. MJML writes the doctype in lower case.
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

  test('fetches nothing, and names its language and direction', () => {
    for (const html of [mail, page]) {
      expect(html).not.toMatch(/<img|<link|src=|url\(|<script|@import/i)
      expect(html).toMatch(new RegExp(`<html[^>]* lang="${locale}"`))
      expect(html).toContain('dir="auto"')
    }
  })

  test('is read at 72 columns as text, links apart', () => {
    const lines = text.split('\n').filter((line) => !line.includes('https://'))
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(72)
    expect(text).not.toMatch(/[\t ]$|<\w|&\w+;/m)
  })
})

import fc from 'fast-check'
import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import { composePublicBodies } from '../../../src/edition/compose/archive.ts'
import type { CardPaper } from '../../../src/edition/compose/card.ts'
import { compileBody, compileEdition, composeSubject } from '../../../src/edition/compose/compiled-edition.ts'
import { composeEdition } from '../../../src/edition/compose/compose.ts'
import { composeDigest, composeDigestBody, writeBody } from '../../../src/edition/compose/digest.ts'
import type { ShownPaper } from '../../../src/edition/compose/placeholders.ts'
import { composeReaderContent } from '../../../src/edition/compose/reader-content.ts'
import {
  CARD_PIECES,
  createMarkers,
  type EditionSegments,
  PLACEHOLDERS,
  type Placeholder,
  splitBody,
} from '../../../src/edition/compose/segments.ts'
import { MessageBuffer } from '../../../src/mail/message-buffer.ts'
import { encodeLines } from '../../../src/mail/quoted-printable.ts'
import { verifyToken } from '../../../src/mail/tokens.ts'
import { readable } from '../../../src/papers/readable.ts'
import { cardPaper } from '../../support/card-paper.ts'
import { NOON, testConfig } from '../../support/services.ts'

/** A strict decoder for these tests (RFC 2045 § 6.7). */
function decodeQuotedPrintable(bytes: Buffer): Buffer {
  const encoded = bytes.toString('latin1')
  for (const line of encoded.split('\r\n')) {
    expect(line.length, 'a line of at most 76 characters').toBeLessThanOrEqual(76)
    expect(line, 'printable ASCII, and only two digits or the line end after =').toMatch(
      /^(?:[\t -<>-~]|=[0-9A-F]{2})*=?$/,
    )
    expect(line, 'SMTP doubles a dot that begins a line').not.toMatch(/^\./)
    expect(line, 'relays may strip white space at a line end').not.toMatch(/[\t ]$/)
  }
  const decoded = encoded
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(decoded, 'latin1')
}
const decoded = (encoded: Buffer) => decodeQuotedPrintable(encoded).toString('utf8').replaceAll('\r\n', '\n')

const paper = (position: number, facts: Partial<CardPaper> = {}) =>
  cardPaper({
    ...{ position, paperId: 700 + position, abstract: 'We show something. It works.' },
    ...{ authors: ['Ada Lovelace', 'Charles Babbage'], organization: 'Analytical Engines' },
    ...{ votes: 61, comments: 1, stars: 1240 },
    facts: { list: { timing: 'closing', of: 31, rank: 2, votes: 61, share: 0.09 } },
    url: `https://arxiv.org/abs/2604.0000${position}`,
    pdfUrl: `https://arxiv.org/pdf/2604.0000${position}`,
    codeUrl: 'https://github.com/ada/engine',
    ...facts,
  })

const EDITION = { kind: 'daily' as const, date: '2026-04-14', closesAt: new Date('2026-04-15T02:00:00Z') }
const config = testConfig()
const keys = { current: config.SECRET_KEY, previous: [] }
const compose = (papers: CardPaper[], settings: Partial<typeof config> = {}, locale?: 'en' | 'de') =>
  composeEdition({ ...config, ...settings }, EDITION, { papers, listed: papers.length, corrections: [] }, locale)

function digestOf(
  segments: EditionSegments,
  shown: (number | ShownPaper)[] = segments.sections.map((_, position) => position),
  own: { notice?: string; format?: 'html' | 'text' } = {},
) {
  const reader = { subscriberId: 7, email: 'ada@example.org', format: 'html' as const }
  const papers = shown.map((each) => (typeof each === 'number' ? { position: each } : each))
  const content = { ...composeReaderContent({ config, keys }, Buffer.alloc(32, 1), reader, papers, NOON), ...own }
  const edition = compileEdition(segments)
  return {
    raw: composeDigest(edition, content).toString('latin1'),
    html: decoded(composeDigestBody(edition, 'html', content)),
    text: decoded(composeDigestBody(edition, 'text', content)),
  }
}

/** Expects each opening tag to have its closing one, in the right order. */
function expectBalanced(html: string): void {
  const open: string[] = []
  for (const [, close, name] of html.matchAll(
    /<(\/?)(table|tbody|tr|td|div|p|a|h1|h2|h3|span|html|head|body|style)\b[^>]*>/g,
  )) {
    if (!close) open.push(name!)
    else expect(open.pop(), `…${html.slice(0, 200)}`).toBe(name)
  }
  expect(open).toEqual([])
}
/** Checks the page as Outlook reads it and as all other programs do. */
function expectBalancedForAll(html: string): void {
  expect(html.match(/<!--\[if/g)!.length).toBe(html.match(/<!\[endif\]-->/g)!.length)
  const others = html.replace(/<!--\[if [^\]]*mso[^\]]*\]>(?!<!-->)[\s\S]*?<!\[endif\]-->/g, '')
  expectBalanced(others)
  const outlook = html
    .replace(/<!--\[if !mso\]><!-->[\s\S]*?<!--<!\[endif\]-->/g, '')
    .replace(/<!--\[if [^\]]*\]>|<!\[endif\]-->/g, '')
  expectBalanced(outlook)
  expect(others).not.toContain('<!--[if mso')
}
/** Returns a page's visible words. */
const wordsOf = (html: string): string =>
  html
    .replace(/<(style|head)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&ensp;/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;|&apos;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')

describe('splitting and joining', () => {
  const NONCE = 'pb00112233'
  const nasty = fc.constantFrom(
    '=',
    '=\n',
    '.',
    '.\n',
    ' \n',
    '\t\n',
    '\n',
    '\n\n',
    '日本語',
    '😀',
    'é',
    '\u00A0',
    '=3D',
    'x'.repeat(200),
  )
  const piece = fc
    .array(fc.oneof(nasty, fc.string({ unit: 'grapheme', maxLength: 90 })), { maxLength: 12 })
    .map((parts) => parts.join('').replaceAll('\r', ''))
  type Content = (string | { name: Placeholder })[]
  const segment: fc.Arbitrary<Content> = fc.array(
    fc.oneof(
      piece,
      fc.constantFrom(...PLACEHOLDERS).map((name) => ({ name })),
    ),
    { maxLength: 5 },
  )
  const values = Object.fromEntries(PLACEHOLDERS.map((name, index) => [name, `.${name}_`.repeat(index)])) as Record<
    Placeholder,
    string
  >
  const textOf = (content: Content) =>
    content.map((each) => (typeof each === 'string' ? each : values[each.name])).join('')
  /** The segments that a digest always has. */
  const frame = fc.record({
    head: segment,
    opening: segment,
    heading: segment,
    you: segment,
    sponsor: segment,
    week: segment,
    rowsHead: segment,
    rowsEnd: segment,
    corrections: segment,
    foot: segment,
  })
  const card = fc.record({
    ...(Object.fromEntries(CARD_PIECES.map((name) => [name, segment])) as Record<
      (typeof CARD_PIECES)[number],
      typeof segment
    >),
    row: piece,
  })

  for (const format of ['html', 'text'] as const) {
    test(`${format}: any cards in any order decode to the same bytes as their concatenation`, () => {
      const { mark, placeholder, anyMark } = createMarkers(format, NONCE)
      const written = (content: Content) =>
        content.map((each) => (typeof each === 'string' ? each : placeholder(each.name))).join('')
      const anyDigest = fc.array(card, { minLength: 1, maxLength: 6 }).chain((cards) =>
        fc.record({
          cards: fc.constant(cards),
          order: fc.shuffledSubarray(cards.map((_, index) => index)),
          sourceLinks: fc.boolean(),
          abstracts: fc.boolean(),
          personal: fc.boolean(),
          own: fc.boolean(),
        }),
      )
      fc.assert(
        fc.property(frame, anyDigest, (pieces, { cards, order, own, ...style }) => {
          const rendered = [
            written(pieces.head),
            ...['several', 'one', 'archive'].map((name) => mark(`opening ${name}`) + written(pieces.opening)),
            mark('notice'),
            mark('heading top') + written(pieces.heading),
            mark('heading you') + written(pieces.you),
            ...cards.flatMap((each, index) =>
              CARD_PIECES.map((name) => mark(`${name} ${index}`) + written(each[name])),
            ),
            mark('sponsor') + written(pieces.sponsor),
            mark('week') + written(pieces.week),
            mark('saved head') + written(pieces.rowsEnd),
            mark('saved end') + written(pieces.rowsHead),
            mark('rows head') + written(pieces.rowsHead),
            ...cards.map((each, index) => mark(`row ${index}`) + each.row),
            mark('rows end') + written(pieces.rowsEnd),
            mark('corrections') + written(pieces.corrections),
            mark('foot') + written(pieces.foot),
            mark('archive foot'),
            mark('end'),
          ].join('')
          const body = compileBody(splitBody(rendered, NONCE, { mark, placeholder, anyMark }, cards.length))
          const buffer = new MessageBuffer()
          const yours = order.slice(0, own ? 1 : 0)
          const saved = own ? cards.map((_, index) => index).reverse() : undefined
          writeBody(
            {
              body,
              sections: cards.map(() => 'top'),
              ranked: body.cards({ ...style, yours: false }),
              yours: body.cards({ ...style, yours: true }),
              opening: body.openings.several,
              notice: undefined,
              unlisted: undefined,
              saved,
              foot: body.foot,
              maxBytes: Number.POSITIVE_INFINITY,
            },
            order.map((position) => ({ position, ...(yours.includes(position) ? { section: 'you' } : {}) })),
            (name) => Buffer.from(encodeLines(values[name])),
            buffer,
          )
          const kept = (saved ?? []).filter((position) => !order.includes(position)).slice(0, 3)
          const others = cards
            .filter((_, index) => !order.includes(index) && !kept.includes(index))
            .map(({ row }) => row)
          const expected = [
            textOf(pieces.head),
            textOf(pieces.opening),
            ...order.map((position, index) => {
              const card = cards[position]!
              const isYours = yours.includes(position)
              const heading = isYours ? textOf(pieces.you) : index === yours.length ? textOf(pieces.heading) : ''
              const left = new Set<string>([
                isYours ? 'rank' : 'place',
                style.sourceLinks ? 'page' : 'source',
                style.abstracts ? 'ai' : 'abstract',
                ...(style.personal ? [] : ['own']),
              ])
              return heading + CARD_PIECES.map((name) => (left.has(name) ? '' : textOf(card[name]))).join('')
            }),
            textOf(pieces.sponsor),
            textOf(pieces.week),
            ...(kept.length > 0
              ? [textOf(pieces.rowsEnd), ...kept.map((position) => cards[position]!.row), textOf(pieces.rowsHead)]
              : []),
            ...(others.length > 0 ? [textOf(pieces.rowsHead), ...others, textOf(pieces.rowsEnd)] : []),
            textOf(pieces.corrections),
            textOf(pieces.foot),
          ].join('')
          expect(decodeQuotedPrintable(buffer.written()).toString('utf8')).toBe(expected.replaceAll('\n', '\r\n'))
        }),
        { numRuns: 150 },
      )
    })
  }

  test('a template without a mark fails at release instead of breaking emails', () => {
    const markers = createMarkers('html', NONCE)
    expect(() => splitBody(`head${markers.mark('foot')}foot`, NONCE, markers, 0)).toThrow('the mark "end" is missing')
  })
})

describe('any digest of an edition', () => {
  const sections = ['picks', 'picks', 'top', 'top', 'top', 'top']
  const composed = compose(
    sections.map((section, position) =>
      paper(position, { section, ...(section === 'picks' ? { note: 'Read this & enjoy.', curator: 'AK' } : {}) }),
    ),
  )

  test('has balanced tags, headings where sections begin, and its own numbering', async () => {
    const { segments } = await composed
    fc.assert(
      fc.property(
        fc.subarray(
          sections.map((_, position) => position),
          { minLength: 1 },
        ),
        (shown) => {
          const { html, text } = digestOf(segments, shown)
          expectBalancedForAll(html)
          const titles = [...text.matchAll(/^ *(\d+)\. Paper number (\d+)( · 61 votes)?$/gm)].map(
            ([, number, position, row]) => [Number(number), Number(position), row !== undefined],
          )
          const rest = sections.map((_, position) => position).filter((position) => !shown.includes(position))
          expect(titles, 'each with its place on the list, first as cards, then as rows').toEqual([
            ...shown.map((position) => [position + 1, position, false]),
            ...rest.map((position) => [position + 1, position, true]),
          ])
          expect(text.includes('AK’S PICKS')).toBe(shown.some((position) => position < 2))
          expect(text.includes('\nTRENDING\n')).toBe(shown.some((position) => position >= 2))
          expect(text.includes('\nALSO ON THE LIST\n')).toBe(rest.length > 0)
          const words = wordsOf(html)
          for (const position of shown) expect(words).toContain(` ${position + 1} Paper number ${position} `)
          for (const position of rest) expect(words).toContain(` Paper number ${position} 61 `)
          expect(words.includes('All 6 papers')).toBe(rest.length > 0)
          const yours = shown.length === 1 ? 'Here is the one for you' : `Here are your ${shown.length}.`
          for (const body of [words, text.replace(/\s+/g, ' ')]) {
            expect(body).toContain(`6 papers, final ranking of 02:00 UTC. ${yours}`)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('has its reader’s links in both bodies, and fetches nothing from elsewhere', async () => {
    const { html, text } = digestOf((await composed).segments)
    for (const body of [html, text]) {
      const [, unsubscribe] = /https:\/\/paperboy\.example\/unsubscribe\/([\w-]+)/.exec(body)!
      const [, preferences] = /https:\/\/paperboy\.example\/preferences\/([\w-]+)/.exec(body)!
      expect(verifyToken(keys, 'unsubscribe', unsubscribe!)).toMatchObject({ subscriberId: 7, issuedAt: NOON })
      expect(verifyToken(keys, 'preferences', preferences!)).toMatchObject({ subscriberId: 7 })
      const votes = [...body.matchAll(/https:\/\/paperboy\.example\/papers\/2604\.10(\d+)\/vote\/([\w-]+)/g)]
      expect(votes.map(([, id]) => Number(id))).toEqual(sections.map((_, position) => position))
      for (const [, , vote] of votes) expect(verifyToken(keys, 'vote', vote!)).toMatchObject({ subscriberId: 7 })
      expect(body).toContain('1 Press Street, Inkwell')
    }
    expect(html).not.toMatch(/<img|<link|src=|url\(|<script/i)
    expect(html).toMatch(/<html[^>]* lang="en"/)
    expect(html).toMatch(/<title>[^<]+<\/title>/)
    expect(html).toContain('prefers-color-scheme: dark')
  })

  test('has every paper and no personal link in the archive', async () => {
    const { html, text } = composePublicBodies((await composed).segments)
    expectBalancedForAll(html)
    for (const body of [html, text]) {
      expect(body).not.toMatch(/unsubscribe|preferences\/|\/vote\//i)
      for (let position = 0; position < sections.length; position++) expect(body).toContain(`Paper number ${position}`)
    }
  })
})

describe('hostile papers', () => {
  const hostile: Record<string, string> = {
    'the marker syntax':
      '<!--pb0123456789abcdef01 card 0--> pb0123456789abcdef01 foot; pb0123456789abcdef01-unsubscribe-',
    'quoted-printable': '= =3D =0D=0A =\n= end=',
    'dots and SMTP': '.\r\n.\r\nQUIT\r\n..\r\n. ',
    script: '<script>alert(1)</script>',
    'an attribute’s end': "\"><img src=x onerror=alert(1)> ' onload='x",
    'template language': '<%= process.env.SECRET_KEY %> {{ x }} <%~ it.placeholder("unsubscribe") %>',
    MJML: '</mj-text></mj-column></mj-section><mj-include path="/etc/passwd" /><mj-raw>',
    'conditional comments': '<!--[if mso]><table><tr><td><![endif]--> --> <![endif]-->',
    entities: '&lt;script&gt; &amp; &#60;b&#62; &nbsp;',
    'header injection': 'A\r\nBcc: eve@example.org\r\n\r\nbody',
    'a 10 KB word': 'w'.repeat(10_240),
    'right to left': '\u202Eتعلم الآلة\u202C و \u2067שלום\u2069',
    emoji: '👩‍🔬👨‍👩‍👧‍👦🏳️‍🌈 '.repeat(8),
    'a lone surrogate': 'half \uD83D of a pair \uDE00',
    'control characters': 'a\u0000b\u0007c\u001Bd\u2028e\u2029f',
    combining: `Z${'\u0301\u0323'.repeat(200)}algo`,
    'nothing at all': '',
  }

  for (const [name, text] of Object.entries(hostile)) {
    test(`${name}: stays text, and the message stays intact`, async () => {
      const facts = {
        title: text,
        abstract: text,
        summary: text,
        organization: text,
        note: text,
        authors: [text],
      }
      const { subject, segments } = await compose([paper(0, { ...facts, section: 'picks' }), paper(1), paper(2, facts)])
      for (const shown of [[0, 1, 2], [1], [2], [0, 2]]) {
        const { html, text: plain, raw } = digestOf(segments, shown)
        expectBalancedForAll(html)
        expect(html).not.toMatch(/<script|<img|<mj-|<%|\son\w+=x/i)
        for (const body of [html, plain]) {
          expect(body).toContain('https://paperboy.example/unsubscribe/')
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not get through
          expect(body).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/)
        }
        const mail = await simpleParser(Buffer.from(raw, 'latin1'))
        expect(mail.text).toBe(plain)
        expect(mail.html).toBe(html)
        expect(mail.attachments).toEqual([])
        expect([mail.bcc, mail.cc]).toEqual([undefined, undefined])
        expect(mail.subject).toBe(composeSubject(segments, shown).toWellFormed())
        expect(raw).not.toMatch(/[^\r]\n|\r[^\n]/)
      }
      expect(subject).not.toMatch(/\p{Cc}/u)
      const words = readable(text).replace(/\s+/g, ' ').trim()
      if (words.length > 0 && words.length < 200)
        expect(wordsOf(digestOf(segments, [0]).html)).toContain(words.toWellFormed())
    })
  }
})

describe('a digest of twenty papers is under 100,000 bytes of HTML', () => {
  const twenty = (facts: Partial<CardPaper>) => Array.from({ length: 20 }, (_, position) => paper(position, facts))
  const long = (text: string, length: number) => text.repeat(Math.ceil(length / text.length)).slice(0, length)
  const cases: Record<string, Partial<CardPaper>> = {
    'long real ones': {
      title: long('Scaling Laws for Something Rather Important ', 220),
      abstract: long('We show that a thing is so & not otherwise. ', 2500),
      authors: Array.from({ length: 3000 }, () => 'Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine'),
      organization: long('Massachusetts Institute of Technology, ', 120),
      projectUrl: `https://project.example/${long('path/', 120)}`,
    },
    'in three-byte letters': {
      title: long('大規模言語モデルの推論', 180),
      abstract: long('我々は推論の能力を示す。', 2500),
      authors: Array.from({ length: 30 }, () => '長谷川太郎左衛門'),
    },
    'with every field far too long': {
      title: '&'.repeat(10_240),
      abstract: '&'.repeat(10_240),
      authors: ['w'.repeat(10_240), 'v'.repeat(10_240)],
      organization: '&'.repeat(10_240),
      url: `https://long.example/${'w'.repeat(10_240)}`,
      codeUrl: `https://long.example/${'w'.repeat(10_240)}`,
    },
  }
  for (const [name, facts] of Object.entries(cases)) {
    test(name, async () => {
      const { segments } = await compose(twenty(facts))
      const { html, text } = digestOf(segments)
      expect(Buffer.byteLength(html.replaceAll('\n', '\r\n'))).toBeLessThan(100_000)
      expectBalancedForAll(html)
      const shown = html.match(/<h3/g)!.length
      if (name.startsWith('with every field')) {
        expect(shown).toBeLessThan(20)
        expect(html.match(/<tr><td class="line"/g), 'the others are rows').toHaveLength(20 - shown)
      } else {
        expect(shown).toBe(20)
        expect(html).not.toContain('All 20 papers')
      }
      expect(text.match(/^ *\d+\. /gm), 'the text body has all papers').toHaveLength(20)
      expect(html).toContain('https://paperboy.example/unsubscribe/')
    })
  }
})

describe('the headers', () => {
  const fieldsOf = (raw: string) =>
    raw
      .slice(0, raw.indexOf('\r\n\r\n'))
      .replace(/\r\n[ \t]+/g, ' ')
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const)

  test('each occur exactly once', async () => {
    const { segments } = await compose([paper(0)], { REPLY_TO: { name: '', address: 'people@paperboy.example' } })
    const fields = fieldsOf(digestOf(segments).raw)
    const values = (name: string) =>
      fields.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, v]) => v)
    const tokens =
      /^<https:\/\/paperboy\.example\/unsubscribe\/([\w-]+)>, <mailto:papers@paperboy\.example\?subject=unsubscribe%20\1>$/
    expect(values('From')).toEqual(['Paperboy <papers@paperboy.example>'])
    expect(values('To')).toEqual(['<ada@example.org>'])
    expect(values('Reply-To')).toEqual(['people@paperboy.example'])
    expect(values('Subject')).toEqual([expect.stringContaining('Paper_number_0')])
    expect(values('Date')).toEqual(['Wed, 15 Apr 2026 12:00:00 +0000'])
    expect(values('Message-ID')).toEqual([expect.stringMatching(/^<[\w-]{20,}@paperboy\.example>$/)])
    expect(values('List-Id')).toEqual([expect.stringMatching(/<[\w.-]+\.paperboy\.example>$/)])
    expect(values('List-Unsubscribe')).toEqual([expect.stringMatching(tokens)])
    expect(values('List-Unsubscribe-Post')).toEqual(['List-Unsubscribe=One-Click'])
    expect(values('List-Archive')).toEqual(['<https://paperboy.example/editions>'])
    expect(values('Feedback-ID')).toEqual([expect.stringMatching(/^[^:]+:[^:]+:[^:]+:paperboy$/)])
    expect(values('Auto-Submitted')).toEqual(['auto-generated'])
    expect(values('Precedence')).toEqual(['bulk'])
    expect(values('MIME-Version')).toEqual(['1.0'])
    expect(values('Content-Type')).toEqual([expect.stringMatching(/^multipart\/alternative; boundary=/)])
    const names = fields.map(([name]) => name.toLowerCase())
    expect(new Set(names).size).toBe(names.length)
    expect(fields.every(([name]) => /^[A-Za-z-]+$/.test(name))).toBe(true)
  })

  const titles = {
    Chinese: '大規模語言模型的推理能力：一項全面的研究',
    Arabic: 'تعلم الآلة العميق في معالجة اللغات',
    Hindi: 'भाषा मॉडल का एक अध्ययन: परिणाम और विश्लेषण',
    emoji: '🧠🧠🧠🧠🧠🧠🧠🧠🧠🧠🧠🧠🧠🧠🧠🧠🧠🧠🧠🧠',
    'emoji among letters': 'A🧠B🧠C🧠D🧠E🧠F🧠G🧠H🧠I🧠J🧠K🧠L🧠M🧠',
    'accented Latin': 'Über die Schönheit naïver Gödel-Maschinen',
    'an encoded word’s own syntax': '=?utf-8?Q?spoof?= and =?utf-8?B?c3Bvb2Y=?=',
  }
  for (const [script, title] of Object.entries(titles)) {
    test(`carry a subject in ${script}, in ASCII lines of a valid length`, async () => {
      const { subject, segments } = await compose([paper(0, { title }), paper(1, { title }), paper(2, { title })], {
        MAIL_FROM: { name: 'Päperboy 新聞', address: 'papers@paperboy.example' },
      })
      const { raw } = digestOf(segments)
      const head = raw.slice(0, raw.indexOf('\r\n\r\n'))
      expect(head).toMatch(/^[\t\r\n -~]*$/)
      expect(Math.max(...head.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998)
      const mail = await simpleParser(raw)
      expect(mail.subject).toBe(subject)
      expect(mail.subject).not.toContain('\uFFFD')
      expect(mail.subject!.isWellFormed()).toBe(true)
      expect(mail.from!.value).toEqual([{ name: 'Päperboy 新聞', address: 'papers@paperboy.example' }])
      expect(title.startsWith(subject.replace('\u2068', '').slice(0, 5))).toBe(true)
    })
  }
})

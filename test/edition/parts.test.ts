import fc from 'fast-check'
import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import { readerPart } from '../../src/delivery/digest-press.ts'
import { publicBodies } from '../../src/edition/archive.ts'
import type { CardPaper } from '../../src/edition/card.ts'
import { composeEdition } from '../../src/edition/compose.ts'
import { assembleBody, composeDigest, digestBodies } from '../../src/edition/digest.ts'
import { cutBody, type EditionParts, markersOf } from '../../src/edition/parts.ts'
import { readable } from '../../src/papers/readable.ts'
import { verifyToken } from '../../src/subscription/tokens.ts'
import { NOON, testConfig } from '../support/services.ts'

/** RFC 2045 § 6.7, written for these tests: bytes out, nothing forgiven. */
function decodeQuotedPrintable(encoded: string): Buffer {
  for (const line of encoded.split('\r\n')) {
    expect(line.length, 'a line of at most 76 characters').toBeLessThanOrEqual(76)
    expect(line, 'printable ASCII, and nothing after = but two digits or the line end').toMatch(
      /^(?:[\t -<>-~]|=[0-9A-F]{2})*=?$/,
    )
    expect(line, 'white space at a line end may be lost on the way').not.toMatch(/[\t ]$/)
  }
  const bytes = encoded
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1')
}
const decoded = (encoded: string) => decodeQuotedPrintable(encoded).toString('utf8').replaceAll('\r\n', '\n')

const paper = (position: number, facts: Partial<CardPaper> = {}): CardPaper => ({
  position,
  section: 'top',
  title: `Paper number ${position}`,
  abstract: 'We show something. It works.',
  summary: null,
  authors: ['Ada Lovelace', 'Charles Babbage'],
  organization: 'Analytical Engines',
  reason: '61 votes in 17 h',
  note: null,
  votes: 61,
  stars: 1240,
  url: `https://arxiv.org/abs/2604.0000${position}`,
  pdfUrl: `https://arxiv.org/pdf/2604.0000${position}`,
  codeUrl: 'https://github.com/ada/engine',
  projectUrl: null,
  ...facts,
})

const EDITION = { kind: 'daily' as const, date: '2026-04-14', closesAt: new Date('2026-04-15T02:00:00Z') }
const config = testConfig()
const keys = { current: config.SECRET_KEY, previous: [] }
const compose = (papers: CardPaper[], settings: Partial<typeof config> = {}) =>
  composeEdition({ ...config, ...settings }, EDITION, papers)

function digestOf(parts: EditionParts, shown: number[] = parts.sections.map((_, position) => position)) {
  const reader = { subscriberId: 7, email: 'ada@example.org', chosen: { shown, own: 0 } }
  const part = readerPart({ config, keys }, Buffer.alloc(32, 1), reader, NOON)
  const bodies = digestBodies(parts, part)
  return {
    raw: composeDigest(parts, part).toString('latin1'),
    html: decoded(bodies.html),
    text: decoded(bodies.text),
  }
}

/** Every opening tag has its closing one, in the right order. */
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
/** As Outlook reads it, and as everybody else does. */
function expectBalancedForAll(html: string): void {
  expect(html.match(/<!--\[if/g)!.length).toBe(html.match(/<!\[endif\]-->/g)!.length)
  const everybody = html.replace(/<!--\[if [^\]]*mso[^\]]*\]>(?!<!-->)[\s\S]*?<!\[endif\]-->/g, '')
  expectBalanced(everybody)
  const outlook = html
    .replace(/<!--\[if !mso\]><!-->[\s\S]*?<!--<!\[endif\]-->/g, '')
    .replace(/<!--\[if [^\]]*\]>|<!\[endif\]-->/g, '')
  expectBalanced(outlook)
  expect(everybody).not.toContain('<!--[if mso')
}
/** The words of a page, as a reader sees them. */
const wordsOf = (html: string): string =>
  html
    .replace(/<(style|head)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;|&apos;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')

describe('cutting and joining', () => {
  const HOLES = ['unsubscribe', 'preferences', 'count', 'number'] as const
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
  const hole = fc.constantFrom(...HOLES)

  for (const format of ['html', 'text'] as const) {
    test(`${format}: cards of any content, any of them in any order, decode to the same bytes as their concatenation`, () => {
      const { mark, hole: holeFor, anyMark } = markersOf(format, NONCE)
      const part = fc.array(
        fc.oneof(
          piece,
          hole.map((name) => ({ name })),
        ),
        { maxLength: 5 },
      )
      const written = (content: (string | { name: (typeof HOLES)[number] })[]) =>
        content.map((each) => (typeof each === 'string' ? each : holeFor(each.name))).join('')
      const values = { unsubscribe: 'A-_b'.repeat(17), preferences: 'x', count: '20', number: '7' }
      const said = (content: (string | { name: (typeof HOLES)[number] })[]) =>
        content.map((each) => (typeof each === 'string' ? each : values[each.name])).join('')

      fc.assert(
        fc.property(
          part,
          part,
          part,
          fc
            .array(part, { minLength: 1, maxLength: 6 })
            .chain((cards) =>
              fc.record({ cards: fc.constant(cards), order: fc.shuffledSubarray(cards.map((_, index) => index)) }),
            ),
          (head, heading, foot, { cards, order }) => {
            const rendered = [
              written(head),
              mark('heading top'),
              written(heading),
              ...cards.map((card, index) => mark(`card ${index}`) + written(card)),
              mark('foot') + written(foot),
              mark('archive foot'),
              mark('end'),
            ].join('')
            const body = cutBody(rendered, NONCE, { mark, hole: holeFor, anyMark })
            const encoded = assembleBody(
              body,
              cards.map(() => 'top'),
              order,
              body.foot,
              (name) => `${values[name]}=\r\n`,
            )
            const expected = [
              said(head),
              order.length > 0 ? said(heading) : '',
              ...order.map((index) => said(cards[index]!)),
              said(foot),
            ].join('')
            expect(decodeQuotedPrintable(encoded).toString('utf8')).toBe(expected.replaceAll('\n', '\r\n'))
          },
        ),
        { numRuns: 150 },
      )
    })
  }

  test('a template that lost a mark is an error at release, not a broken mail', () => {
    const markers = markersOf('html', NONCE)
    expect(() => cutBody(`head${markers.mark('foot')}foot`, NONCE, markers)).toThrow(/no part "end"/)
  })
})

describe('any digest of an edition', () => {
  const sections = ['picks', 'picks', 'top', 'top', 'top', 'top']
  const composed = compose(
    sections.map((section, position) =>
      paper(position, { section, note: section === 'picks' ? 'Read this & enjoy.' : null }),
    ),
  )

  test('has balanced tables and conditional comments, its headings where sections begin, and its own numbers', async () => {
    const { parts } = await composed
    fc.assert(
      fc.property(
        fc.subarray(
          sections.map((_, position) => position),
          { minLength: 1 },
        ),
        (shown) => {
          const { html, text } = digestOf(parts, shown)
          expectBalancedForAll(html)
          const titles = [...text.matchAll(/^(\d+)\. Paper number (\d+)$/gm)].map(([, number, position]) => [
            number,
            position,
          ])
          expect(titles).toEqual(shown.map((position, index) => [String(index + 1), String(position)]))
          expect(text.includes('PICKED BY AK')).toBe(shown.some((position) => position < 2))
          expect(text.includes('\nTRENDING\n')).toBe(shown.some((position) => position >= 2))
          const words = wordsOf(html)
          shown.forEach((position, index) => {
            expect(words).toContain(`${index + 1}. Paper number ${position} `)
          })
          for (const body of [words, text]) expect(body).toContain(`${shown.length} of 6 papers`)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('has its reader’s links in both parts, and nothing that is fetched from elsewhere', async () => {
    const { html, text } = digestOf((await composed).parts)
    for (const body of [html, text]) {
      const [, leave] = /https:\/\/paperboy\.example\/unsubscribe\/([\w-]+)/.exec(body)!
      const [, preferences] = /https:\/\/paperboy\.example\/preferences\/([\w-]+)/.exec(body)!
      expect(verifyToken(keys, 'unsubscribe', leave!)).toMatchObject({ subscriberId: 7, issuedAt: NOON })
      expect(verifyToken(keys, 'preferences', preferences!)).toMatchObject({ subscriberId: 7 })
      expect(body).toContain('1 Press Street, Inkwell')
    }
    expect(html).not.toMatch(/<img|<link|src=|url\(|<script/i)
    expect(html).toMatch(/<html[^>]* lang="en"/)
    expect(html).toMatch(/<title>[^<]+<\/title>/)
    expect(html).toContain('prefers-color-scheme: dark')
  })

  test('as the archive shows it has no personal link, and every paper', async () => {
    const { html, text } = publicBodies((await composed).parts)
    expectBalancedForAll(html)
    for (const body of [html, text]) {
      expect(body).not.toMatch(/unsubscribe|preferences\//i)
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
    'template language': '<%= process.env.SECRET_KEY %> {{ x }} <%~ it.hole("unsubscribe") %>',
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
    test(`${name}: stays text, and the mail stays whole`, async () => {
      const facts = {
        title: text,
        abstract: text,
        summary: text,
        organization: text,
        note: text,
        authors: [text],
      }
      const { subject, parts } = await compose([paper(0, { ...facts, section: 'picks' }), paper(1), paper(2, facts)])
      for (const shown of [[0, 1, 2], [1], [2], [0, 2]]) {
        const { html, text: plain, raw } = digestOf(parts, shown)
        expectBalancedForAll(html)
        expect(html).not.toMatch(/<script|<img|<mj-|<%|\son\w+=x/i)
        for (const body of [html, plain]) {
          expect(body).toContain('https://paperboy.example/unsubscribe/')
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
          expect(body).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/)
        }
        const mail = await simpleParser(Buffer.from(raw, 'latin1'))
        expect(mail.text).toBe(plain)
        expect(mail.html).toBe(html)
        expect(mail.attachments).toEqual([])
        expect([mail.bcc, mail.cc]).toEqual([undefined, undefined])
        expect(mail.subject).toBe(subject.toWellFormed())
        expect(raw).not.toMatch(/[^\r]\n|\r[^\n]/)
      }
      expect(subject).not.toMatch(/\p{Cc}/u)
      const said = readable(text).replace(/\s+/g, ' ').trim()
      if (said.length > 0 && said.length < 200)
        expect(wordsOf(digestOf(parts, [0]).html)).toContain(said.toWellFormed())
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
      note: long('Worth a Sunday. ', 300),
      projectUrl: `https://project.example/${long('path/', 120)}`,
    },
    'in three-byte letters': {
      title: long('大規模言語モデルの推論', 200),
      abstract: long('我々は推論の能力を示す。', 2500),
      authors: Array.from({ length: 30 }, () => '長谷川太郎左衛門'),
      note: long('必読。', 300),
    },
    'of which somebody made every field endless': {
      title: 'w'.repeat(10_240),
      abstract: 'w'.repeat(10_240),
      summary: '&'.repeat(10_240),
      authors: ['w'.repeat(10_240), 'v'.repeat(10_240)],
      organization: 'w'.repeat(10_240),
      url: `https://long.example/${'w'.repeat(10_240)}`,
      codeUrl: `https://long.example/${'w'.repeat(10_240)}`,
    },
  }
  for (const [name, facts] of Object.entries(cases)) {
    test(name, async () => {
      const { parts } = await compose(twenty(facts))
      const { html } = digestOf(parts)
      expect(Buffer.byteLength(html.replaceAll('\n', '\r\n'))).toBeLessThan(100_000)
      expect(html.match(/<h3/g)).toHaveLength(20)
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

  test('are each there exactly once', async () => {
    const { parts } = await compose([paper(0)], { REPLY_TO: 'people@paperboy.example' })
    const fields = fieldsOf(digestOf(parts).raw)
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
    test(`carry a subject in ${script}, in ASCII lines of the length mail allows`, async () => {
      const { subject, parts } = await compose([paper(0, { title }), paper(1, { title }), paper(2, { title })], {
        MAIL_FROM: 'Päperboy 新聞 <papers@paperboy.example>',
      })
      const { raw } = digestOf(parts)
      const head = raw.slice(0, raw.indexOf('\r\n\r\n'))
      expect(head).toMatch(/^[\t\r\n -~]*$/)
      expect(Math.max(...head.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998)
      const mail = await simpleParser(raw)
      expect(mail.subject).toBe(subject)
      expect(mail.subject).not.toContain('\uFFFD')
      expect(mail.subject!.isWellFormed()).toBe(true)
      expect(mail.from!.value).toEqual([{ name: 'Päperboy 新聞', address: 'papers@paperboy.example' }])
      expect(title.startsWith(subject.slice(0, 5))).toBe(true)
    })
  }
})

import { eq } from 'drizzle-orm'
import { simpleParser } from 'mailparser'
import { expect } from 'vitest'
import { preview } from '../../../src/delivery/preview/preview.ts'
import { type CardPaper, formatCard } from '../../../src/edition/compose/card.ts'
import { compileEdition } from '../../../src/edition/compose/compiled-edition.ts'
import { composeEdition } from '../../../src/edition/compose/compose.ts'
import { composeDigest, composeDigestBody } from '../../../src/edition/compose/digest.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { describeSelection } from '../../../src/edition/select/selection-reasons.ts'
import { decodeLines } from '../../../src/mail/quoted-printable.ts'
import { messagesIn } from '../../../src/messages/catalogue.ts'
import { papers } from '../../../src/runtime/db/schema.ts'
import { cardPaper } from '../../support/card-paper.ts'
import { test } from '../../support/database.ts'
import { addPapers, servicesOn, testConfig } from '../../support/services.ts'

const NAME = 'محمد علي'
const EDITION = { kind: 'daily' as const, date: '2026-04-14' }

test('the votes after an author from right to left stay after the name, in both parts', async ({ db }) => {
  const services = servicesOn(db)
  await addPapers(db, EDITION.date, 1)
  const [paper] = await db.select().from(papers)
  await db
    .update(papers)
    .set({ authors: [NAME], shownAuthors: null })
    .where(eq(papers.id, paper!.id))
  await assemble(services, EDITION)
  const { html, text } = await preview(services, EDITION)
  expect(text).toContain(`\u2068${NAME}\u2069 · `)
  const byline = html.split('<p').find((each) => each.includes(NAME))
  expect(byline).toContain(`\u2068${NAME}\u2069\u00a0· `)
  // It takes the direction of the first letter, also of an isolated one.
  expect(byline).not.toContain('dir="auto"')
})

const TITLE = 'שלום עולם'
const ISOLATED = `\u2068${TITLE}\u2069`

const paper = (position: number, facts: Partial<CardPaper> = {}) =>
  cardPaper({
    ...{
      position,
      title: TITLE,
      abstract: 'We show it.',
      authors: ['Ada Lovelace'],
      votes: 40 - position,
      comments: 0,
    },
    ...facts,
  })

test('titles from right to left keep their place in subject, preheader, reasons, rows, risers and corrections', async () => {
  const list = Array.from({ length: 6 }, (_, position) => paper(position))
  const { segments, preheader } = await composeEdition(
    testConfig(),
    { kind: 'weekly', date: '2026-04-13', closesAt: new Date('2026-04-20T02:00:00Z') },
    {
      papers: list,
      listed: 6,
      corrections: [
        { paperId: 9, kind: 'retitled', title: TITLE, newTitle: `${TITLE} 2`, date: '2026-04-06', url: null },
      ],
      notices: [{ id: 1, kind: 'weekly', date: '2026-04-06', words: `${TITLE}: 3` }],
      week: {
        topics: [],
        risers: [{ id: 1, source: 'arxiv', sourceId: '2604.1', title: TITLE, earlier: 12, votes: 40 }],
      },
    },
  )
  const edition = compileEdition(segments)
  const reasons = [
    { kind: 'paper', title: TITLE },
    { kind: 'author', name: NAME },
    { kind: 'sequel', name: TITLE, saved: true },
    { kind: 'keyword', word: TITLE },
    { kind: 'organisation', name: TITLE },
  ] as const
  const selected = [0, 1, 2, 3, 4].map((position) => ({ position, section: 'top', fit: 0, reasons: [...reasons] }))
  const reader = {
    unsubscribeToken: 'U',
    preferencesToken: 'P',
    voteToken: 'V',
    shown: describeSelection(selected, 'en'),
  }
  const eml = await simpleParser(composeDigest(edition, { ...reader, headers: '', format: 'html' }))
  expect(eml.subject).toBe(`${ISOLATED}, ${ISOLATED} and 3 more · Trending papers, week of 13 April`)
  expect(preheader).toBe(`${ISOLATED} · ${ISOLATED} · ${ISOLATED}`)
  // A line may end inside a title: it is isolated on both.
  const text = decodeLines(composeDigestBody(edition, 'text', reader))
    .replace(/\n +/g, ' ')
    .replaceAll('\u2069 \u2068', ' ')
  const html = decodeLines(composeDigestBody(edition, 'html', reader))
  expect(text, 'a row').toContain(` 6. ${ISOLATED} · 35 votes`)
  for (const body of [text, html]) {
    expect(body).toContain(
      `like “${ISOLATED}”, by \u2068${NAME}\u2069, whom you follow, follows ${ISOLATED}, which you saved, ` +
        `your keyword: ${ISOLATED}, from ${ISOLATED}, which you follow`,
    )
    expect(body).toContain(`“${ISOLATED}” (`)
    expect(body).toContain(`is now called “\u2068${TITLE} 2\u2069”.`)
    expect(body).toContain(`: \u2068${TITLE}: 3\u2069`)
  }
  expect(text, 'a riser').toContain(`${ISOLATED}, 12 → 40 votes`)
  expect(html).toContain(`>${ISOLATED}</a> <span class="muted" style="color:#5A5A64">12 → 40 votes`)
})

test('no title turns an email as a whole: its direction is that of its language', async () => {
  const list = Array.from({ length: 3 }, (_, position) => paper(position))
  const edition = { kind: 'daily', date: '2026-04-14', closesAt: new Date('2026-04-15T02:00:00Z') } as const
  const corrections = [{ paperId: 9, kind: 'withdrawn', title: TITLE, newTitle: null, date: '2026-04-13', url: null }]
  const input = { papers: list, listed: 3, corrections: corrections as never }
  const { segments } = await composeEdition(testConfig(), edition, input)
  const shown = list.map(({ position }) => ({ position }))
  const reader = { unsubscribeToken: 'U', preferencesToken: 'P', voteToken: 'V', shown }
  const html = decodeLines(composeDigestBody(compileEdition(segments), 'html', reader))
  expect(html).toContain('<html lang="en" dir="ltr"')
  expect(html).toMatch(/role="article" lang="en" dir="ltr"/)
  for (const [element] of html.matchAll(/<\w+[^>]* dir="auto"[^>]*>[^<]*/g))
    expect(element, 'an English sentence around a title').not.toContain('withdrawn')
})

test('authors that are cut leave no isolate open', () => {
  const authors = ['א', 'ב', 'ג'].map((letter) => `${letter}${'ש'.repeat(60)} `.repeat(2).trim())
  const { byline } = formatCard(paper(0, { authors }), testConfig(), messagesIn('en'))
  expect(byline).toContain('…\u2069\u00a0· 40')
})

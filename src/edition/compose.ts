import { randomBytes } from 'node:crypto'
import MimeNode from 'nodemailer/lib/mime-node'
import type { Config } from '../config.ts'
import { authorLine, readable, sentences } from '../papers/readable.ts'
import { cutBody, type EditionParts, markersOf } from './parts.ts'
import { renderMail } from './templates.ts'
import { closingHour, headTitle, longDate, shortDate, sinceWhen } from './words.ts'

/** A paper of a released edition, as it goes into a card. `title`, `abstract`, `summary` as the source gave them. */
export interface CardPaper {
  position: number
  section: string
  title: string
  abstract: string
  summary: string | null
  authors: string[]
  organization: string | null
  reason: string
  note: string | null
  votes: number | null
  stars: number | null
  url: string | null
  pdfUrl: string | null
  codeUrl: string | null
  projectUrl: string | null
}

export interface ComposableEdition {
  kind: 'daily' | 'weekly'
  date: string
  closesAt: Date
}

type Settings = Pick<Config, 'PUBLIC_URL' | 'MAIL_FROM' | 'REPLY_TO' | 'POSTAL_ADDRESS' | 'CURATOR_NAME'>

const SUMMARY_CHARACTERS = 320

/**
 * Composes an edition once, for all its readers: MJML compiled, every part encoded, headers written. 4–10 ms and more with many
 * papers, which is why no reader's digest goes through it (digest.ts concatenates).
 */
export async function composeEdition(
  settings: Settings,
  edition: ComposableEdition,
  papers: CardPaper[],
): Promise<{ subject: string; preheader: string; parts: EditionParts }> {
  const nonce = `pb${randomBytes(9).toString('hex')}`
  const subject = subjectOf(edition, papers)
  const preheader = papers
    .slice(2, 5)
    .map((paper) => headTitle(readable(paper.title), 40))
    .join(' · ')
  const values = {
    subject,
    preheader,
    longDate: longDate(edition),
    papersOnList: `${papers.length} ${papers.length === 1 ? 'paper' : 'papers'}, list closed ${closingHour(edition.closesAt)} UTC`,
    opening: opening(settings, edition, papers),
    ofAll: `of ${papers.length} ${papers.length === 1 ? 'paper' : 'papers'}`,
    sections: sectionsOf(settings, papers),
    preferencesUrl: `${settings.PUBLIC_URL}/preferences/`,
    unsubscribeUrl: `${settings.PUBLIC_URL}/unsubscribe/`,
    archiveUrl: `${settings.PUBLIC_URL}/editions/${edition.date}${edition.kind === 'weekly' ? '?kind=weekly' : ''}`,
    editionsUrl: `${settings.PUBLIC_URL}/editions`,
    homeUrl: `${settings.PUBLIC_URL}/`,
    postalAddress: settings.POSTAL_ADDRESS,
  }
  const html = markersOf('html', nonce)
  const text = markersOf('text', nonce)
  const rendered = await renderMail('digest', values, { html, text })
  const boundary = `=_${nonce}`
  return {
    subject,
    preheader,
    parts: {
      headers: headersOf(settings, edition, subject, boundary),
      boundary,
      sections: papers.map((paper) => paper.section),
      html: cutBody(rendered.html, nonce, html),
      text: cutBody(rendered.text, nonce, text),
    },
  }
}

/** What is the same for every reader. Folding and RFC 2047 are nodemailer's. */
function headersOf(settings: Settings, edition: ComposableEdition, subject: string, boundary: string): string {
  const domain = domainOf(settings.MAIL_FROM)
  const node = new MimeNode()
  node.setHeader({
    From: settings.MAIL_FROM,
    ...(settings.REPLY_TO ? { 'Reply-To': settings.REPLY_TO } : {}),
    Subject: subject,
    'List-Id': `Paperboy ${edition.kind} <${edition.kind}.paperboy.${domain}>`,
    'List-Archive': `<${settings.PUBLIC_URL}/editions>`,
    'Feedback-ID': `${edition.date}:${edition.kind}:digest:paperboy`,
    'Auto-Submitted': 'auto-generated',
    Precedence: 'bulk',
    'Content-Type': `multipart/alternative; boundary="${boundary}"`,
  })
  // Message-ID and Date belong to the reader's part; MimeNode would invent its own.
  return `${node
    .buildHeaders()
    .split(/\r\n(?![ \t])/)
    .filter((line) => line !== '' && !/^(?:message-id|date):/i.test(line))
    .join('\r\n')}\r\n`
}

/** The domain of "Name <local@domain>" or of a bare address. */
export const domainOf = (mailbox: string): string => mailbox.replace(/^.*@/, '').replace(/>$/, '')

function subjectOf(edition: ComposableEdition, papers: CardPaper[]): string {
  const names = papers.slice(0, 2).map((paper) => headTitle(readable(paper.title), 30))
  const more = papers.length > 2 ? ' and more' : ''
  return `${names.join(', ')}${more} · Trending papers, ${shortDate(edition)}`
}

/** Ends before the number of papers shown, which is the reader's. */
function opening(settings: Settings, edition: ComposableEdition, papers: CardPaper[]): string {
  const voted = papers.some((paper) => paper.votes !== null)
  return voted
    ? `What ${settings.CURATOR_NAME} and the research community found worth reading ${sinceWhen(edition)}:`
    : `The papers ${sinceWhen(edition)}, in their list's own order:`
}

function sectionsOf(settings: Settings, papers: CardPaper[]) {
  const headings = [
    { name: 'picks', heading: `Picked by ${settings.CURATOR_NAME}` },
    { name: 'top', heading: 'Trending' },
  ]
  return headings
    .map((section) => ({ ...section, papers: papers.filter((paper) => paper.section === section.name).map(cardOf) }))
    .filter((section) => section.papers.length > 0)
}

function cardOf(paper: CardPaper) {
  const links = [
    { label: 'Paper', url: paper.url },
    { label: 'PDF', url: paper.pdfUrl },
    { label: !paper.stars ? 'Code' : `Code ★${shortCount(paper.stars)}`, url: paper.codeUrl },
    { label: 'Project', url: paper.projectUrl },
  ]
  return {
    position: paper.position,
    title: readable(paper.title),
    byline: [authorLine(paper.authors.map(readable)), paper.organization].filter(Boolean).join(' · '),
    summary: sentences(readable(paper.summary ?? paper.abstract), SUMMARY_CHARACTERS),
    note: paper.note,
    facts: paper.reason,
    url: paper.url,
    links: links.filter((link): link is { label: string; url: string } => link.url !== null),
  }
}

/** 987 → "987", 1240 → "1.2k". */
const shortCount = (n: number): string => (n < 1000 ? String(n) : `${(n / 1000).toFixed(n < 10_000 ? 1 : 0)}k`)

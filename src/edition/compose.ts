import { randomBytes } from 'node:crypto'
import MimeNode from 'nodemailer/lib/mime-node'
import type { Config } from '../config.ts'
import { readable } from '../papers/readable.ts'
import { CARD_LENGTHS, type CardLengths, type CardPaper, cardOf } from './card.ts'
import { type BodyParts, cutBody, type EditionParts, markersOf } from './parts.ts'
import { renderMail } from './templates.ts'
import { closingHour, headTitle, longDate, shortDate, sinceWhen } from './words.ts'

export interface ComposableEdition {
  kind: 'daily' | 'weekly'
  date: string
  closesAt: Date
}

/** Gmail shows no more than 102 KB of a mail, and at the end of it stands how to leave. */
const MOST_HTML_BYTES = 99_000
/** As many papers as the longest digest has. */
const MOST_PAPERS = 20

type Settings = Pick<Config, 'PUBLIC_URL' | 'MAIL_FROM' | 'REPLY_TO' | 'POSTAL_ADDRESS' | 'CURATOR_NAME'>

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
    preferencesUrl: `${settings.PUBLIC_URL}/preferences/`,
    unsubscribeUrl: `${settings.PUBLIC_URL}/unsubscribe/`,
    archiveUrl: `${settings.PUBLIC_URL}/editions/${edition.date}${edition.kind === 'weekly' ? '?kind=weekly' : ''}`,
    editionsUrl: `${settings.PUBLIC_URL}/editions`,
    homeUrl: `${settings.PUBLIC_URL}/`,
    postalAddress: settings.POSTAL_ADDRESS,
  }
  const markers = { html: markersOf('html', nonce), text: markersOf('text', nonce) }
  const composeWith = async (lengths: CardLengths) => {
    const { html, text } = await renderMail(
      'digest',
      { ...values, sections: sectionsOf(settings, papers, lengths) },
      markers,
    )
    return { html: cutBody(html, nonce, markers.html), text: cutBody(text, nonce, markers.text) }
  }
  // The first lengths do for all but papers with endless fields or a whole list in three-byte letters.
  let bodies = await composeWith(CARD_LENGTHS[0]!)
  for (let i = 1; i < CARD_LENGTHS.length && longestDigest(bodies.html) > MOST_HTML_BYTES; i++) {
    bodies = await composeWith(CARD_LENGTHS[i]!)
  }
  const boundary = `=_${nonce}`
  return {
    subject,
    preheader,
    parts: {
      headers: headersOf(settings, edition, subject, boundary),
      boundary,
      sections: papers.map((paper) => paper.section),
      ...bodies,
    },
  }
}

/** Bytes of HTML of the longest digest that can be made of these parts, holes apart. */
function longestDigest({ head, headings, cards, foot }: BodyParts): number {
  const bytes = (part: string[]) =>
    part
      .join('')
      .replaceAll('=\r\n', '')
      .replace(/=[0-9A-F]{2}/g, '.').length
  const longestCards = cards
    .map(bytes)
    .sort((a, b) => b - a)
    .slice(0, MOST_PAPERS)
  return [head, ...Object.values(headings), foot]
    .map(bytes)
    .concat(longestCards)
    .reduce((sum, each) => sum + each, 0)
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

/** Lists without votes, such as a plain file's, are in their own order, and nothing more is claimed of them. */
const isVoted = (papers: CardPaper[]): boolean => papers.some((paper) => paper.votes !== null)

/** Ends before the number of papers shown, which is the reader's. */
function opening(settings: Settings, edition: ComposableEdition, papers: CardPaper[]): string {
  return isVoted(papers)
    ? `What ${settings.CURATOR_NAME} and the research community found worth reading ${sinceWhen(edition)}:`
    : `The papers ${sinceWhen(edition)}, in their list's own order:`
}

function sectionsOf(settings: Settings, papers: CardPaper[], lengths: CardLengths) {
  const headings = [
    { name: 'picks', heading: `Picked by ${settings.CURATOR_NAME}` },
    { name: 'top', heading: isVoted(papers) ? 'Trending' : 'Papers' },
  ]
  return headings
    .map((section) => ({
      ...section,
      papers: papers.filter((paper) => paper.section === section.name).map((paper) => cardOf(paper, lengths)),
    }))
    .filter((section) => section.papers.length > 0)
}

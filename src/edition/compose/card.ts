import { startOfDay } from '../../calendar/days.ts'
import { shortCount, weekdayOf } from '../../calendar/words.ts'
import { closeIsolate, isolated } from '../../lib/isolated.ts'
import type { Messages } from '../../messages/catalogue.ts'
import { saysRetracted } from '../../papers/ingest/withdrawal.ts'
import type { LinkName } from '../../papers/lists/links.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { type ReasonFacts, reasonFor } from '../../papers/ranking/reason.ts'
import { authorLine, readable, sentences } from '../../papers/readable.ts'
import type { Config } from '../../runtime/config/config.ts'
import { renderPaperNote, withMailLinks } from './markdown.ts'

/** A paper of an edition before it is formatted: `title`, `abstract` and `summary` are the source's own. */
export interface CardPaper {
  paperId: number
  source: string
  sourceId: string
  position: number
  section: string
  title: string
  abstract: string
  summary: string | null
  /** a language model wrote the summary */
  summaryByAi: boolean
  authors: string[]
  organization: string | null
  /** the name of the curator who picked it */
  curator: string | null
  note: string | null
  votes: number | null
  comments: number | null
  /** the facts behind its reason */
  facts: ReasonFacts
  stars: number | null
  url: string | null
  pdfUrl: string | null
  codeUrl: string | null
  projectUrl: string | null
  discussionUrl: string | null
  withdrawn: boolean
  /** YYYY-MM-DD */
  listDay: string
}

/** Limits in characters. A longer URL gets no link; a summary fills about four lines on a phone. */
const MAX = { title: 300, byline: 240, summary: 320, url: 400 }

/** Formats a paper for the templates: readable, within the limits, in one language. @param weekly names the paper's day */
export function formatCard(
  paper: CardPaper,
  { PUBLIC_URL, COUNT_CLICKS, newsletter }: Pick<Config, 'PUBLIC_URL' | 'COUNT_CLICKS' | 'newsletter'>,
  t: Messages,
  weekly = false,
) {
  const { digest } = t
  const page = PUBLIC_URL + paperPath({ ...paper, id: paper.paperId })
  const reachable = (link: LinkName, url: string | null) => {
    if (url === null || url.length > MAX.url) return null
    return COUNT_CLICKS ? `${PUBLIC_URL}/go/${paper.paperId}/${link}` : url
  }
  const links = [
    { label: digest.pdf, url: reachable('pdf', paper.pdfUrl) },
    {
      label: !paper.stars ? digest.code : `${digest.code}\u00a0★\u00a0${shortCount(paper.stars, t.intl)}`,
      url: reachable('code', paper.codeUrl),
    },
  ]
  const votes = paper.votes ? t.paper.votes(paper.votes).replace(' ', '\u00a0') : null
  const rank = paper.section === 'rising' ? null : paper.position + 1
  return {
    position: paper.position,
    rank,
    place: rank === null ? null : digest.place(rank),
    title: short(paper.title, MAX.title),
    page,
    source: reachable('paper', paper.url) ?? reachable('pdf', paper.pdfUrl) ?? page,
    byline: [
      closeIsolate(
        sentences(
          [authorLine(paper.authors, t), isolated(readable(paper.organization ?? ''))].filter(Boolean).join('\u00a0· '),
          MAX.byline,
        ),
      ),
      weekly ? weekdayOf(startOfDay(paper.listDay), t.intl) : null,
      votes,
    ]
      .filter(Boolean)
      .join('\u00a0· '),
    votes,
    rowVotes: paper.votes ? paper.votes.toLocaleString(t.intl) : '\u00a0',
    ...summariesOf(paper, t),
    note: paper.note === null ? null : mailNote(paper.note, { PUBLIC_URL, newsletter }),
    withdrawn: !paper.withdrawn ? null : saysRetracted(paper) ? digest.retracted : digest.withdrawn,
    reason: reasonFor({ ...paper.facts, pickedBy: paper.curator }, t) ?? '',
    links: links.filter((link): link is { label: string; url: string } => link.url !== null),
    /** the template appends the reader's token */
    ownLinks: [
      { label: digest.vote, url: `${page}/vote/`, token: 'vote' },
      { label: digest.save, url: `${page}/save/`, token: 'vote' },
      { label: digest.notInterested, url: `${page}/not-interested/`, token: 'vote' },
    ],
  }
}

/** The curator's words. The desk limits their length, since cutting Markdown may cut a link. */
function mailNote(note: string, { PUBLIC_URL, newsletter }: Pick<Config, 'PUBLIC_URL' | 'newsletter'>) {
  const { html, text } = renderPaperNote(readable(note), PUBLIC_URL)
  return { html: withMailLinks(html, newsletter.palette), text }
}

/** Shortens a text to some characters of Latin width. */
const short = (text: string, characters: number): string =>
  sentences(readable(text), isWide(text) ? characters / 2 : characters)

/** Whether most characters are as wide as two Latin ones, as in Chinese, Japanese and Korean. */
const isWide = (text: string): boolean => {
  const start = text.slice(0, 100)
  return 2 * (start.match(/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}]/gu)?.length ?? 0) > start.length
}

/**
 * Six long words in a row, or nine fairly long ones. SpamAssassin's LONGWORDS costs 2.2 points when two of three patterns occur in an
 * email. These are the rarer two: without them the third is harmless.
 */
const LONG_WORDS = /\b(?:[a-z]{8,}[\s.]+){6}|\b(?:[a-z]{6,}[\s.]+){9}/

/**
 * Returns the summary, labelled when AI wrote it, and the abstract's first sentences, which some readers prefer. These also replace a
 * summary that spam filters count against the whole email: about one in a hundred.
 */
function summariesOf({ summary, summaryByAi, abstract }: CardPaper, t: Messages) {
  const show = (text: string, label?: string) => ({ text: short(text, MAX.summary), label })
  const ai = show(summary ?? abstract, summary !== null && summaryByAi ? t.paper.aiSummary : undefined)
  if (!summaryByAi || abstract === '') return { ai, abstract: ai }
  const first = show(abstract)
  return { ai: LONG_WORDS.test(ai.text) && !LONG_WORDS.test(first.text) ? first : ai, abstract: first }
}

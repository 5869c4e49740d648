import { randomBytes } from 'node:crypto'
import { dayOf } from '../../calendar/days.ts'
import { spanAround } from '../../calendar/spans.ts'
import { closingHour, longDate, shortDate } from '../../calendar/words.ts'
import { escapeHtml } from '../../lib/escape-html.ts'
import type { Locale, Messages } from '../../messages/catalogue.ts'
import type { Config } from '../../runtime/config/config.ts'
import { brandOf, messagesOf } from '../../runtime/config/newsletter.ts'
import type { EditionSection, Sponsor } from '../../runtime/db/schema.ts'
import { describeCorrections } from '../draft/corrections.ts'
import { isListed } from '../draft/curate.ts'
import { describeNotices } from '../draft/notices.ts'
import { type CardPaper, formatCard } from './card.ts'
import { composeSubject } from './compiled-edition.ts'
import type { ComposingInput } from './composing-input.ts'
import { FOR_YOU } from './digest.ts'
import { renderEditorNote } from './editor-note.ts'
import { composeEditionHeaders } from './headers.ts'
import { describeLead } from './lead.ts'
import { CARD_INDENT } from './placeholders.ts'
import { createMarkers, type EditionSegments, SEGMENTS_VERSION, splitBody } from './segments.ts'
import { nameInSubject, preheaderOf } from './subject.ts'
import { renderMail } from './templates.ts'
import { describeWeek } from './week.ts'

export interface ComposableEdition {
  kind: 'daily' | 'weekly'
  date: string
  closesAt: Date
  /** when this is before `closesAt`, later votes are not counted, and the digest says so */
  listReadAt?: Date | null
  /** Markdown */
  editorNote?: string | null
  /** replaces the subject that names the first papers */
  ownSubject?: string | null
  /** a paid block after the papers */
  sponsor?: Sponsor | null
}

type Settings = Pick<
  Config,
  | 'PUBLIC_URL'
  | 'MAIL_FROM'
  | 'REPLY_TO'
  | 'POSTAL_ADDRESS'
  | 'CURATOR_NAME'
  | 'COUNT_CLICKS'
  | 'newsletter'
  | 'templates'
>

/**
 * Composes an edition in one language, once for all its readers: compiles MJML, encodes every segment, writes headers.
 * This takes 4–10 ms, and longer with many papers. So digest.ts copies the segments for each reader instead.
 *
 * @returns the subject and preheader of the whole edition, and the segments of its digests
 */
export async function composeEdition(
  settings: Settings,
  edition: ComposableEdition,
  input: ComposingInput,
  locale: Locale = 'en',
): Promise<{ subject: string; preheader: string; segments: EditionSegments }> {
  const t = messagesOf(settings.newsletter, locale)
  const nonce = `pb${randomBytes(9).toString('hex')}`
  const markers = { html: createMarkers('html', nonce), text: createMarkers('text', nonce) }
  const { papers } = input
  const names = papers.map((paper) => nameInSubject(paper.title))
  const trending = t.digest.trending(shortDate(edition, t))
  const archivePath = `/editions/${edition.date}${edition.kind === 'weekly' ? '?kind=weekly' : ''}`
  const note = edition.editorNote ? renderEditorNote(edition.editorNote, settings, t) : undefined
  const { html, text } = await renderMail(
    settings.templates,
    'digest',
    {
      t,
      brand: brandOf(settings.newsletter),
      subject: trending,
      weekly: edition.kind === 'weekly',
      longDate: longDate(edition, t),
      week: input.week && describeWeek(input.week, settings, t),
      lead: describeLead(
        input.fields ?? [],
        // A guest of another list is not first of this one.
        papers.map((paper, at) => ({
          ...paper,
          name: names[at]!,
          votes: isListed(paper.listDay, edition) ? paper.votes : null,
        })),
        t,
      ),
      list: listLine(edition, input, t),
      headings: headingsOf(settings, papers, t),
      papers: papers.map((paper) => formatCard(paper, settings, t, edition.kind === 'weekly')),
      allPapers: t.digest.allPapers(t.common.papers(input.listed)),
      listUrl: settings.PUBLIC_URL + listPath(edition),
      corrections: [
        ...describeCorrections(input.corrections, edition.kind, t),
        ...describeNotices(input.notices ?? [], t),
      ],
      sponsor: edition.sponsor,
      publicUrl: settings.PUBLIC_URL,
      archiveUrl: `${settings.PUBLIC_URL}${archivePath}`,
      postalAddress: settings.POSTAL_ADDRESS,
      indent: CARD_INDENT,
    },
    {
      html: {
        ...markers.html,
        escape: escapeHtml,
        editorNote: note?.html,
        preheader: markers.html.placeholder('preheader'),
      },
      text: { ...markers.text, textRank, editorNote: note?.text },
    },
  )
  const boundary = `=_${nonce}`
  const segments: EditionSegments = {
    version: SEGMENTS_VERSION,
    headers: composeEditionHeaders(settings, edition, { boundary, locale }),
    locale,
    names,
    trending,
    ...(edition.ownSubject ? { ownSubject: edition.ownSubject } : {}),
    boundary,
    sections: papers.map((paper) => paper.section),
    html: splitBody(html, nonce, markers.html, papers.length),
    text: splitBody(text, nonce, markers.text, papers.length),
  }
  const all = papers.map((_, position) => position)
  return { subject: composeSubject(segments, all), preheader: preheaderOf(names), segments }
}

/** The page with the whole list. */
const listPath = ({ kind, date }: ComposableEdition): string =>
  kind === 'weekly' ? `/papers?week=${spanAround('week', date).key}` : `/papers?date=${date}`

/** The number before a title in the text body; papers of other lists have a mark instead. */
const textRank = (rank: number | null): string =>
  (rank === null ? '*' : `${rank}.`).padStart(3).padEnd(CARD_INDENT.length)

/** "31 papers, final ranking of 02:00 UTC". Without a reading after the close: "31 papers, ranking as of Friday, 14 March 2025, 18:40 UTC". */
function listLine({ kind, closesAt, listReadAt }: ComposableEdition, { listed }: ComposingInput, t: Messages): string {
  if (listReadAt && listReadAt < closesAt) {
    const day = longDate({ kind: 'daily', date: dayOf(listReadAt) }, t)
    return t.digest.listAsOf(t.common.papers(listed), day, closingHour(listReadAt))
  }
  const words = kind === 'weekly' ? t.digest.weekClosed : t.digest.listClosed
  return words(t.common.papers(listed), closingHour(closesAt))
}

/** Every heading that a digest may have. A list without votes, such as a plain file's, is in its own order and not called trending. */
function headingsOf({ CURATOR_NAME }: Settings, papers: CardPaper[], { digest }: Messages) {
  const voted = papers.some((paper) => paper.votes !== null)
  const headings: Record<EditionSection | typeof FOR_YOU, { words: string; aside?: string }> = {
    picks: { words: digest.picks(CURATOR_NAME) },
    top: { words: voted ? digest.top : digest.inOrder },
    new: { words: digest.new },
    rising: { words: digest.rising, aside: digest.fromEarlierDays },
    [FOR_YOU]: { words: digest.forYou, aside: digest.whatYouFollow },
  }
  return Object.entries(headings).map(([name, heading]) => ({ name, ...heading }))
}

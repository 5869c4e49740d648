import { randomBytes } from 'node:crypto'
import { dayOf } from '../../calendar/days.ts'
import { closingHour, longDate, shortDate } from '../../calendar/words.ts'
import { type Locale, type Messages, messagesIn } from '../../messages/catalogue.ts'
import { readable } from '../../papers/readable.ts'
import type { Config } from '../../runtime/config/config.ts'
import { type Correction, correctionsIn } from '../draft/corrections.ts'
import { type CardPaper, cardOf } from './card.ts'
import { subjectOf } from './compiled-edition.ts'
import { editionHeaders } from './headers.ts'
import { CARD_INDENT } from './placeholders.ts'
import { cutBody, type EditionParts, markersOf } from './segments.ts'
import { headTitle } from './subject.ts'
import { renderMail } from './templates.ts'

export interface ComposableEdition {
  kind: 'daily' | 'weekly'
  date: string
  closesAt: Date
  /** where it is before the close, later votes are not counted, and the mail says so */
  listReadAt?: Date | null
}

/** What an edition is made of, the same in every language. */
export interface Contents {
  papers: CardPaper[]
  /** how many papers its list had; an edition may leave some out and have some of earlier days */
  listed: number
  corrections: Correction[]
}

type Settings = Pick<
  Config,
  'PUBLIC_URL' | 'MAIL_FROM' | 'REPLY_TO' | 'POSTAL_ADDRESS' | 'CURATOR_NAME' | 'COUNT_CLICKS'
>

/** Long enough for most titles' own names, short enough for a subject with another one. */
const NAME_CHARACTERS = 44

/**
 * Composes an edition in one language, once for all its readers: MJML compiled, every part encoded, headers written. 4–10 ms and
 * more with many papers, which is why no reader's digest goes through it (digest.ts copies).
 *
 * @returns the subject of the whole edition, and the parts that digests are made of
 */
export async function composeEdition(
  settings: Settings,
  edition: ComposableEdition,
  contents: Contents,
  locale: Locale = 'en',
): Promise<{ subject: string; preheader: string; parts: EditionParts }> {
  const t = messagesIn(locale)
  const nonce = `pb${randomBytes(9).toString('hex')}`
  const markers = { html: markersOf('html', nonce), text: markersOf('text', nonce) }
  const { papers } = contents
  const names = papers.map((paper) => headTitle(readable(paper.title), NAME_CHARACTERS))
  const trending = t.digest.trending(shortDate(edition, t))
  const archivePath = `/editions/${edition.date}${edition.kind === 'weekly' ? '?kind=weekly' : ''}`
  const { html, text } = await renderMail(
    'digest',
    {
      t,
      subject: trending,
      weekly: edition.kind === 'weekly',
      longDate: longDate(edition, t),
      list: listLine(edition, contents, t),
      headings: headingsOf(settings, papers, t),
      papers: papers.map((paper) => cardOf(paper, settings, t)),
      corrections: correctionsIn(contents.corrections, t),
      publicUrl: settings.PUBLIC_URL,
      archiveUrl: `${settings.PUBLIC_URL}${archivePath}`,
      postalAddress: settings.POSTAL_ADDRESS,
      indent: CARD_INDENT,
    },
    { html: { ...markers.html, preheader: markers.html.hole('preheader') }, text: markers.text },
  )
  const boundary = `=_${nonce}`
  const parts: EditionParts = {
    headers: editionHeaders(settings, edition, { boundary, locale }),
    locale,
    names,
    trending,
    boundary,
    sections: papers.map((paper) => paper.section),
    html: cutBody(html, nonce, markers.html),
    text: cutBody(text, nonce, markers.text),
  }
  const everything = papers.map((_, position) => position)
  return { subject: subjectOf(parts, everything), preheader: names.slice(2, 5).join(' · '), parts }
}

/** "31 papers, list closed 02:00 UTC"; or, where nobody could read it at its close, "31 papers, as of Friday, 14 March 2025, 18:40 UTC" */
function listLine({ kind, closesAt, listReadAt }: ComposableEdition, { listed }: Contents, t: Messages): string {
  if (listReadAt && listReadAt < closesAt) {
    const day = longDate({ kind: 'daily', date: dayOf(listReadAt) }, t)
    return t.digest.listAsOf(t.common.papers(listed), day, closingHour(listReadAt))
  }
  const saying = kind === 'weekly' ? t.digest.weekClosed : t.digest.listClosed
  return saying(t.common.papers(listed), closingHour(closesAt))
}

/** Every heading a digest may have. Lists without votes, such as a plain file's, are in their own order, and no more is claimed of them. */
function headingsOf({ CURATOR_NAME }: Settings, papers: CardPaper[], { digest }: Messages) {
  const voted = papers.some((paper) => paper.votes !== null)
  return [
    { name: 'picks', words: digest.picks(CURATOR_NAME) },
    { name: 'top', words: voted ? digest.top : digest.inOrder },
    { name: 'rising', words: digest.rising },
    { name: 'topics', words: digest.topics },
  ]
}

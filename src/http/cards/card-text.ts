import { createHash } from 'node:crypto'
import { fullDay, longDate } from '../../calendar/words.ts'
import type { EditionList } from '../../edition/compose/edition-list.ts'
import { isolated } from '../../lib/isolated.ts'
import { localeOfTexts, type Messages, messagesIn } from '../../messages/catalogue.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { authorLine } from '../../papers/readable.ts'
import { CARD, CARD_VERSION, type CardText, isDrawable } from './draw-card.ts'

const MOST_LINES = 4

export const siteCard = (t: Messages): CardText => drawable([t, messagesIn('en', t.newsletter)].map(siteCardIn))

/** A paper's card. A title that this machine cannot draw gets the site's. */
export const paperCard = (
  paper: Pick<ListedRow, 'title' | 'authors' | 'organization' | 'listDay' | 'votes'>,
  t: Messages,
): CardText => drawable([...[t, messagesIn('en', t.newsletter)].map((words) => paperCardIn(paper, words)), siteCard(t)])

/** An edition's card: its day, and the titles of its first papers. */
export const editionCard = (edition: EditionList, t: Messages): CardText =>
  drawable([...[t, messagesIn('en', t.newsletter)].map((words) => editionCardIn(edition, words)), siteCard(t)])

/** Returns the first card that this machine can draw: without fonts, Chinese would be boxes. */
const drawable = (cards: readonly CardText[]): CardText =>
  cards.find(({ name, aside, title, lines, foot }) => isDrawable([name, aside, title, ...lines, foot].join(' '))) ??
  cards.at(-1)!

const siteCardIn = (t: Messages): CardText => ({
  name: t.newsletter,
  aside: '',
  title: t.signUp.heading,
  lines: [],
  foot: t.cards.foot,
})

function paperCardIn(paper: Parameters<typeof paperCard>[0], t: Messages): CardText {
  const votes = paper.votes ? t.paper.votes(paper.votes) : ''
  const foot = [authorLine(paper.authors, t, 2), isolated(paper.organization ?? ''), votes].filter(Boolean).join(' · ')
  return { name: t.newsletter, aside: fullDay(paper.listDay, t.intl), title: paper.title, lines: [], foot }
}

const editionCardIn = ({ kind, date, papers }: EditionList, t: Messages): CardText => ({
  name: t.newsletter,
  aside: `${t.digest[kind]} · ${t.common.papers(papers.length)}`,
  title: longDate({ kind, date }, t),
  lines: papers.slice(0, MOST_LINES).map(({ title }) => title),
  foot: t.cards.foot,
})

const hashOf = (card: CardText): string =>
  createHash('sha256')
    .update(JSON.stringify([CARD_VERSION, card]))
    .digest('hex')
    .slice(0, 12)

/**
 * Returns what a page's head says of its card. The URL changes with the card's words, so that it may be cached forever.
 * @param what "site", "papers/2604.14268", or "editions/2026-04-14-daily"
 */
export const cardMeta = (what: string, card: CardText, t: Messages) => ({
  path: `/cards/${localeOfTexts(t)}/${what}/${hashOf(card)}.png`,
  ...CARD,
  alt: [card.title, card.foot].filter(Boolean).join(' – '),
})

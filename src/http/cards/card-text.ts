import { createHash } from 'node:crypto'
import { fullDay, longDate } from '../../calendar/words.ts'
import type { EditionList } from '../../edition/compose/edition-list.ts'
import type { Messages } from '../../messages/en.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { authorLine } from '../../papers/readable.ts'
import { CARD, CARD_VERSION, type CardText, isDrawable } from './draw-card.ts'

const MOST_LINES = 4

export const siteCard = (t: Messages): CardText => ({
  name: t.newsletter,
  aside: '',
  title: t.signUp.heading,
  lines: [],
  foot: t.cards.foot,
})

/** A paper's card. A title that this machine cannot draw gets the site's. */
export const paperCard = (
  paper: Pick<ListedRow, 'title' | 'authors' | 'organization' | 'listDay' | 'votes'>,
  t: Messages,
): CardText => {
  const foot = [authorLine(paper.authors, t, 2), paper.organization, paper.votes ? t.paper.votes(paper.votes) : '']
  const card = {
    name: t.newsletter,
    aside: fullDay(paper.listDay, t.intl),
    title: paper.title,
    lines: [],
    foot: foot.filter(Boolean).join(' · '),
  }
  return orSite(card, t)
}

/** An edition's card: its day, and the titles of its first papers. */
export const editionCard = ({ kind, date, papers }: EditionList, t: Messages): CardText =>
  orSite(
    {
      name: t.newsletter,
      aside: `${t.digest[kind]} · ${t.common.papers(papers.length)}`,
      title: longDate({ kind, date }, t),
      lines: papers.slice(0, MOST_LINES).map(({ title }) => title),
      foot: t.cards.foot,
    },
    t,
  )

const orSite = (card: CardText, t: Messages): CardText =>
  isDrawable([card.name, card.aside, card.title, ...card.lines, card.foot].join(' ')) ? card : siteCard(t)

const hashOf = (card: CardText): string =>
  createHash('sha256')
    .update(JSON.stringify([CARD_VERSION, card]))
    .digest('hex')
    .slice(0, 12)

/**
 * Returns what a page's head says of its card. The URL changes with the card's words, so that it may be cached forever.
 * @param what "site", "papers/2604.14268", or "editions/2026-04-14-daily"
 */
export const cardMeta = (what: string, card: CardText, { lang }: Messages) => ({
  path: `/cards/${lang}/${what}/${hashOf(card)}.png`,
  ...CARD,
  alt: [card.title, card.foot].filter(Boolean).join(' – '),
})

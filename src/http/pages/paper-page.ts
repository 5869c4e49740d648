import { dayOf } from '../../calendar/days.ts'
import { spanAround } from '../../calendar/spans.ts'
import { fullDay, plainDay, plainMoment, weekdayDate } from '../../calendar/words.ts'
import { isolated } from '../../lib/isolated.ts'
import type { Messages } from '../../messages/en.ts'
import { bibtex } from '../../papers/cite.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import type { Paper } from '../../papers/lists/paper.ts'
import type { PlaceOnDay } from '../../papers/lists/place-on-day.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { reasonFor } from '../../papers/ranking/reason.ts'
import { authorLine, sentences } from '../../papers/readable.ts'
import { cardMeta, paperCard } from '../cards/card-text.ts'
import { richText } from '../kit/rich-text.ts'
import { spanHref } from '../kit/span-href.ts'
import { voteChart } from './chart.ts'
import { citationMetas, jsonLdOf } from './citation-data.ts'
import { editionPath } from './edition-page.ts'
import { type Shown, saveButton, voteButton } from './paper-item.ts'
import { elsewhereLinks, readingLinks } from './paper-links.ts'
import { authorHref, followButton, organizationHref } from './people-paths.ts'
import { pictureOf } from './thumbnails.ts'

/** Authors shown at first. A click shows the rest. */
const AUTHORS_SHOWN = 12

const DESCRIPTION_CHARACTERS = 200

interface Around extends Shown {
  similar: readonly ListedRow[]
  place: PlaceOnDay | undefined
  /** whether the reader follows the organisation; undefined for others than readers */
  following: boolean | undefined
  publicUrl: string
  /** the day that it is now */
  today: string
  /** returns a topic's name */
  nameOf: (slug: string) => string
}

/** A paper for templates/pages/paper.eta. */
export function paperPage(paper: Paper, { similar, place, following, publicUrl, today, nameOf, ...page }: Around) {
  const { t, voted, saved } = page
  return {
    title: paper.title,
    titleHtml: richText(paper.titleSource),
    description: sentences(paper.abstract || paper.summary, DESCRIPTION_CHARACTERS) || undefined,
    canonical: paperPath(paper),
    card: cardMeta(paperPath(paper).slice(1), paperCard(paper, t), t),
    metas: citationMetas(paper, publicUrl),
    jsonLd: jsonLdOf(paper, publicUrl),
    bibtex: bibtex(paper),
    steps: place && place.of > 1 ? stepsOf(place, t) : undefined,
    vote: voteButton(paper, { t, voted: voted.has(paper.id), back: paperPath(paper) }),
    save: saveButton(paper, { saved: saved.has(paper.id), back: paperPath(paper) }),
    reason: reasonFor(paper, t),
    picked: paper.picked,
    authors: authorsOf(paper, t),
    organization: paper.organization && { name: paper.organization, href: organizationHref(paper.organization) },
    follow: paper.organization && followButton('organisation', paper.organization, { following, back: page.path }),
    facts: [
      paper.publishedAt && t.paper.published(plainDay(dayOf(paper.publishedAt), t.intl)),
      paper.source === 'arxiv' && `arXiv:${paper.sourceId}`,
    ].filter(Boolean),
    // The list of a day to come has no page yet.
    day: {
      href: paper.listDay <= today ? spanHref(spanAround('day', paper.listDay)) : undefined,
      label: weekdayDate(paper.listDay, t.intl),
    },
    reading: readingLinks(paper, t),
    elsewhere: elsewhereLinks(paper, t),
    withdrawn: paper.withdrawnAt !== undefined,
    abstractHtml: richText(paper.abstractSource, { links: true }),
    summary: paper.summary !== '' && !paper.abstract.startsWith(paper.summary.slice(0, 80)) ? paper.summary : undefined,
    aiSummary: paper.aiSummary,
    topics: paper.topics.map((slug) => ({ href: `/topics/${slug}`, label: nameOf(slug) })),
    chart: voteChart(paper.history, t),
    votesNow: votesNow(paper, t),
    ownVotes: paper.ownVotes > 0 ? t.paper.ownVotes(paper.ownVotes) : undefined,
    editions: paper.editions.map(({ kind, date, position, papers }) => ({
      href: editionPath(kind, date),
      label: kind === 'weekly' ? t.paper.inWeekly(plainDay(date, t.intl)) : t.paper.inDaily(fullDay(date, t.intl)),
      place: papers > 1 ? t.paper.placeOf(position, papers) : undefined,
    })),
    sample: paper.sample,
    picture: pictureOf(paper, 'large'),
    similar: similar.map((each) => similarLine(each, t)),
  }
}

const similarLine = (paper: ListedRow, t: Messages) => ({
  href: paperPath(paper),
  title: paper.title,
  titleHtml: richText(paper.titleSource),
  byline: [
    authorLine(paper.authors, t, 2),
    isolated(paper.organization ?? ''),
    plainDay(paper.listDay, t.intl),
    paper.votes ? t.paper.votes(paper.votes) : '',
  ]
    .filter(Boolean)
    .join('\u00a0· '),
})

function authorsOf({ authors }: Paper, t: Messages) {
  const links = authors.map((name) => ({ name, href: authorHref(name) }))
  const shown = links.length <= AUTHORS_SHOWN + 1 ? links.length : AUTHORS_SHOWN
  return { shown: links.slice(0, shown), rest: links.slice(shown), summary: t.paper.otherAuthors(links.length - shown) }
}

function stepsOf({ rank, of, previous, next }: PlaceOnDay, t: Messages) {
  const step = (paper: ListedRow | undefined, its: number) =>
    paper && { href: paperPath(paper), rank: its, name: shortName(paper.title) }
  return { place: t.paper.placeOn(rank, of), previous: step(previous, rank - 1), next: step(next, rank + 1) }
}

const LONGEST_NAME = 36

/** The part of a title that people use: "Uni-ViGU: Towards …" → "Uni-ViGU". */
function shortName(title: string): string {
  const name = title.split(/: | - | – /)[0]!
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME).replace(/\s+\S*$/, '')}…`
}

/** Shown as text if there are too few points for a chart. */
function votesNow({ history }: Paper, t: Messages): string {
  const last = history.at(-1)
  return last ? t.paper.historyOnce(t.paper.votes(last.votes), plainMoment(last.at, t)) : t.paper.noVotes
}

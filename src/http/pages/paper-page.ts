import { dayOf } from '../../calendar/days.ts'
import { spanAround } from '../../calendar/spans.ts'
import { fullDay, plainDay, plainMoment } from '../../calendar/words.ts'
import type { Messages } from '../../messages/en.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import type { Paper } from '../../papers/lists/paper.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { reasonFor } from '../../papers/ranking/reason.ts'
import { authorLine, sentences } from '../../papers/readable.ts'
import { spanHref } from '../kit/span-href.ts'
import { voteChart } from './chart.ts'
import { isWebUrl, paperItem, paperLinks, type Shown, voteButton } from './paper-item.ts'

/** Authors shown at first. A click shows the rest. */
const AUTHORS_SHOWN = 12

const DESCRIPTION_CHARACTERS = 200

/** A paper for templates/pages/paper.eta. */
export function paperPage(
  paper: Paper,
  similar: readonly ListedRow[],
  page: Shown & { nameOf: (slug: string) => string },
) {
  const { t, voted } = page
  return {
    title: paper.title,
    description: sentences(paper.abstract || paper.summary, DESCRIPTION_CHARACTERS) || undefined,
    canonical: paperPath(paper),
    vote: voteButton(paper, { t, voted: voted.has(paper.id), back: paperPath(paper) }),
    reason: reasonFor(paper, t),
    picked: paper.picked,
    authors: authorsOf(paper, t),
    facts: [
      paper.organization,
      paper.publishedAt && t.paper.published(plainDay(dayOf(paper.publishedAt), t.intl)),
    ].filter(Boolean),
    day: { href: spanHref(spanAround('day', paper.listDay)), label: t.paper.listed(fullDay(paper.listDay, t.intl)) },
    links: linksOf(paper, t),
    withdrawn: paper.withdrawnAt !== undefined,
    abstract: paper.abstract,
    summary: paper.summary !== '' && !paper.abstract.startsWith(paper.summary.slice(0, 80)) ? paper.summary : undefined,
    topics: paper.topics.map((slug) => ({ href: `/topics/${slug}`, label: page.nameOf(slug) })),
    chart: voteChart(paper.history, t),
    votesNow: votesNow(paper, t),
    ownVotes: paper.ownVotes > 0 ? t.paper.ownVotes(paper.ownVotes) : undefined,
    editions: paper.editions.map(({ kind, date, position, papers }) => ({
      href: `/editions/${date}${kind === 'weekly' ? '?kind=weekly' : ''}`,
      label:
        kind === 'weekly'
          ? t.paper.inWeekly(plainDay(date, t.intl), position, papers)
          : t.paper.inDaily(fullDay(date, t.intl), position, papers),
    })),
    sample: paper.sample,
    papers: similar.map((each) => paperItem(each, page)),
  }
}

function authorsOf({ authors }: Paper, t: Messages) {
  if (authors.length <= AUTHORS_SHOWN) return { line: authorLine(authors, t, AUTHORS_SHOWN) }
  return { line: authorLine(authors, t, 6), all: authors.join(', '), summary: t.paper.allAuthors(authors.length) }
}

/** The link to the paper itself comes first. */
function linksOf(paper: Paper, t: Messages) {
  const itself = { label: paper.source === 'arxiv' ? t.paper.arxiv : t.paper.source, url: paper.url }
  const links = paperLinks(paper, t)
  const discussed = links.some((link) => link.url === paper.discussionUrl)
  const discussion = { label: t.paper.discussion, url: discussed ? undefined : paper.discussionUrl }
  return [itself, ...links, discussion].flatMap(({ label, url }) => (isWebUrl(url) ? [{ label, url }] : []))
}

/** Shown as text if there are too few points for a chart. */
function votesNow({ history }: Paper, t: Messages): string {
  const last = history.at(-1)
  return last ? t.paper.historyOnce(t.paper.votes(last.votes), plainMoment(last.at, t.intl)) : t.paper.noVotes
}

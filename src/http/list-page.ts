import { closingHour } from '../edition/words.ts'
import { dayOf } from '../papers/days.ts'
import type { ListDay, ListedRow } from '../papers/list-day.ts'
import { authorLine, sentences } from '../papers/readable.ts'
import { counted, fullDay, shortCount, shortDay, weekdayOf } from './words.ts'

/** Two lines of a page with room to spare; the style sheet cuts at the line. */
const SUMMARY_CHARACTERS = 230

/** The first comment is mostly the submitter's own. */
const COMMENTS_WORTH_A_LINK = 2

/** A list day as templates/pages/home.eta shows it. */
export const listPage = (day: ListDay) => ({
  title: `Trending research papers of ${fullDay(day.date)}`,
  day: day.date,
  date: fullDay(day.date),
  count: counted(day.papers.length, 'paper'),
  state: listState(day),
  nav: { previous: link(day.previous), current: shortDay(day.date), next: link(day.next) },
  papers: day.papers.map(paperItem),
  sample: day.papers.some((paper) => paper.sample),
})

const listState = ({ open, closesAt, date }: ListDay): string => {
  const hour = `${closingHour(closesAt)} UTC`
  if (!open) return `list closed ${hour}`
  return `list open until ${hour}${dayOf(closesAt) === date ? '' : ` on ${weekdayOf(closesAt)}`}`
}

const link = (day: string | undefined) => day && { href: dayHref(day), label: shortDay(day) }

export const dayHref = (day: string): string => `/papers?date=${day}`

function paperItem(paper: ListedRow) {
  const links = [
    { label: 'PDF', url: paper.pdfUrl },
    { label: !paper.stars ? 'Code' : `Code ★${shortCount(paper.stars)}`, url: paper.codeUrl },
    { label: 'Project', url: paper.projectUrl },
    {
      label: (paper.comments ?? 0) >= COMMENTS_WORTH_A_LINK ? counted(paper.comments!, 'comment') : '',
      url: paper.discussionUrl,
    },
  ]
  return {
    title: paper.title,
    url: webUrl(paper.url) ?? webUrl(paper.pdfUrl),
    byline: [authorLine(paper.authors), paper.organization].filter(Boolean).join(' · '),
    links: links.filter(({ label, url }) => label !== '' && webUrl(url) !== undefined),
    summary: sentences(paper.summary, SUMMARY_CHARACTERS),
    votes: paper.votes?.toLocaleString('en'),
    reason: paper.reason,
    picked: paper.picked,
  }
}

/** Links come from sources; whatever got into the tables, a page links to the web only. */
const webUrl = (url: string | undefined): string | undefined => (url && /^https?:\/\//i.test(url) ? url : undefined)

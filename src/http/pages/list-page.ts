import { dayOf } from '../../calendar/days.ts'
import { type Span, spanAround } from '../../calendar/spans.ts'
import {
  closingHour,
  fullDay,
  monthOf,
  plainSpan,
  shortDay,
  shortSpan,
  weekdayAndNumber,
  weekdayOf,
} from '../../calendar/words.ts'
import type { EditionPaper } from '../../edition/compose/edition-list.ts'
import { countFields, describeLead } from '../../edition/compose/lead.ts'
import { shortenTitle } from '../../edition/compose/subject.ts'
import type { Messages } from '../../messages/en.ts'
import type { List } from '../../papers/lists/list-day.ts'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { reasonFor } from '../../papers/ranking/reason.ts'
import { cardMeta, siteCard } from '../cards/card-text.ts'
import { spanHref } from '../kit/span-href.ts'
import { calendarOf } from './calendar.ts'
import { paperItem, paperLine, type Shown } from './paper-item.ts'
import { broadTopics } from './topic-links.ts'

interface Around extends Shown {
  /** papers per day, in the list's month */
  days: ReadonlyMap<string, number>
  /** the nearest months with papers */
  months: { previous?: Span | undefined; next?: Span | undefined }
  /** papers of earlier lists; absent on others than the front page */
  rising: readonly EditionPaper[] | undefined
  /** id of the previous page's last paper */
  after?: number | undefined
}

/** The list of a day, week or month for templates/pages/home.eta. */
export function listPage(list: List, page: Around) {
  const { t } = page
  const { span } = list
  const cards = cardsOf(list)
  const month = spanAround('month', list.lastDay)
  return {
    title: `${t.list.title[span.kind]} ${spanName(span, t)}`,
    heading: { before: t.list.title[span.kind], name: spanName(span, t), count: t.common.papers(list.total) },
    // The front page has an address of its own: that of its list is another one tomorrow.
    canonical: page.rising ? '/' : list.first > 1 ? pageHref(span, page.after) : spanHref(span),
    card: cardMeta('site', siteCard(t), t),
    state: span.kind === 'day' ? stateOf(list, t) : { short: t.list.mostVotesFirst },
    nav: { previous: list.previous && step(list.previous, t), next: list.next && step(list.next, t) },
    kinds: (['day', 'week', 'month'] as const).map((kind) => ({
      label: t.list[kind],
      href: spanHref(spanAround(kind, list.lastDay)),
      current: kind === span.kind,
    })),
    calendar: calendarOf(month, page.days, { t, current: span, ...page.months }),
    // Counts of one page of many would mislead.
    byTopic: list.papers.length === list.total ? broadTopics(list.papers, t) : [],
    rising: (page.rising ?? []).map((paper) => ({
      title: paper.title,
      href: paperPath(paper),
      reason: reasonFor(paper, t),
    })),
    lead: list.first === 1 ? leadOf(list, t) : '',
    papers: list.papers.slice(0, cards).map((paper) => paperItem(paper, page)),
    also: list.papers.slice(cards).map((paper, i) => paperLine(paper, list.first + cards + i, page)),
    start: list.first,
    paging: pagingOf(list, t),
    sample: list.papers.some((paper) => paper.sample),
  }
}

const MAX_NAME_CHARACTERS = 44

/** The first sentences of a list, from its facts. Those of a final ranking are from its votes at the close, as its order. */
const leadOf = ({ open, voted, papers }: List, t: Messages): string => {
  const isFinal = !open && voted
  const listed = papers.map(({ title, votes, list }) => ({
    // Only a leading paper is named, and shortening its title is slow.
    get name() {
      return shortenTitle(title, MAX_NAME_CHARACTERS)
    },
    section: 'top',
    votes: (isFinal ? list?.votes : undefined) ?? votes ?? null,
  }))
  return describeLead(countFields(papers), listed, t)
}

/** Papers with fewer votes get a line each. */
const FEWEST_VOTES = 5
/** A day with fewer cards, or fewer lines after them, shows cards only. */
const LEAST_TIER = 5

/** How many papers of a day's list are shown as cards: those up to the last with some votes or a pick. */
function cardsOf({ span, papers }: List): number {
  const isCard = ({ votes, picked }: ListedRow) => picked || (votes ?? 0) >= FEWEST_VOTES
  const cards = papers.findLastIndex(isCard) + 1
  const tiers = span.kind === 'day' && cards >= LEAST_TIER && papers.length - cards >= LEAST_TIER
  return tiers ? cards : papers.length
}

/** "Tuesday, 14 April 2026", "Week 16, 13 Apr to 19 April 2026", "April 2026" */
function spanName({ kind, key, from, to }: Span, t: Messages): string {
  if (kind === 'day') return fullDay(from, t.intl)
  if (kind === 'month') return monthOf(from, t.intl)
  return t.list.weekNamed(Number(key.slice(-2)), plainSpan(from, to, t.intl))
}

function stateOf({ open, voted, closesAt, asOf, span }: List, t: Messages): { short: string; rest?: string } {
  const hour = closingHour(closesAt)
  const final = voted ? t.list.final : t.list.votesCount
  const ranking = asOf ? t.list.asOf(shortDay(dayOf(asOf), t.intl), closingHour(asOf)) : final
  if (!open) return { short: ranking, rest: t.list.closed(shortDay(dayOf(closesAt), t.intl), hour) }
  const sameDay = dayOf(closesAt) === span.to
  return { short: sameDay ? t.list.open(hour) : t.list.openUntil(hour, weekdayOf(closesAt, t.intl)) }
}

const step = (span: Span, t: Messages) => ({
  href: spanHref(span),
  says: spanName(span, t),
  label: span.kind === 'day' ? weekdayAndNumber(span.from, t.intl) : shortSpan(span, t.intl),
})

const pageHref = (span: Span, after: number | undefined): string => `${spanHref(span)}&after=${after}`

/** Undefined if the whole list is on one page. */
function pagingOf({ span, first, papers, total, nextAfter }: List, t: Messages) {
  if (first === 1 && nextAfter === undefined) return undefined
  const formatted = (n: number) => n.toLocaleString(t.intl)
  return {
    label: t.list.pages,
    place: t.list.page(formatted(first), formatted(first + papers.length - 1), formatted(total)),
    start: first > 1 ? { href: spanHref(span), label: t.list.fromTheTop } : undefined,
    next: nextAfter === undefined ? undefined : { href: pageHref(span, nextAfter), label: t.list.more },
  }
}

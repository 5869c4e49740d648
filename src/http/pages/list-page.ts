import { dayOf } from '../../calendar/days.ts'
import { type Span, spanAround } from '../../calendar/spans.ts'
import { closingHour, fullDay, monthOf, plainDay, shortDay, shortSpan, weekdayOf } from '../../calendar/words.ts'
import type { Messages } from '../../messages/en.ts'
import type { List } from '../../papers/lists/list-day.ts'
import { spanHref } from '../kit/span-href.ts'
import { calendarOf } from './calendar.ts'
import { paperItem, type Shown } from './paper-item.ts'

interface Around extends Shown {
  /** papers per day, in the list's month */
  days: ReadonlyMap<string, number>
}

/** The list of a day, week or month for templates/pages/home.eta. */
export function listPage(list: List, page: Around) {
  const { t } = page
  const { span } = list
  return {
    title: `${t.list.title[span.kind]} ${spanName(span, t)}`,
    dateline: { day: span.from, words: spanName(span, t), count: t.common.papers(list.total) },
    canonical: spanHref(span),
    state: span.kind === 'day' ? stateOf(list, t) : t.list.mostVotesFirst,
    nav: {
      label: span.kind === 'day' ? t.list.days : t.list[span.kind],
      previous: list.previous && link(list.previous, t),
      current: link(span, t),
      next: list.next && link(list.next, t),
    },
    kinds: (['day', 'week', 'month'] as const).map((kind) => ({
      label: t.list[kind],
      href: spanHref(spanAround(kind, list.lastDay)),
      current: kind === span.kind,
    })),
    calendar: calendarOf(spanAround('month', list.lastDay), page.days, { t, current: span }),
    papers: list.papers.map((paper) => paperItem(paper, page)),
    start: list.first,
    paging: pagingOf(list, t),
    sample: list.papers.some((paper) => paper.sample),
  }
}

/** "Tuesday, 14 April 2026", "Week 16, 13 Apr to 19 April 2026", "April 2026" */
function spanName({ kind, key, from, to }: Span, t: Messages): string {
  if (kind === 'day') return fullDay(from, t.intl)
  if (kind === 'month') return monthOf(from, t.intl)
  return t.list.weekNamed(Number(key.slice(-2)), shortDay(from, t.intl), plainDay(to, t.intl))
}

function stateOf({ open, closesAt, span }: List, t: Messages): string {
  const hour = closingHour(closesAt)
  if (!open) return t.list.closed(shortDay(dayOf(closesAt), t.intl), hour)
  return dayOf(closesAt) === span.to ? t.list.open(hour) : t.list.openUntil(hour, weekdayOf(closesAt, t.intl))
}

const link = (span: Span, t: Messages) => ({ href: spanHref(span), label: shortSpan(span, t.intl) })

/** Undefined if the whole list is on one page. */
function pagingOf({ span, first, papers, total, nextAfter }: List, t: Messages) {
  if (first === 1 && nextAfter === undefined) return undefined
  const said = (n: number) => n.toLocaleString(t.intl)
  return {
    label: t.list.pages,
    place: t.list.page(said(first), said(first + papers.length - 1), said(total)),
    start: first > 1 ? { href: spanHref(span), label: t.list.fromTheTop } : undefined,
    next: nextAfter === undefined ? undefined : { href: `${spanHref(span)}&after=${nextAfter}`, label: t.list.more },
  }
}

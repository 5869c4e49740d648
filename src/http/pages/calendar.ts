import { daysLater } from '../../calendar/days.ts'
import { calendarWeeks, type Span, spanAround } from '../../calendar/spans.ts'
import { fullDay, monthOf, narrowWeekday, weekdayNamed } from '../../calendar/words.ts'
import type { Messages } from '../../messages/en.ts'
import { spanHref } from '../kit/span-href.ts'

const A_MONDAY = '2024-01-01'

/** In pixels, for the day with the most papers of its month. */
const LONGEST_BAR = 26

interface Around {
  t: Messages
  /** the span that the page shows */
  current: Span
  /** the nearest months with papers */
  previous?: Span | undefined
  next?: Span | undefined
}

/** A month for templates/pages/calendar.eta. A day with papers is a link; its bar shows how many. */
export function calendarOf(month: Span, papers: ReadonlyMap<string, number>, { t, current, previous, next }: Around) {
  const most = Math.max(1, ...papers.values())
  const link = (span: Span | undefined, say: (month: string) => string) =>
    span && { href: spanHref(span), label: say(monthOf(span.from, t.intl)) }
  return {
    name: monthOf(month.from, t.intl),
    caption: t.list.calendarOf(monthOf(month.from, t.intl)),
    previous: link(previous, t.list.previousMonth),
    next: link(next, t.list.nextMonth),
    weekdays: Array.from({ length: 7 }, (_, i) => daysLater(A_MONDAY, i)).map((day) => ({
      name: weekdayNamed(day, t.intl),
      short: narrowWeekday(day, t.intl),
    })),
    weeks: calendarWeeks(month).map((days) =>
      days.map((day) => day && dayCell(day, papers.get(day) ?? 0, { t, current, most })),
    ),
  }
}

const dayCell = (day: string, papers: number, { t, current, most }: { t: Messages; current: Span; most: number }) => ({
  number: Number(day.slice(8)),
  href: papers > 0 ? spanHref(spanAround('day', day)) : undefined,
  says: papers > 0 ? `${fullDay(day, t.intl)}${t.punctuation.comma}${t.common.papers(papers)}` : undefined,
  bar: Math.max(2, Math.round((papers / most) * LONGEST_BAR)),
  current: current.key === day,
})

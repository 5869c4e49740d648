import { daysLater } from '../../calendar/days.ts'
import { calendarWeeks, type Span, spanAround } from '../../calendar/spans.ts'
import { fullDay, monthOf, shortWeekday } from '../../calendar/words.ts'
import type { Messages } from '../../messages/en.ts'
import { spanHref } from '../kit/span-href.ts'

const A_MONDAY = '2024-01-01'

/** A month for templates/pages/calendar.eta: days and weeks with papers are links. */
export function calendarOf(
  month: Span,
  papers: ReadonlyMap<string, number>,
  { t, current }: { t: Messages; current: Span },
) {
  const previous = spanAround('month', daysLater(month.from, -1))
  const next = spanAround('month', daysLater(month.to, 1))
  const names = Array.from({ length: 7 }, (_, i) => daysLater(A_MONDAY, i))
  return {
    name: monthOf(month.from, t.intl),
    caption: t.list.calendarOf(monthOf(month.from, t.intl)),
    previous: { href: spanHref(previous), label: t.list.previousMonth(monthOf(previous.from, t.intl)) },
    next: { href: spanHref(next), label: t.list.nextMonth(monthOf(next.from, t.intl)) },
    weekdays: names.map((day) => shortWeekday(day, t.intl)),
    weeks: calendarWeeks(month).map((days) => {
      const week = spanAround('week', days.find((day) => day !== null)!)
      return {
        number: Number(week.key.slice(-2)),
        href: days.some((day) => day !== null && papers.has(day)) ? spanHref(week) : undefined,
        current: current.key === week.key,
        days: days.map((day) => day && dayCell(day, papers.get(day), t, current)),
      }
    }),
  }
}

const dayCell = (day: string, papers: number | undefined, t: Messages, current: Span) => ({
  number: Number(day.slice(8)),
  href: papers ? spanHref(spanAround('day', day)) : undefined,
  says: papers ? `${fullDay(day, t.intl)}, ${t.common.papers(papers)}` : undefined,
  current: current.key === day,
})

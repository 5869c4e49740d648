import { plainDay, shortDay } from '../../calendar/words.ts'
import { capitalise } from '../../lib/capitalise.ts'

/** One bar chart by day for templates/pages/admin/day-chart.eta. Bars have sizes in percent, so text keeps its size on a phone. */
export interface DayChart {
  id: string
  /** the finding, in words */
  caption: string
  bars: { left: string; width: string; top: string; height: string }[]
  most: string
  from: string
  to: string
}

/** @param unit in the plural: "sign-ups" */
export function dayChart(id: string, unit: string, days: readonly { day: string; count: number }[]): DayChart {
  const total = days.reduce((sum, { count }) => sum + count, 0)
  const most = Math.max(1, ...days.map(({ count }) => count))
  const peak = days.findLast(({ count }) => count === most)
  const slot = 100 / days.length
  return {
    id,
    caption:
      total === 0
        ? `No ${unit} in ${days.length} days`
        : `${capitalise(unit)}: ${total.toLocaleString('en')} in ${days.length} days, most on ${plainDay(peak!.day)}: ${most.toLocaleString('en')}`,
    bars: days.flatMap(({ count }, index) =>
      count === 0
        ? []
        : {
            left: percent(index * slot + slot * 0.1),
            width: percent(slot * 0.8),
            top: percent(100 - (count / most) * 100),
            height: percent((count / most) * 100),
          },
    ),
    most: most.toLocaleString('en'),
    from: shortDay(days[0]!.day),
    to: shortDay(days.at(-1)!.day),
  }
}

const percent = (value: number): string => `${Math.round(value * 100) / 100}%`

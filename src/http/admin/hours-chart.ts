import { closingHour, plainMoment } from '../../calendar/words.ts'
import { counted } from '../../lib/counted.ts'

/** Height in SVG units. Widths are in percent, so that the chart fills its column. */
const HEIGHT = 96
const LABELS = 8

/**
 * Emails per hour for templates/pages/admin/hours-chart.eta: bars, the busiest marked, and the same numbers for a table.
 * @param hours consecutive ones; without any there is no chart
 */
export function hoursChart(hours: readonly { from: Date; emails: number }[]) {
  const most = Math.max(...hours.map(({ emails }) => emails))
  if (hours.length === 0 || most === 0) return undefined
  const busiest = hours.find(({ emails }) => emails === most)!
  const step = 100 / hours.length
  const every = Math.ceil(hours.length / LABELS)
  return {
    height: HEIGHT + 24,
    base: HEIGHT,
    bars: hours.map(({ emails }, index) => {
      const height = emails === 0 ? 0 : Math.max(0.8, Math.round((emails / most) * (HEIGHT - 12) * 10) / 10)
      return {
        x: percent(index * step),
        width: percent(step * 0.75),
        y: HEIGHT - height,
        height,
        most: emails === most,
      }
    }),
    labels: hours.flatMap(({ from }, index) =>
      index % every === 0 ? [{ x: percent(index * step), text: closingHour(from).slice(0, 2) }] : [],
    ),
    caption: `Planned emails per hour, UTC. Busiest: ${closingHour(busiest.from)}, ${counted(most, 'email')}.`,
    rows: hours
      .filter(({ emails }) => emails > 0)
      .map(({ from, emails }) => [plainMoment(from), emails.toLocaleString('en')]),
  }
}

const percent = (value: number): string => `${value.toFixed(2)}%`

import { dayOf } from '../../calendar/days.ts'
import { plainDay, shortDay } from '../../calendar/words.ts'
import type { Messages } from '../../messages/en.ts'

interface Point {
  at: Date
  votes: number
}

/** In SVG units; the page scales the image. */
const WIDTH = 336
const HEIGHT = 170
const LEFT = 36
const RIGHT = 8
const TOP = 20
const BOTTOM = 28

/** Two weeks of polling make fewer. More would be one stroke in the chart and an endless table. */
const MOST_POINTS = 400

/**
 * Votes over time for templates/pages/chart.eta: an SVG with a caption, and the same data as a table.
 * @param points oldest first
 * @returns undefined for fewer than two points, which make no line
 */
export function voteChart(points: readonly Point[], t: Messages) {
  const shown = thinned(points)
  const first = shown[0]
  const last = shown.at(-1)
  if (!first || !last || first === last) return undefined
  const most = niceCeiling(Math.max(...shown.map((point) => point.votes)))
  const x = scale(first.at.getTime(), last.at.getTime(), LEFT, WIDTH - RIGHT)
  const y = scale(0, most, HEIGHT - BOTTOM, TOP)
  const places = shown.map(({ at, votes }) => ({ x: x(at.getTime()), y: y(votes) }))
  const formatted = (n: number) => n.toLocaleString(t.intl)
  return {
    caption: t.paper.historyCaption(plainDay(dayOf(first.at), t.intl), plainDay(dayOf(last.at), t.intl)),
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    line: places.map((place) => `${place.x},${place.y}`).join(' '),
    now: { ...places.at(-1)!, label: t.paper.votes(last.votes) },
    grid: [0, most / 2, most].map((votes) => ({
      y: y(votes),
      label: formatted(votes),
      left: LEFT,
      right: WIDTH - RIGHT,
    })),
    ends: [
      { x: LEFT, anchor: 'start', label: shortDay(dayOf(first.at), t.intl) },
      { x: WIDTH - RIGHT, anchor: 'end', label: shortDay(dayOf(last.at), t.intl) },
    ],
    labelLine: HEIGHT - 8,
    rows: shown.map(({ at, votes }) => ({
      iso: at.toISOString(),
      at: `${plainDay(dayOf(at), t.intl)}${t.punctuation.comma}${at.toISOString().slice(11, 16)}`,
      votes: formatted(votes),
    })),
  }
}

/** Evenly spaced points, including the first and the last. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_POINTS) return points
  const step = (points.length - 1) / (MOST_POINTS - 1)
  return Array.from({ length: MOST_POINTS }, (_, i) => points[Math.round(i * step)]!)
}

const scale = (from: number, to: number, low: number, high: number) => (value: number) =>
  Math.round((low + ((value - from) / (to - from || 1)) * (high - low)) * 10) / 10

/** Rounds up to 2, 4, 6, 8, 10, 20, 40 …, so that half of it is a whole number too. */
export function niceCeiling(value: number): number {
  for (let power = 1; ; power *= 10) for (const n of [2, 4, 6, 8, 10]) if (n * power >= value) return n * power
}

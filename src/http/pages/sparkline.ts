import type { Messages } from '../../messages/en.ts'

/** In SVG units. */
const WIDTH = 104
const HEIGHT = 26
const SIDE = 3
const TOP = 3
const BOTTOM = 3

/** A small line of counts for templates/pages/sparkline.eta, on its own scale from zero. Its last point is marked. */
export function sparkline(counts: readonly number[], t: Messages) {
  const most = Math.max(1, ...counts)
  const step = (WIDTH - 2 * SIDE) / Math.max(1, counts.length - 1)
  const points = counts.map((count, at) => ({
    x: tenths(SIDE + at * step),
    y: tenths(HEIGHT - BOTTOM - (count / most) * (HEIGHT - BOTTOM - TOP)),
  }))
  return {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    base: `M${SIDE} ${HEIGHT - BOTTOM}H${WIDTH - SIDE}`,
    line: points.map(({ x, y }) => `${x},${y}`).join(' '),
    last: points.at(-1),
    says: t.topics.perWeek(counts.map((count) => count.toLocaleString(t.intl)).join(', ')),
  }
}

const tenths = (value: number): number => Math.round(value * 10) / 10

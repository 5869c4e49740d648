import { daysLater } from '../../calendar/days.ts'
import type { Span } from '../../calendar/spans.ts'
import { narrowWeekday, plainSpan, shortDay, weekdayDate, weekdayNamed } from '../../calendar/words.ts'
import { shortenTitle } from '../../edition/compose/subject.ts'
import type { Messages } from '../../messages/en.ts'
import { RISER_HOURS, type Riser, type Trends } from '../../papers/lists/trends.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { authorLine } from '../../papers/readable.ts'
import { topicName } from '../../papers/topics/topic-name.ts'
import { niceCeiling } from './chart.ts'
import { sparkline } from './sparkline.ts'

const MOST_GAINS = 9
const MOST_LOSSES = 4

/** Path of a week's trends. Without a week: the newest. */
const trendsHref = ({ key }: Pick<Span, 'key'>): string => `/trends?week=${key}`

interface Moved {
  name: string
  slug: string
  papers: number
  before: number
  weeks: readonly number[]
}

/** What moved in a week, for templates/pages/trends.eta. Each chart is also a table. */
export function trendsPage(trends: Trends, t: Messages, { isNewest }: { isNewest: boolean }) {
  const { week, lastDay, partial } = trends
  const words = t.trends
  // The first week has none to compare with.
  const moved = (trends.before > 0 ? trends.fields : [])
    .map(({ slug, weeks }) => ({
      slug,
      name: topicName(slug, t),
      papers: weeks.at(-1)!,
      before: weeks.at(-2)!,
      weeks,
    }))
    .sort((a, b) => gain(b) - gain(a) || b.papers - a.papers || (a.slug < b.slug ? -1 : 1))
  const gains = moved.filter((field) => gain(field) > 0).slice(0, MOST_GAINS)
  const losses = moved
    .filter((field) => gain(field) < 0)
    .slice(-MOST_LOSSES)
    .reverse()
  const longest = Math.max(1, ...[...gains, ...losses].map(({ papers, before }) => Math.max(papers, before)))
  const number = weekNumber(week)
  return {
    title: words.title(number),
    name: t.list.weekNamed(number, plainSpan(week.from, partial ? lastDay : week.to, t.intl)),
    canonical: isNewest ? '/trends' : trendsHref(week),
    description: leadOf(moved, trends.risers, t) || words.description,
    lead: leadOf(moved, trends.risers, t),
    previous: trends.previous && stepTo(trends.previous, t),
    next: trends.next && stepTo(trends.next, t),
    noMoves: trends.before > 0 ? words.noMoves : words.noneBefore,
    key: [
      words.topicsKey,
      words.counts(t.common.papers(trends.papers), trends.before),
      partial ? words.partial(weekdayNamed(lastDay, t.intl)) : '',
    ]
      .filter(Boolean)
      .join(t.punctuation.space),
    sparklineKey: words.sparklineKey(shortDay(trends.mondays[0]!, t.intl)),
    moved: [gains, losses].filter((part) => part.length > 0).map((part) => part.map((field) => row(field, longest, t))),
    risers: risersOf(trends.risers, t),
    volume: volumeOf(trends, t),
  }
}

const gain = ({ papers, before }: Pick<Moved, 'papers' | 'before'>) => papers - before

const weekNumber = ({ key }: Span) => Number(key.slice(-2))

const stepTo = (week: Span, t: Messages) => ({ href: trendsHref(week), label: t.trends.week(weekNumber(week)) })

/** A field that doubled from few papers is news, even if another gained more. */
const FEWEST_OF_A_JUMP = 5
const MAX_NAME_CHARACTERS = 44

/** One to three sentences of facts: what gained most, what multiplied, which paper drew most votes. */
function leadOf(moved: readonly Moved[], [first]: readonly Riser[], t: Messages): string {
  const most = moved.find((field) => gain(field) > 0)
  const [jump] = moved
    .filter(({ papers, before }) => before > 0 && papers >= FEWEST_OF_A_JUMP && papers >= 2 * before)
    .filter((field) => field !== most)
    .sort((a, b) => b.papers / b.before - a.papers / a.before)
  return [
    most && t.trends.gainedMost(most.name, t.common.papers(most.papers), most.before),
    jump && t.trends.wentTo(jump.name, t.common.papers(jump.papers), jump.before),
    first && t.trends.drewMost(shortenTitle(first.paper.title, MAX_NAME_CHARACTERS), first.votes),
  ]
    .filter(Boolean)
    .join(t.punctuation.space)
}

const percent = (part: number, whole: number) => `${Math.round((part / whole) * 1000) / 10}%`

/** A field's table row. Its bar has the papers of both weeks, then the gain or the loss; the mark is the week before. */
function row(field: Moved, longest: number, t: Messages) {
  const { papers, before } = field
  const stayed = Math.min(papers, before)
  const change = gain(field)
  return {
    href: `/topics/${field.slug}`,
    name: field.name,
    line: sparkline(field.weeks, t),
    bar: {
      stayed: percent(stayed, longest),
      rest: percent(Math.abs(change), longest),
      mark: percent(before, longest),
      gained: change > 0,
    },
    papers: papers.toLocaleString(t.intl),
    before: before.toLocaleString(t.intl),
    change: `${change > 0 ? '+' : '−'}${Math.abs(change).toLocaleString(t.intl)}`,
  }
}

/** Height of a riser's picture, in pixels; the lines leave room for their strokes. */
const CURVE_HEIGHT = 92
const CURVE_TOP = 6
const CURVE_BASE = 84
/** Hours of the table's columns. */
const HOURS = [6, 12, 24, RISER_HOURS]

/** The risers with their curves on one scale. */
function risersOf(risers: readonly Riser[], t: Messages) {
  if (risers.length === 0) return undefined
  const most = niceCeiling(Math.max(...risers.map(({ votes }) => votes)))
  const y = (votes: number) => tenths(CURVE_BASE - (votes / most) * (CURVE_BASE - CURVE_TOP))
  const x = (hours: number) => tenths((hours / RISER_HOURS) * 100)
  const hasCurves = risers.some(({ readings }) => readings.length > 1)
  return {
    key: hasCurves
      ? t.trends.risersKey((most / 2).toLocaleString(t.intl), most.toLocaleString(t.intl))
      : t.trends.risersOnce,
    hasCurves,
    height: CURVE_HEIGHT,
    base: CURVE_BASE,
    lines: [most / 2, most].map(y),
    hours: HOURS.map((hours) => t.trends.hours(hours)),
    papers: risers.map(({ paper, votes, readings }) => {
      const line = readings.map((reading) => `${x(reading.hours)},${y(reading.votes)}`).join(' ')
      const at = HOURS.map((hours) => readings.findLast((reading) => reading.hours <= hours)?.votes)
      return {
        href: paperPath(paper),
        title: paper.title,
        who: [paper.organization ?? authorLine(paper.authors, t, 1), weekdayNamed(paper.listDay, t.intl)]
          .filter(Boolean)
          .join('\u00a0· '),
        votes: t.trends.votes(votes),
        curve: readings.length > 1 && {
          line,
          area: `${x(readings[0]!.hours)},${CURVE_BASE} ${line} ${x(readings.at(-1)!.hours)},${CURVE_BASE}`,
          says: t.trends.curve(at.map((each) => each?.toLocaleString(t.intl) ?? '–').join(', ')),
        },
        at: at.map((each) => each?.toLocaleString(t.intl) ?? '–'),
      }
    }),
  }
}

const tenths = (value: number) => Math.round(value * 10) / 10

const VOLUME_DAYS = 21
const VOLUME_TOP = 20
const VOLUME_BASE = 140

/** Papers of each day in three weeks, as bars that stretch with the page. */
function volumeOf({ week, lastDay, days }: Trends, t: Messages) {
  const counts = new Map(days.map(({ day, papers }) => [day, papers]))
  const most = Math.max(1, ...counts.values())
  const first = daysLater(week.from, 7 - VOLUME_DAYS)
  const bars = Array.from({ length: VOLUME_DAYS }, (_, i) => {
    const day = daysLater(first, i)
    const papers = counts.get(day) ?? 0
    const height = Math.round((papers / most) * (VOLUME_BASE - VOLUME_TOP))
    return {
      day,
      papers: papers.toLocaleString(t.intl),
      isShown: papers > 0,
      x: percent(i + 0.14, VOLUME_DAYS),
      middle: percent(i + 0.5, VOLUME_DAYS),
      width: percent(0.72, VOLUME_DAYS),
      y: VOLUME_BASE - height,
      height,
      above: VOLUME_BASE - height - 6,
      isCurrent: day >= week.from,
      weekday: narrowWeekday(day, t.intl),
      monday: i % 7 === 0 ? shortDay(day, t.intl) : undefined,
      name: weekdayDate(day, t.intl),
    }
  })
  const [busiest] = days.filter(({ day }) => day >= week.from).sort((a, b) => b.papers - a.papers)
  return {
    key: busiest
      ? t.trends.volumeKey(weekdayDate(busiest.day, t.intl), t.common.papers(busiest.papers))
      : t.trends.volume,
    base: VOLUME_BASE,
    bars,
    rows: bars.filter(({ day, isShown }) => isShown && day <= lastDay),
  }
}

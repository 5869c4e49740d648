import { dayOf } from '../../calendar/days.ts'
import { closingHour, plainDay, plainMoment } from '../../calendar/words.ts'
import { progressOf } from '../../delivery/ledger/progress.ts'
import { hasArrived } from '../../delivery/ledger/recall.ts'
import { type Forecast, forecast } from '../../delivery/plan/forecast.ts'
import { MAX_NOTE } from '../../edition/compose/editor-note.ts'
import type { EditionKey } from '../../edition/draft/control.ts'
import { curationState } from '../../edition/draft/curation-state.ts'
import { readCuratorView } from '../../edition/draft/curator-view.ts'
import { describeRelease } from '../../edition/draft/describe-release.ts'
import { MAX_NOTICE, readNotices } from '../../edition/draft/publish-notice.ts'
import { releaseState } from '../../edition/draft/schedule.ts'
import { MAX_WORDING, wordingState } from '../../edition/draft/wording.ts'
import { capitalise } from '../../lib/capitalise.ts'
import { fingerprint } from '../../lib/fingerprint.ts'
import { editionHref } from '../../operate/attention/attention.ts'
import type { Services } from '../../runtime/services.ts'
import { actionsFor, phaseOf } from './edition-actions.ts'
import { describeState, nameOf } from './edition-labels.ts'
import { hoursChart } from './hours-chart.ts'
import { paperRow } from './paper-row.ts'
import { outcomeFigures } from './progress-figures.ts'
import { timelineOf } from './timeline.ts'

type Edition = Awaited<ReturnType<typeof readCuratorView>>['edition']

const count = (n: number): string => n.toLocaleString('en')

/** An edition as templates/pages/admin/edition.eta shows it. @throws PaperboyError EDITION_NOT_FOUND */
export async function editionPage(services: Services, key: EditionKey) {
  const view = await readCuratorView(services, key)
  const { edition, papers, dropped } = view
  const isDraft = edition.state === 'draft'
  const [planned, progress, arrived, notices] = await Promise.all([
    ['draft', 'released', 'sending'].includes(edition.state) ? forecast(services, edition) : undefined,
    isDraft ? undefined : progressOf(services, edition.id),
    hasArrived(services.db, edition.id),
    readNotices(services, key),
  ])
  const times = { ...edition, now: services.now(), lastAt: planned?.last ?? edition.sentAt }
  return {
    key,
    name: nameOf(key),
    href: editionHref(key),
    deliveriesHref: `${editionHref(key)}/deliveries`,
    state: edition.state,
    isDraft,
    status: describeStatus(edition, services.now()),
    timeline: timelineOf(times),
    actions: actionsFor(edition, { mayHaveArrived: arrived }),
    seen: fingerprint(...curationState(view)),
    seenPhase: fingerprint(...phaseOf(edition)),
    papers: papers.map((paper, index) => ({ ...paperRow(paper), number: index + 1 })),
    dropped: dropped.map(paperRow),
    decided: describeDecisions(papers, dropped.length),
    wording: wordingForm(edition),
    schedule: {
      seen: fingerprint(...releaseState(edition)),
      at: edition.releaseAt.toISOString().slice(0, 16),
      own: edition.scheduledAt !== null,
    },
    planned: planned && releasePanel(planned),
    progress: progress && { total: count(progress.total), figures: outcomeFigures(progress.states) },
    notices: notices.map(({ words, writtenAt }) => ({ words, at: plainMoment(writtenAt) })),
    maxNotice: MAX_NOTICE,
    isOut: edition.releasedAt !== null,
    subject: edition.subject,
  }
}

function describeStatus(edition: Edition, now: Date): string {
  const { state, held, releaseAt, releasedAt, byHand, pausedWhy } = edition
  if (state === 'draft' && !held && releaseAt > now) {
    const isSoon = releaseAt.getTime() - now.getTime() < 86_400_000
    const day = isSoon ? '' : `, ${plainDay(dayOf(releaseAt))}`
    return `Draft · goes out by itself at ${closingHour(releaseAt)} UTC${day}`
  }
  if (state === 'draft') return `Draft · is released ${describeRelease(edition, now)}`
  const named = capitalise(describeState(edition))
  const why = pausedWhy ? ` · paused automatically: ${pausedWhy}` : ''
  return `${named}${releasedAt ? ` · released ${plainMoment(releasedAt)}${byHand ? ', by hand' : ''}` : ''}${why}`
}

function describeDecisions(
  papers: readonly { verdict: string | null; place: number | null }[],
  dropped: number,
): string {
  const numbers = [
    [papers.filter(({ verdict }) => verdict === 'picked').length, 'picked'],
    [papers.filter(({ place }) => place !== null).length, 'pinned'],
    [dropped, 'dropped'],
  ] as const
  return numbers
    .filter(([n]) => n > 0)
    .map(([n, word]) => `${n} ${word}`)
    .join(' · ')
}

/** The form of the curator's words, as stored. */
export const wordingForm = (edition: Edition) => ({
  seen: fingerprint(...wordingState(edition)),
  note: edition.editorNote ?? '',
  subject: edition.ownSubject ?? '',
  sponsorName: edition.sponsor?.name ?? '',
  sponsorText: edition.sponsor?.text ?? '',
  sponsorUrl: edition.sponsor?.url ?? '',
  max: { note: MAX_NOTE, ...MAX_WORDING },
})

/** Zones listed by name; the others are one line, so that the numbers add up. */
const ZONES = 8

function releasePanel({ readers, locales, zones, hours, first, last, left }: Forecast) {
  const busiest = hours.toSorted((a, b) => b.emails - a.emails)[0]
  const others = zones.slice(ZONES)
  const between = (from: Date, to: Date) =>
    from < to ? `${closingHour(from)} to ${closingHour(to)}` : closingHour(from)
  return {
    readers: count(readers),
    facts: [
      ['Languages', locales.map((each) => `${languageOf(each.locale)} ${count(each.readers)}`).join(' · ')],
      ['First email', first && plainMoment(first)],
      ['Last email', last && plainMoment(last)],
      ['Busiest hour', busiest && `${closingHour(busiest.from)} UTC, ${count(busiest.emails)}`],
      ['Not this time', describeLeft(left)],
    ].filter((fact): fact is [string, string] => Boolean(fact[1])),
    zones: [
      ...zones.slice(0, ZONES).map((each) => [each.zone, count(each.readers), between(each.first, each.last)]),
      ...(others.length > 0
        ? [[`${others.length} more`, count(others.reduce((sum, each) => sum + each.readers, 0)), '']]
        : []),
    ],
    chart: hoursChart(hours),
  }
}

const languageOf = (locale: string): string => new Intl.DisplayNames('en', { type: 'language' }).of(locale) ?? locale

const describeLeft = ({ paused, suppressed, otherCadence }: Forecast['left']): string =>
  [
    [otherCadence, 'with another cadence'],
    [paused, 'paused'],
    [suppressed, 'suppressed'],
  ]
    .filter(([n]) => n !== 0)
    .map(([n, word]) => `${count(n as number)} ${word}`)
    .join(' · ')

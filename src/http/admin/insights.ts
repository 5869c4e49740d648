import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { dayOf, daysLater } from '../../calendar/days.ts'
import { minuteUtc, plainDay } from '../../calendar/words.ts'
import { DOMAIN_DAYS } from '../../delivery/ledger/edition-domains.ts'
import { readDeliverability } from '../../operate/deliverability.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { readable } from '../../papers/readable.ts'
import { readTopicNames } from '../../papers/topics/topic-name.ts'
import {
  INTEREST_DAYS,
  INTERESTS,
  type Interest,
  type InterestSums,
  readInterest,
} from '../../papers/votes/interest.ts'
import { FEWEST_PEOPLE } from '../../runtime/db/sums.ts'
import type { Services } from '../../runtime/services.ts'
import { readReaderCounts } from '../../subscription/count-readers.ts'
import { dayChart } from './day-chart.ts'

/** What readers like, and where digests arrive: sums over many people, never about one. */
export const insightRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.get('/admin/insights', async (_request, reply) => {
    const [interest, readers, deliverability] = await Promise.all([
      readInterest(services),
      readReaderCounts(services),
      readDeliverability(services),
    ])
    const topics = [
      ...(interest?.body.topics ?? []).map(({ slug }) => slug),
      ...(readers?.body.topics ?? []).map(({ name }) => name),
    ]
    const nameOf = await readTopicNames(services.db, topics)
    const shown = INTERESTS.filter((what) => what !== 'clicks' || services.config.COUNT_CLICKS)
    return reply.view('admin/insights', {
      ...{ fewest: FEWEST_PEOPLE, days: INTEREST_DAYS, domainDays: DOMAIN_DAYS },
      countedAt: interest && minuteUtc(interest.countedAt),
      interests: interest && shown.map((what) => interestOf(what, interest.body, nameOf, services.now())),
      topics: readers?.body.topics.map(({ name, readers: count }) => ({
        name: nameOf(name),
        href: `/admin/readers?${new URLSearchParams({ topic: name })}`,
        readers: count.toLocaleString('en'),
      })),
      domains: deliverability?.body.domains.map(({ domain, deliveries, ...counts }) => ({
        name: domain || 'domains with few readers',
        deliveries: deliveries.toLocaleString('en'),
        share:
          deliveries - counts.open > 0 ? `${((counts.accepted / (deliveries - counts.open)) * 100).toFixed(1)} %` : '',
        ...counts,
      })),
    })
  })
}

function interestOf(
  what: Interest,
  { days, papers, topics }: InterestSums,
  nameOf: (slug: string) => string,
  now: Date,
) {
  const of = <Row extends { what: Interest }>(rows: Row[]) => rows.filter((row) => row.what === what)
  const counts = new Map(of(days).map(({ day, count }) => [day, count]))
  const today = dayOf(now)
  const byDay = Array.from({ length: INTEREST_DAYS }, (_, index) => {
    const day = daysLater(today, index + 1 - INTEREST_DAYS)
    return { day, count: counts.get(day) ?? 0 }
  })
  return {
    what,
    chart: dayChart(`chart-${what}`, what, byDay),
    // A small sum is not stored, so it looks like none.
    days: byDay
      .toReversed()
      .map(({ day, count }) => ({ name: plainDay(day), count: count || `under ${FEWEST_PEOPLE}` })),
    papers: of(papers).map(({ title, count, ...paper }) => ({
      title: readable(title),
      href: paperPath(paper),
      count: count.toLocaleString('en'),
    })),
    topics: of(topics).map(({ slug, count }) => ({
      name: nameOf(slug),
      href: `/topics/${slug}`,
      count: count.toLocaleString('en'),
    })),
  }
}

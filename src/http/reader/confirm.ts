import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { momentInZone } from '../../calendar/in-zone.ts'
import { plainDay } from '../../calendar/words.ts'
import { newestEdition, readEditionList } from '../../edition/compose/edition-list.ts'
import { mintToken, verifyToken } from '../../mail/tokens.ts'
import { LOCALES, type Messages } from '../../messages/catalogue.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { reasonFor } from '../../papers/ranking/reason.ts'
import { topicCounts } from '../../papers/topics/topic-counts.ts'
import { isField } from '../../papers/topics/topics.ts'
import type { Services } from '../../runtime/services.ts'
import { checkConfirm, confirm } from '../../subscription/confirm.ts'
import { localeAndCadenceOf } from '../../subscription/find-reader.ts'
import { findPreferences } from '../../subscription/preferences.ts'
import { setLocale } from '../kit/language.ts'
import { richText } from '../kit/rich-text.ts'
import { disallowIndexing } from '../kit/security.ts'
import { timeZoneField } from '../kit/zones.ts'
import { editionPath } from '../pages/edition-page.ts'
import { welcomeForm } from './preferences-form.ts'
import { setReaderCookie } from './reader.ts'

/** The confirmation link. GET shows a button and changes nothing, because email scanners follow every link. */
export const confirmRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  const schema = { params: z.object({ token: z.string() }) }

  app.get('/confirm/:token', { schema }, async ({ params }, reply) => {
    const { subscriberId } = checkConfirm(services, params.token)
    const { locale, askedLocale = locale, cadence } = await localeAndCadenceOf(services, subscriberId)
    if (askedLocale) setLocale(reply, askedLocale)
    return reply.view('confirm', { action: `/confirm/${params.token}`, cadence })
  })

  app.post('/confirm/:token', { schema }, async ({ params }, reply) => {
    const { firstDigestAt, zone, returning, begun } = await confirm(services, params.token)
    const { subscriberId } = verifyToken(services.keys, 'confirm', params.token)
    const { locale } = await localeAndCadenceOf(services, subscriberId)
    const welcome = new URLSearchParams({
      first: firstDigestAt.toISOString(),
      zone,
      choose: mintToken(services.keys, 'preferences', subscriberId, services.now()),
      ...(returning ? { back: '' } : {}),
      ...(begun ? { begun: '' } : {}),
      ...(locale ? { in: locale } : {}),
    })
    // They are asked to confirm before they can vote, so this browser can vote from now on. The button's page says so.
    return setReaderCookie(services, reply, subscriberId).redirect(`/welcome?${welcome}`, 303)
  })

  const welcomeSchema = {
    querystring: z.object({
      first: z.iso.datetime().optional().catch(undefined),
      zone: timeZoneField,
      back: z.literal('').optional().catch(undefined),
      begun: z.literal('').optional().catch(undefined),
      choose: z.base64url().max(64).optional().catch(undefined),
      in: z.enum(LOCALES).optional().catch(undefined),
    }),
  }
  app.get('/welcome', { schema: welcomeSchema }, async ({ query }, reply) => {
    const t = query.in ? setLocale(reply, query.in) : reply.locals!.t
    // A link that was cut off shows the page without its form.
    const current = query.choose ? await findPreferences(services, query.choose) : undefined
    // Opened again later, as from a bookmark: what it says is past.
    const isOver = query.first !== undefined && new Date(query.first) <= services.now()
    if (current && (isOver || current.status !== 'active')) return reply.redirect(`/preferences/${query.choose}`, 303)
    return reply.view('welcome', {
      first: query.first && momentInZone(t, new Date(query.first), query.zone ?? 'UTC'),
      back: query.back !== undefined,
      begun: query.begun !== undefined,
      form: current && {
        ...welcomeForm(current, await broadTopicsOfWeek(services), t, services.now()),
        action: `/preferences/${query.choose}`,
      },
      sample: current && (await newestDigest(services, t)),
    })
  })
}

/** Broad topics with the number of their papers in the newest week. */
async function broadTopicsOfWeek(services: Pick<Services, 'db' | 'now'>) {
  const counts = await topicCounts(services, { days: 7, fewest: 1 })
  return counts.filter(({ slug }) => isField(slug)).slice(0, TOPICS_OFFERED)
}

const TOPICS_OFFERED = 16

const SAMPLE_PAPERS = 4

/** The top of the newest edition, as a taste of the next email. */
async function newestDigest(services: Services, t: Messages) {
  const date = await newestEdition(services)
  const edition = date ? await readEditionList(services, date) : undefined
  return (
    edition && {
      date: plainDay(edition.date, t.intl),
      href: editionPath('daily', edition.date),
      papers: edition.papers.slice(0, SAMPLE_PAPERS).map((paper) => ({
        href: paperPath(paper),
        title: paper.title,
        titleHtml: richText(paper.titleSource),
        reason: reasonFor(paper, t),
      })),
      more: Math.max(0, edition.papers.length - SAMPLE_PAPERS),
    }
  )
}

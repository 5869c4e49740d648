import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { mintToken, verifyToken } from '../../mail/tokens.ts'
import { LOCALES, type Messages } from '../../messages/catalogue.ts'
import type { Services } from '../../runtime/services.ts'
import { checkConfirm, confirm } from '../../subscription/confirm.ts'
import { localeOf } from '../../subscription/find-reader.ts'
import { speak } from '../kit/language.ts'
import { keepPrivate } from '../kit/security.ts'

/** The link of the confirmation mail: GET shows a button and changes nothing, since mail scanners follow every link. */
export const confirmRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  keepPrivate(app)
  const schema = { params: z.object({ token: z.string() }) }

  app.get('/confirm/:token', { schema }, async ({ params }, reply) => {
    const { subscriberId } = checkConfirm(services, params.token)
    const locale = await localeOf(services, subscriberId)
    if (locale) speak(reply, locale)
    return reply.view('confirm', { action: `/confirm/${params.token}` })
  })

  app.post('/confirm/:token', { schema }, async ({ params }, reply) => {
    const { firstDigestAt, returning, begun } = await confirm(services, params.token)
    const { subscriberId } = verifyToken(services.keys, 'confirm', params.token)
    const locale = await localeOf(services, subscriberId)
    const told = new URLSearchParams({
      first: firstDigestAt.toISOString(),
      choose: mintToken(services.keys, 'preferences', subscriberId, services.now()),
      ...(returning ? { back: '' } : {}),
      ...(begun ? { begun: '' } : {}),
      ...(locale ? { in: locale } : {}),
    })
    return reply.redirect(`/welcome?${told}`, 303)
  })

  const welcome = {
    querystring: z.object({
      first: z.iso.datetime().optional().catch(undefined),
      back: z.literal('').optional().catch(undefined),
      begun: z.literal('').optional().catch(undefined),
      choose: z.base64url().max(64).optional().catch(undefined),
      in: z.enum(LOCALES).optional().catch(undefined),
    }),
  }
  app.get('/welcome', { schema: welcome }, async ({ query }, reply) => {
    const t = query.in ? speak(reply, query.in) : reply.locals!.t
    return reply.view('welcome', {
      first: query.first && momentIn(t, new Date(query.first)),
      back: query.back !== undefined,
      begun: query.begun !== undefined,
      preferences: query.choose && `/preferences/${query.choose}`,
    })
  })
}

/** "Thursday, 16 April 2026, 08:00 UTC": the page does not know the reader's clock. */
const momentIn = ({ intl }: Messages, at: Date): string => {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(intl, { ...options, timeZone: 'UTC' }).format(at)
  return `${format({ dateStyle: 'full' })}, ${format({ timeStyle: 'short' })} UTC`
}

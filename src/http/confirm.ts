import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Messages } from '../messages/catalogue.ts'
import type { Services } from '../services.ts'
import { checkConfirm, confirm } from '../subscription/confirm.ts'
import { mintToken, verifyToken } from '../subscription/tokens.ts'
import { keepPrivate } from './security.ts'

/** The link of the confirmation mail: GET shows a button and changes nothing, since mail scanners follow every link. */
export const confirmRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  keepPrivate(app)
  const schema = { params: z.object({ token: z.string() }) }

  app.get('/confirm/:token', { schema }, async ({ params }, reply) => {
    checkConfirm(services, params.token)
    return reply.view('confirm', { action: `/confirm/${params.token}` })
  })

  app.post('/confirm/:token', { schema }, async ({ params }, reply) => {
    const { firstDigestAt, returning, begun } = await confirm(services, params.token)
    const { subscriberId } = verifyToken(services.keys, 'confirm', params.token)
    const told = new URLSearchParams({
      first: firstDigestAt.toISOString(),
      choose: mintToken(services.keys, 'preferences', subscriberId, services.now()),
      ...(returning ? { back: '' } : {}),
      ...(begun ? { begun: '' } : {}),
    })
    return reply.redirect(`/welcome?${told}`, 303)
  })

  const welcome = {
    querystring: z.object({
      first: z.iso.datetime().optional().catch(undefined),
      back: z.literal('').optional().catch(undefined),
      begun: z.literal('').optional().catch(undefined),
      choose: z.base64url().max(64).optional().catch(undefined),
    }),
  }
  app.get('/welcome', { schema: welcome }, async ({ query }, reply) =>
    reply.view('welcome', {
      first: query.first && momentIn(reply.locals!.t, new Date(query.first)),
      back: query.back !== undefined,
      begun: query.begun !== undefined,
      preferences: query.choose && `/preferences/${query.choose}`,
    }),
  )
}

/** "Thursday, 16 April 2026, 08:00 UTC": the page does not know the reader's clock. */
const momentIn = ({ intl }: Messages, at: Date): string => {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(intl, { ...options, timeZone: 'UTC' }).format(at)
  return `${format({ dateStyle: 'full' })}, ${format({ timeStyle: 'short' })} UTC`
}

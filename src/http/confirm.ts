import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Messages } from '../messages/catalogue.ts'
import type { Services } from '../services.ts'
import { checkConfirm, confirm } from '../subscription/confirm.ts'
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
    const { firstDigestAt, returning } = await confirm(services, params.token)
    return reply.redirect(`/welcome?first=${firstDigestAt.toISOString()}${returning ? '&back=' : ''}`, 303)
  })

  const welcome = {
    querystring: z.object({
      first: z.iso.datetime().optional().catch(undefined),
      back: z.literal('').optional().catch(undefined),
    }),
  }
  app.get('/welcome', { schema: welcome }, async ({ query }, reply) =>
    reply.view('welcome', {
      first: query.first && momentIn(reply.locals!.t, new Date(query.first)),
      back: query.back !== undefined,
    }),
  )
}

/** "Thursday, 16 April 2026, 08:00 UTC": the page does not know the reader's clock. */
const momentIn = ({ intl }: Messages, at: Date): string => {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(intl, { ...options, timeZone: 'UTC' }).format(at)
  return `${format({ dateStyle: 'full' })}, ${format({ timeStyle: 'short' })} UTC`
}

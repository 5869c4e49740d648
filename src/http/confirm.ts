import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../services.ts'
import { checkConfirm, confirm } from '../subscription/confirm.ts'
import { keepPrivate } from './security.ts'
import { fullMoment } from './words.ts'

/** The link of the confirmation mail: GET shows a button and changes nothing, since mail scanners follow every link. */
export const confirmRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  keepPrivate(app)
  const schema = { params: z.object({ token: z.string() }) }

  app.get('/confirm/:token', { schema }, async ({ params }, reply) => {
    checkConfirm(services, params.token)
    return reply.view('confirm', { action: `/confirm/${params.token}` })
  })

  app.post('/confirm/:token', { schema }, async ({ params }, reply) => {
    const { firstDigestAt } = await confirm(services, params.token)
    return reply.redirect(`/welcome?first=${firstDigestAt.toISOString()}`, 303)
  })

  const welcome = { querystring: z.object({ first: z.iso.datetime().optional().catch(undefined) }) }
  app.get('/welcome', { schema: welcome }, async ({ query }, reply) =>
    reply.view('welcome', { first: query.first && fullMoment(new Date(query.first)) }),
  )
}

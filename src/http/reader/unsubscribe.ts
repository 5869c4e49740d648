import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { mintToken } from '../../mail/tokens.ts'
import type { Services } from '../../runtime/services.ts'
import { readPreferences } from '../../subscription/preferences.ts'
import { checkUnsubscribe, unsubscribe } from '../../subscription/unsubscribe.ts'
import { setLocale } from '../kit/language.ts'
import { disallowIndexing } from '../kit/security.ts'

/**
 * Leaving. GET shows a button and, beside it, less often and a pause; POST leaves (RFC 8058), from the button or from a mail
 * program alike.
 *
 * Whatever comes with the POST is not looked at: no body, a broken one, any content type, even a header that is none. Only the
 * link counts.
 */
export const unsubscribeRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, body, done) => {
    // Read away and never kept, and the answer does not wait for it.
    body.on('error', () => {}).resume()
    done(null)
  })
  // A content type that is malformed would be refused before any parser is asked.
  app.addHook('onRequest', async (request) => void delete request.raw.headers['content-type'])

  const schema = { params: z.object({ token: z.string() }) }

  app.get('/unsubscribe/:token', { schema }, async ({ params }, reply) => {
    const { subscriberId } = checkUnsubscribe(services, params.token)
    const preferencesToken = mintToken(services.keys, 'preferences', subscriberId, services.now())
    const current = await readPreferences(services, preferencesToken).catch(goneIsFine)
    if (current) setLocale(reply, current.locale)
    if (current?.status !== 'active' && current?.status !== 'pending') return reply.view('unsubscribed')
    return reply.view('unsubscribe', {
      action: `/unsubscribe/${params.token}`,
      preferences: `/preferences/${preferencesToken}`,
      active: current.status === 'active',
      weekly: current.cadence === 'weekly',
    })
  })

  app.post('/unsubscribe/:token', { schema }, async ({ params }, reply) => {
    await unsubscribe(services, params.token)
    return reply.view('unsubscribed')
  })
}

function goneIsFine(error: unknown): undefined {
  if (!(error instanceof PaperboyError)) throw error
}

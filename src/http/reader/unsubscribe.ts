import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { mintToken } from '../../mail/tokens.ts'
import type { Services } from '../../runtime/services.ts'
import { findPreferences } from '../../subscription/preferences.ts'
import { checkUnsubscribe, unsubscribe } from '../../subscription/unsubscribe.ts'
import { setLocale } from '../kit/language.ts'
import { disallowIndexing } from '../kit/security.ts'
import { setOwnLanguage } from './own-language.ts'
import { reasonButtons } from './unsubscribe-reason.ts'

/**
 * Unsubscribe. GET shows a button, and offers fewer emails or a pause. POST unsubscribes (RFC 8058), from the button or from an
 * email program.
 *
 * Only the link counts. The POST may have no body, a broken one, any content type or an invalid header.
 */
export const unsubscribeRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, body, done) => {
    // Discard the body. The response does not wait for it.
    body.on('error', () => {}).resume()
    done(null)
  })
  // Fastify rejects a malformed content type before it picks a parser.
  app.addHook('onRequest', async (request) => void delete request.raw.headers['content-type'])

  const schema = { params: z.object({ token: z.string() }) }

  const shown = { ...schema, querystring: z.object({ thanks: z.literal('').optional().catch(undefined) }) }
  app.get('/unsubscribe/:token', { schema: shown }, async ({ params, query }, reply) => {
    const { subscriberId } = checkUnsubscribe(services, params.token)
    const preferencesToken = mintToken(services.keys, 'preferences', subscriberId, services.now())
    const current = await findPreferences(services, preferencesToken)
    if (current) setLocale(reply, current.locale)
    if (!current || !CAN_UNSUBSCRIBE.includes(current.status))
      return reply.view('unsubscribed', { thanks: query.thanks !== undefined })
    return reply.view('unsubscribe', {
      action: `/unsubscribe/${params.token}`,
      preferences: `/preferences/${preferencesToken}`,
      active: current.status === 'active',
      weekly: current.cadence === 'weekly',
    })
  })

  app.post('/unsubscribe/:token', { schema }, async ({ params }, reply) => {
    await unsubscribe(services, params.token)
    await setOwnLanguage(services, reply, checkUnsubscribe(services, params.token).subscriberId)
    return reply.view('unsubscribed', { reasons: reasonButtons(services, params.token) })
  })
}

const CAN_UNSUBSCRIBE = ['active', 'pending', 'bounced']

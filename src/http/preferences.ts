import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../errors.ts'
import type { Services } from '../services.ts'
import { readPreferences, savePreferences } from '../subscription/preferences.ts'
import { mintToken, verifyToken } from '../subscription/tokens.ts'
import { preferencesPage, readWishes } from './preferences-form.ts'
import { keepPrivate } from './security.ts'

/** What a link in a digest may change, since people forward mails: when and how much, a pause, and leaving. */
export const preferencesRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  keepPrivate(app)
  const params = z.object({ token: z.string() })

  /** A token for the same reader's way out. */
  const leaveLink = (token: string): string => {
    const { subscriberId } = verifyToken(services.keys, 'preferences', token)
    return `/unsubscribe/${mintToken(services.keys, 'unsubscribe', subscriberId, services.now())}`
  }

  const shown = { params, querystring: z.object({ saved: z.literal('').optional().catch(undefined) }) }
  app.get('/preferences/:token', { schema: shown }, async ({ params: { token }, query }, reply) => {
    const current = await readPreferences(services, token)
    return reply.view('preferences', {
      ...preferencesPage(current, services.now()),
      action: `/preferences/${token}`,
      leave: leaveLink(token),
      saved: query.saved !== undefined,
    })
  })

  const posted = { params, body: z.record(z.string(), z.unknown()).catch({}) }
  app.post('/preferences/:token', { schema: posted }, async ({ params: { token }, body }, reply) => {
    const { wishes, problems } = readWishes(body)
    try {
      if (Object.keys(problems).length === 0) {
        await savePreferences(services, token, wishes)
        return reply.redirect(`/preferences/${token}?saved=`, 303)
      }
    } catch (error) {
      if (!(error instanceof PaperboyError && error.code === 'BAD_PREFERENCE')) throw error
      // The form's own fields were checked; which zones there are, the database alone knows.
      problems.zone = error.message
    }
    const current = await readPreferences(services, token)
    return reply.code(422).view('preferences', {
      ...preferencesPage({ ...current, ...wishes }, services.now()),
      action: `/preferences/${token}`,
      leave: leaveLink(token),
      problems,
    })
  })
}

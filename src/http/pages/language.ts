import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../../runtime/services.ts'
import { cookieScope } from '../kit/base-path.ts'
import { inLanguage, LANGUAGE_COOKIE } from '../kit/language.ts'
import { isFromOwnSite } from '../kit/own-site.ts'
import { ownPath } from '../kit/params.ts'

const COOKIE_SECONDS = 365 * 86_400

/** The choice of a language at the foot of each page, which a cookie remembers. */
export const languageRoutes: FastifyPluginAsyncZod<Services> = async (app, { config }) => {
  // A browser may open the form's address again, after a restart.
  app.get('/language', async (_request, reply) => reply.redirect('/'))

  const body = z.object({ lang: z.enum(config.newsletter.languages), back: ownPath })
  app.post('/language', { schema: { body } }, async (request, reply) => {
    if (!isFromOwnSite(request, config.PUBLIC_URL)) return reply.redirect('/', 303)
    const { lang, back = '/' } = request.body
    const { name, path, secure } = cookieScope(config, LANGUAGE_COOKIE)
    reply.setCookie(name, lang, { path, secure, httpOnly: true, sameSite: 'lax', maxAge: COOKIE_SECONDS })
    return reply.redirect(inLanguage(back), 303)
  })
}

import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AddressError } from '../../mail/address.ts'
import type { Services } from '../../runtime/services.ts'
import { signUp } from '../../subscription/sign-up.ts'
import { TooManySignUps } from '../../subscription/signup-protection/screen-sign-up.ts'
import { readEvidence } from '../kit/evidence.ts'
import { inLanguage } from '../kit/language.ts'
import { securityHeaders } from '../kit/security.ts'
import { signUpBody, type Wish, wishesOf, wishFields, wishView, withWishes } from './sign-up-form.ts'

/** The sign-up form as a page for a frame on the sites of EMBED_ORIGINS. Whatever it answers can be shown in the frame. */
export const embedRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { EMBED_ORIGINS } = services.config
  const { directives } = securityHeaders(services.config).contentSecurityPolicy
  const framed = {
    contentSecurityPolicy: { useDefaults: false, directives: { ...directives, frameAncestors: EMBED_ORIGINS } },
    // It knows no list of origins. Browsers that know frame-ancestors ignore it, where it is sent.
    xFrameOptions: false,
  }
  // For the routes, not in a reply: an error too must be shown in the frame.
  const helmet = (EMBED_ORIGINS.length > 0 ? framed : undefined) as never

  function show(reply: FastifyReply, wish: Wish, more: object = {}) {
    return reply.header('x-robots-tag', 'noindex').view('embed', { ...wishView(wish, reply.locals!.t), ...more })
  }

  const querystring = z.object({ ...wishFields, sent: z.string().optional().catch(undefined) })
  app.get('/embed', { helmet, schema: { querystring } }, async ({ query }, reply) => {
    const again = inLanguage(withWishes('/embed', query, reply.locals!.t), reply.locals!.asked)
    return show(reply, query, { sent: query.sent !== undefined, slip: query.sent === 'slip', again })
  })

  app.post('/embed', { helmet, schema: { body: signUpBody } }, async ({ body, ip }, reply) => {
    const { locale, t, asked } = reply.locals!
    const { email: typed, zone } = body
    try {
      const request = {
        typed,
        zone,
        locale,
        origin: ip,
        wishes: wishesOf(body),
        evidence: readEvidence(services, body),
      }
      const { slip } = await signUp(services, request)
      return reply.redirect(inLanguage(withWishes(`/embed?sent=${slip ? 'slip' : ''}`, body, t), asked), 303)
    } catch (error) {
      if (error instanceof AddressError)
        return show(reply.code(422), body, { typed, problem: t.address[error.problem] })
      if (!(error instanceof TooManySignUps)) throw error
      reply.code(429).header('retry-after', error.retryAfterSeconds)
      return show(reply, body, { typed, problem: t.tooMany.text(Math.ceil(error.retryAfterSeconds / 60)) })
    }
  })
}

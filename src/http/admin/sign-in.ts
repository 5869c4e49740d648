import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PaperboyError } from '../../lib/errors.ts'
import { AddressError } from '../../mail/address.ts'
import { checkSignIn, requestSignIn, signIn, signOut } from '../../operate/admins/sessions.ts'
import type { Services } from '../../runtime/services.ts'
import { isFromOwnSite } from '../kit/own-site.ts'
import { cookieName, cookieOptions } from './guard.ts'

/** Requests per network in ten minutes. */
const MOST = { max: 10, timeWindow: 10 * 60_000 }

/** Sign-in by an emailed link, like readers: there is no password to lose. */
export const signInRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { config } = services

  const asked = { querystring: z.object({ sent: z.literal('').optional().catch(undefined) }) }
  app.get('/admin/sign-in', { schema: asked }, async ({ query }, reply) =>
    reply.view('admin/sign-in', { sent: query.sent !== undefined }),
  )

  const asking = { body: z.object({ email: z.string().catch('') }).catch({ email: '' }) }
  app.post('/admin/sign-in', { schema: asking, onRequest: app.rateLimit(MOST) }, async ({ body }, reply) => {
    try {
      await requestSignIn(services, body.email)
      return reply.redirect('/admin/sign-in?sent=', 303)
    } catch (error) {
      if (!(error instanceof AddressError)) throw error
      return reply
        .code(422)
        .view('admin/sign-in', { typed: body.email, problem: reply.locals!.t.address[error.problem] })
    }
  })

  const params = z.object({ token: z.string() })
  app.get('/admin/sign-in/:token', { schema: { params } }, async ({ params: { token } }, reply) => {
    try {
      const { address } = await checkSignIn(services, token)
      return await reply.view('admin/confirm-sign-in', { address, action: `/admin/sign-in/${token}` })
    } catch (error) {
      return refuse(reply, error)
    }
  })

  app.post('/admin/sign-in/:token', { schema: { params } }, async (request, reply) => {
    const { token } = request.params
    // Only the button on our page: a form elsewhere could sign a browser in as another person.
    if (!isFromOwnSite(request, config.PUBLIC_URL)) return reply.redirect(`/admin/sign-in/${token}`, 303)
    try {
      return await reply
        .setCookie(cookieName(services), await signIn(services, token), cookieOptions(services))
        .redirect('/admin', 303)
    } catch (error) {
      return refuse(reply, error)
    }
  })
}

export const signOutRoute: FastifyPluginAsyncZod<Services> = async (app, services) => {
  app.post('/admin/sign-out', async (request, reply) => {
    await signOut(services, request.admin!)
    return reply.clearCookie(cookieName(services), cookieOptions(services)).redirect('/admin/sign-in', 303)
  })
}

/** Shows why a link does not work, with the form for a new one. */
function refuse(reply: { code(status: number): { view(page: string, data: object): unknown } }, error: unknown) {
  if (!(error instanceof PaperboyError)) throw error
  return reply.code(error.code === 'TOKEN_EXPIRED' ? 410 : 404).view('admin/sign-in', { refused: error.message })
}

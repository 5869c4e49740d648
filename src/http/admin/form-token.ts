import { createHmac } from 'node:crypto'
import { fastifyCsrfProtection } from '@fastify/csrf-protection'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../../runtime/services.ts'
import { cookieScope } from '../kit/base-path.ts'
import { cookieOptions } from './guard.ts'

/**
 * Refuses every form that was not made for this browser and this session. Where a browser sends no Sec-Fetch-Site, `Origin: null`
 * proves nothing, and cookies do not tell a neighbouring port from ours.
 *
 * Templates find the token as `it.csrf()`, and send it in a hidden field named `_csrf`.
 */
export async function requireFormTokens(app: FastifyInstance, services: Pick<Services, 'config'>): Promise<void> {
  const { maxAge: _, ...cookieOpts } = cookieOptions(services)
  await app.register(fastifyCsrfProtection, {
    cookieKey: cookieScope(services.config, 'admin-form').name,
    cookieOpts,
    csrfOpts: {
      userInfo: true,
      hmacKey: createHmac('sha256', services.config.SECRET_KEY).update('admin form').digest('hex'),
    },
    getUserInfo: sessionOf,
  })
  app.addHook('onRequest', async (request, reply) => {
    // One for all forms of a page: each call makes a new secret while the browser has none.
    let token: string | undefined
    const csrf = () => (token ??= reply.generateCsrf({ userInfo: sessionOf(request) }))
    reply.locals = { ...reply.locals!, csrf } as NonNullable<FastifyReply['locals']>
  })
  // Before validation, which drops fields that a form's schema does not name.
  app.addHook('preValidation', (request, reply, done) => {
    if (request.method === 'GET' || request.method === 'HEAD') done()
    else app.csrfProtection(request, reply, done)
  })
}

export const isFormTokenError = (error: unknown): boolean =>
  String((error as { code?: unknown }).code).startsWith('FST_CSRF_')

/** A token is good for one session alone: one from the sign-in page opens nothing behind it. */
const sessionOf = (request: FastifyRequest): string => String(request.admin?.sessionId ?? 'not signed in')

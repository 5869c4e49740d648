import { createHmac } from 'node:crypto'
import { fastifyCsrfProtection } from '@fastify/csrf-protection'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../../runtime/services.ts'
import { cookieScope } from '../kit/base-path.ts'
import { cookieOptions } from './guard.ts'

/**
 * Rejects forms that were not made for this browser and session. The origin check is not enough: without Sec-Fetch-Site,
 * `Origin: null` proves nothing, and cookies do not distinguish ports.
 *
 * Templates get the token from `it.csrf()` and send it in a hidden field named `_csrf`.
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
    // One token for all forms of a page: each call makes a new secret until the browser has one.
    let token: string | undefined
    const csrf = () => (token ??= reply.generateCsrf({ userInfo: sessionOf(request) }))
    reply.locals = { ...reply.locals!, csrf } as NonNullable<FastifyReply['locals']>
  })
  // Before validation, which drops fields that a form's schema does not declare.
  app.addHook('preValidation', (request, reply, done) => {
    if (request.method === 'GET' || request.method === 'HEAD') done()
    else app.csrfProtection(request, reply, done)
  })
}

export const isFormTokenError = (error: unknown): boolean =>
  String((error as { code?: unknown }).code).startsWith('FST_CSRF_')

/** Binds a token to one session, so that a token of the sign-in page is not valid behind it. */
const sessionOf = (request: FastifyRequest): string => String(request.admin?.sessionId ?? 'not signed in')

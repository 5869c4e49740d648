import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Admin, adminOf, SESSION_HOURS } from '../../operate/admins/sessions.ts'
import type { Services } from '../../runtime/services.ts'
import { isFromOwnSite } from '../kit/own-site.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** who is signed in; there on every page behind the guard */
    admin?: Admin | undefined
  }
}

/** Lets nobody through who is not signed in, and no form that another site has sent. */
export function guardAdminPages(app: FastifyInstance, services: Services): void {
  app.addHook('onRequest', async (request, reply) => {
    const cookie = request.cookies[cookieName(services)]
    request.admin = cookie === undefined ? undefined : await adminOf(services, cookie)
    if (!request.admin) return reply.code(401).view('admin/sign-in', {})
    if (request.method !== 'GET' && request.method !== 'HEAD' && !isFromOwnSite(request, services.config.PUBLIC_URL))
      return reply.code(403).view('admin/problem', {
        title: 'That came from elsewhere',
        words: 'Only forms of these pages change anything. Nothing was changed.',
      })
    reply.locals = { ...reply.locals!, admin: request.admin.address } as NonNullable<FastifyReply['locals']>
  })
}

/** Who did it, for the audit log. */
export const actor = (request: FastifyRequest): string => request.admin!.address

type Where = Pick<Services, 'config'>

/** `__Host-`: no other site on the domain can set it (RFC 6265bis § 4.1.3.2); browsers take that on HTTPS alone. */
export const cookieName = ({ config }: Where): string => (isSecure({ config }) ? '__Host-admin' : 'admin')

/** Strict: these pages are reached from nowhere but themselves. */
export const cookieOptions = ({ config }: Where) =>
  ({
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: isSecure({ config }),
    maxAge: SESSION_HOURS * 3600,
  }) as const

export const isSecure = ({ config }: Where): boolean => config.PUBLIC_URL.startsWith('https:')

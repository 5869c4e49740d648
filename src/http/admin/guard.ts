import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Admin, adminOf, SESSION_HOURS } from '../../operate/admins/sessions.ts'
import type { Services } from '../../runtime/services.ts'
import { isFromOwnSite } from '../kit/own-site.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** the signed-in admin; set on every page behind the guard */
    admin?: Admin | undefined
  }
}

/** Rejects requests without a signed-in admin, and forms sent from another site. */
export function guardAdminPages(app: FastifyInstance, services: Services): void {
  app.addHook('onRequest', async (request, reply) => {
    const cookie = request.cookies[cookieName(services)]
    request.admin = cookie === undefined ? undefined : await adminOf(services, cookie)
    if (!request.admin) return reply.code(401).view('admin/sign-in', {})
    if (request.method !== 'GET' && request.method !== 'HEAD' && !isFromOwnSite(request, services.config.PUBLIC_URL))
      return reply.code(403).view('admin/problem', {
        title: 'This form came from another site',
        words: 'Nothing was changed. Open the admin pages here and try again.',
      })
    reply.locals = { ...reply.locals!, admin: request.admin.address } as NonNullable<FastifyReply['locals']>
  })
}

/** The signed-in address, for the audit log. */
export const actor = (request: FastifyRequest): string => request.admin!.address

type Where = Pick<Services, 'config'>

/** `__Host-`: no other site on the domain can set it (RFC 6265bis § 4.1.3.2); browsers take that on HTTPS alone. */
export const cookieName = ({ config }: Where): string => (isSecure({ config }) ? '__Host-admin' : 'admin')

/** Strict: only these pages link to each other. */
export const cookieOptions = ({ config }: Where) =>
  ({
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: isSecure({ config }),
    maxAge: SESSION_HOURS * 3600,
  }) as const

const isSecure = ({ config }: Where): boolean => config.PUBLIC_URL.startsWith('https:')

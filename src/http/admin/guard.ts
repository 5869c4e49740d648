import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Admin, findAdmin, SESSION_HOURS } from '../../operate/admins/sessions.ts'
import type { Services } from '../../runtime/services.ts'
import { cookieScope } from '../kit/base-path.ts'
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
    request.admin = await adminOf(services, request)
    if (!request.admin) return reply.code(401).view('admin/sign-in', {})
    if (request.method !== 'GET' && request.method !== 'HEAD' && !isFromOwnSite(request, services.config.PUBLIC_URL))
      return reply.code(403).view('admin/problem', {
        title: 'This form came from another site',
        message: 'Nothing was changed. Open the admin pages here and try again.',
      })
    reply.locals = { ...reply.locals!, admin: request.admin.address } as NonNullable<FastifyReply['locals']>
  })
}

/** Returns the signed-in admin who sent a request, which need not be behind the guard. */
export async function adminOf(services: Services, { cookies }: FastifyRequest): Promise<Admin | undefined> {
  const cookie = cookies[cookieName(services)]
  return cookie === undefined ? undefined : findAdmin(services, cookie)
}

/** The signed-in address, for the audit log. */
export const actor = (request: FastifyRequest): string => request.admin!.address

type Where = Pick<Services, 'config'>

export const cookieName = ({ config }: Where): string => cookieScope(config, 'admin').name

/** Alerts link to admin pages: a strict cookie would not come along from webmail. Forms of other sites are refused above. */
export function cookieOptions({ config }: Where) {
  const { path, secure } = cookieScope(config, 'admin')
  return { path, httpOnly: true, sameSite: 'lax', secure, maxAge: SESSION_HOURS * 3600 } as const
}

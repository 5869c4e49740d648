import type { FastifyInstance } from 'fastify'
import type { Config } from '../../runtime/config/config.ts'

type Where = Pick<Config, 'PUBLIC_URL'>

declare module 'fastify' {
  interface FastifyRequest {
    /** answered with a page that was kept, whose links are written already */
    isCached: boolean
  }
}

/** "/paperboy" of `https://example.org/paperboy`; empty at the root. */
export const basePath = ({ PUBLIC_URL }: Where): string => new URL(PUBLIC_URL).pathname.replace(/\/+$/, '')

/** What a browser follows or sends by itself. A hidden field's path comes back to us and is written into a redirect then. */
const LINK = /(\s(?:href|action|formaction|src|poster|data-href|data-src)=")\/(?!\/)/g

/**
 * Where PUBLIC_URL has a path, writes it in front of every link of a page and every redirect, in the one place that all of them pass:
 * routes and templates know nothing of it, as the proxy in front strips it from requests.
 */
export function prependBasePath(app: FastifyInstance, config: Where): void {
  app.decorateRequest('isCached', false)
  const base = basePath(config)
  if (base === '') return
  app.addHook('onSend', async (request, reply, body) => {
    const location = reply.getHeader('location')
    if (typeof location === 'string' && /^\/(?!\/)/.test(location)) reply.header('location', base + location)
    const isPage = String(reply.getHeader('content-type')).startsWith('text/html')
    if (!isPage || request.isCached || typeof body !== 'string') return body
    reply.removeHeader('content-length')
    return body.replace(LINK, `$1${base}/`)
  })
}

/**
 * A cookie's name and path. `__Host-`: no other site on the domain can set it (RFC 6265bis § 4.1.3.2); browsers take that on HTTPS and for
 * the whole host alone, so that below a path it is `__Secure-`, and stays apart from what else the host serves.
 */
export function cookieScope(config: Where, name: string): { name: string; path: string; secure: boolean } {
  const path = basePath(config) || '/'
  const secure = config.PUBLIC_URL.startsWith('https:')
  const prefix = path === '/' ? '__Host-' : '__Secure-'
  return { name: secure ? prefix + name : name, path, secure }
}

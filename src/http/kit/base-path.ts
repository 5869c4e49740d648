import type { FastifyInstance } from 'fastify'
import type { Config } from '../../runtime/config/config.ts'

type Where = Pick<Config, 'PUBLIC_URL'>

/** The path of PUBLIC_URL: "/paperboy" for `https://example.org/paperboy`, empty at the root. */
export const basePath = ({ PUBLIC_URL }: Where): string => new URL(PUBLIC_URL).pathname.replace(/\/+$/, '')

/** Attributes that a browser follows or submits to. Paths in hidden fields come back to us and become redirects. */
const LINK = /(\s(?:href|action|formaction|src|srcset|poster|data-href|data-src)=")\/(?!\/)/g

/**
 * Puts the path of PUBLIC_URL in front of every link and redirect, in one hook for all responses. Routes and templates do not
 * know the path, because the proxy strips it from requests.
 */
export function prependBasePath(app: FastifyInstance, config: Where): void {
  const base = basePath(config)
  if (base === '') return
  app.addHook('onSend', async (_request, reply, body) => {
    const location = reply.getHeader('location')
    if (typeof location === 'string' && /^\/(?!\/)/.test(location)) reply.header('location', base + location)
    const isPage = String(reply.getHeader('content-type')).startsWith('text/html')
    if (!isPage || typeof body !== 'string') return body
    reply.removeHeader('content-length')
    return body.replace(LINK, `$1${base}/`)
  })
}

/**
 * Returns a cookie's name, path and `secure` flag. With `__Host-`, no other site on the domain can set it (RFC 6265bis
 * § 4.1.3.2). Browsers accept that prefix only on HTTPS and for path `/`; below a path the prefix is `__Secure-`.
 */
export function cookieScope(config: Where, name: string): { name: string; path: string; secure: boolean } {
  const path = basePath(config) || '/'
  const secure = config.PUBLIC_URL.startsWith('https:')
  const prefix = path === '/' ? '__Host-' : '__Secure-'
  return { name: secure ? prefix + name : name, path, secure }
}

import type { FastifyRequest } from 'fastify'

/**
 * Whether a form was sent from this site, as far as the browser says. `SameSite=Lax` keeps our cookie off other sites' posts
 * already; this refuses neighbours on the same domain, and old browsers' mistakes. No token in the form, so that a list page
 * stays the same for everybody and can be kept. (`Origin` is "null" under our own `Referrer-Policy: no-referrer`.)
 */
export function isFromOwnSite({ headers }: Pick<FastifyRequest, 'headers'>, publicUrl: string): boolean {
  const site = headers['sec-fetch-site']
  if (typeof site === 'string') return site === 'same-origin' || site === 'none'
  return headers.origin === undefined || headers.origin === 'null' || headers.origin === new URL(publicUrl).origin
}

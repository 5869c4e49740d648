import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Returns whether the browser says that a form was sent from this site. `SameSite=Lax` already keeps our cookie off other
 * sites' posts; this also rejects other hosts of the same domain and old browsers. The form has no token, so list pages can be
 * cached. (`Origin` is "null" under our own `Referrer-Policy: no-referrer`.)
 */
export function isFromOwnSite({ headers }: Pick<FastifyRequest, 'headers'>, publicUrl: string): boolean {
  const site = headers['sec-fetch-site']
  if (typeof site === 'string') return site === 'same-origin' || site === 'none'
  return headers.origin === undefined || headers.origin === 'null' || headers.origin === new URL(publicUrl).origin
}

export function refuseCrossSite(reply: FastifyReply): FastifyReply {
  const { vote } = reply.locals!.t
  return reply.code(403).view('message', { heading: vote.elsewhere, text: vote.elsewhereText })
}

import type { FastifyInstance } from 'fastify'

/** A token (`mintToken`) and what may follow it. A tail may begin with characters that tokens have: the length ends the token. */
const WITH_TAIL = /^([\w-]{46}|[\w-]{35})(?:[_-]*[^\w-].*|[_-]+)$/s

/** Encodes a percent sign at the end of a link, which no server can decode. Every other one that stands alone is malformed. */
export const encodePercentTail = (url: string): string => url.replace(/(?<=[\w-]{35})%(?=[?#]|$)/, '%25')

/**
 * Takes off what email programs add to a link in plain text: a full stop, a bracket, "&amp;". A page behind a token is redirected to its
 * link; other requests count as sent to it, because a POST to an unsubscribe link always works. The API takes tokens as they are.
 * @param app the root app, before any route
 */
export function dropLinkTails(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const params = request.params as { token?: string }
    const [, token] = WITH_TAIL.exec(params.token ?? '') ?? []
    if (token === undefined || request.url.startsWith('/api/')) return
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      params.token = token
      return
    }
    const link = request.originalUrl.replace(new RegExp(`/${token}[^/?#]+`), `/${token}`)
    // A token in another spelling, such as %41 for A, is not found in the address.
    if (link !== request.originalUrl) return reply.redirect(link, 302)
  })
}

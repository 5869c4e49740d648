import type { FastifyInstance } from 'fastify'

/** A token (`mintToken`) and what may follow it. A tail may begin with characters that tokens have: the length ends the token. */
const WITH_TAIL = /^([\w-]{46}|[\w-]{35})(?:[_-]*[^\w-].*|[_-]+)$/s

/**
 * Encodes a percent sign at the end of a link to a token or a day, which no server can decode. Every other one that stands alone is
 * malformed.
 */
export const encodePercentTail = (url: string): string => url.replace(/(?<=[\w-]{10})%(?=[?#]|$)/, '%25')

/** The other links of emails that stand at the end of a line: to a list and an edition, with a tail. */
const LIST_WITH_TAIL =
  /^(\/(?:editions\/[\d-]{10}(?:\?kind=weekly)?|papers\?(?:date=[\d-]{10}|week=\d{4}-W\d\d)))(?:[.,;:!)\]>"*=_]|%(?!27)|&amp;)/i

/**
 * Takes off what email programs add to a link in plain text: a full stop, a bracket, "&amp;". A page is redirected to its link. Other
 * requests count as sent to their token, because a POST to an unsubscribe link always works. The API takes tokens as they are.
 * @param app the root app, before any route
 */
export function dropLinkTails(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const [, list] = LIST_WITH_TAIL.exec(request.originalUrl) ?? []
    if (list !== undefined && isRead) return reply.redirect(list, 302)
    const params = request.params as { token?: string }
    const [, token] = WITH_TAIL.exec(params.token ?? '') ?? []
    if (token === undefined || request.url.startsWith('/api/')) return
    if (!isRead) {
      params.token = token
      return
    }
    const link = request.originalUrl.replace(new RegExp(`/${token}[^/?#]+`), `/${token}`)
    // A token in another spelling, such as %41 for A, is not found in the address.
    if (link !== request.originalUrl) return reply.redirect(link, 302)
  })
}

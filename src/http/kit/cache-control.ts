import type { FastifyReply } from 'fastify'
import type { ReaderRequest } from '../reader/reader.ts'

/**
 * Lets caches store a public page, which varies by language. A page with a reader's own votes is never cached.
 *
 * @param seconds how long; a list may be one minute old
 */
export function setCacheControl(reader: ReaderRequest['reader'], reply: FastifyReply, seconds = 60): FastifyReply {
  reply.header('vary', 'accept-language, cookie')
  return reader === undefined ? reply.header('cache-control', `public, max-age=${seconds}`) : reply
}

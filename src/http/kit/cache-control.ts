import type { FastifyReply } from 'fastify'
import type { ReaderRequest } from '../reader/reader.ts'

/**
 * How long a page may be kept. A page for everybody differs by language alone; one that shows a reader's own votes is theirs, and
 * kept by nobody.
 *
 * @param seconds a minute old is new enough for a list
 */
export function setCacheControl(reader: ReaderRequest['reader'], reply: FastifyReply, seconds = 60): FastifyReply {
  reply.header('vary', 'accept-language, cookie')
  return reader === undefined ? reply.header('cache-control', `public, max-age=${seconds}`) : reply
}

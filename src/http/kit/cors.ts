import type { FastifyReply } from 'fastify'

/** Lets pages of any site read a public response. No cookie is sent along, so it is the same for everyone. */
export const openToOtherSites = (reply: FastifyReply): FastifyReply =>
  reply.headers({ 'access-control-allow-origin': '*', 'access-control-expose-headers': 'etag, retry-after' })

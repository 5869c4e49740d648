import { fastifyEtag } from '@fastify/etag'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { compressPublicTexts } from './compress.ts'

/** A tag of If-None-Match without its mark of a weak one: it counts like a strong one (RFC 9110 § 13.1.2). */
const TAG = /"[^"]*"/g

/**
 * Saves the transfer of one plugin's texts: 304 to a client that has the same, and public ones are compressed. Tags are weak, since a
 * text has the same tag in each encoding.
 */
export async function saveTransfer(part: FastifyInstance): Promise<void> {
  // The plugin compares with a single tag, and would answer 304 instead of an error that comes again.
  await part.register(fastifyEtag, { weak: true, replyWith304: false })
  part.addHook('onSend', (request, reply, body, done) => {
    if (reply.statusCode !== 200 || !isKnown(request, reply.getHeader('etag'))) return done(null, body)
    reply.code(304)
    // Fastify takes the size for HEAD from the body, which it does not send.
    done(null, request.method === 'HEAD' ? body : null)
  })
  compressPublicTexts(part)
}

function isKnown({ headers }: Pick<FastifyRequest, 'headers'>, tag: unknown): boolean {
  const asked = headers['if-none-match']
  if (asked === undefined || typeof tag !== 'string') return false
  return asked.trim() === '*' || [...asked.matchAll(TAG)].some(([each]) => each === tag.replace('W/', ''))
}

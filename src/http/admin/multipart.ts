import type { FastifyInstance, FastifyRequest } from 'fastify'

/**
 * Parses uploads for the routes of this scope. A form with a file needs multipart/form-data; the platform has a parser for it. It needs
 * the whole body in memory, so the limit is small and only signed-in admins get here.
 *
 * @param bytes the largest body
 */
export function parseUploads(app: FastifyInstance, bytes: number): void {
  app.addContentTypeParser(
    'multipart/form-data',
    { parseAs: 'buffer', bodyLimit: bytes },
    async (request: FastifyRequest, body: Buffer) => {
      const headers = { 'content-type': request.headers['content-type']! }
      try {
        const form = await new Response(new Uint8Array(body), { headers }).formData()
        return Object.fromEntries(form)
      } catch (error) {
        throw Object.assign(new Error('This form could not be read.', { cause: error }), { statusCode: 400 })
      }
    },
  )
}

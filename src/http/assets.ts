import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fastifyStatic } from '@fastify/static'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

const FOLDER = join(import.meta.dirname, 'assets')
const FILES = readdirSync(FOLDER).sort()

/** Changes with any of the files, so that a browser may keep them for good. */
const VERSION = FILES.reduce((hash, file) => hash.update(readFileSync(join(FOLDER, file))), createHash('sha256'))
  .digest('hex')
  .slice(0, 10)

/** The path that pages link under. */
export const ASSETS = `/assets/${VERSION}`

export const assetRoutes: FastifyPluginAsyncZod = async (app) => {
  await app.register(fastifyStatic, { root: FOLDER, serve: false })
  const schema = { params: z.object({ version: z.string(), file: z.string() }) }
  app.get('/assets/:version/:file', { schema }, async ({ params }, reply) => {
    if (!FILES.includes(params.file)) return reply.callNotFound()
    // While versions roll over, a page may ask the other one for its files: it gets ours, but must not keep them under that name.
    const own = params.version === VERSION
    return reply
      .header('cache-control', own ? 'public, max-age=31536000, immutable' : 'no-store')
      .sendFile(params.file, { cacheControl: false })
  })
}

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fastifyStatic } from '@fastify/static'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

const FOLDER = join(import.meta.dirname, '../assets')
/** ALTCHA's web worker, which solves the challenges of the sign-up form. */
const SOLVER = { name: 'solver.js', path: fileURLToPath(import.meta.resolve('altcha/workers/pbkdf2')) }
const FILES = [...readdirSync(FOLDER).sort(), SOLVER.name]
const pathOf = (file: string): string => (file === SOLVER.name ? SOLVER.path : join(FOLDER, file))

/** A hash of all files, so that browsers may cache them forever. */
const VERSION = FILES.reduce((hash, file) => hash.update(readFileSync(pathOf(file))), createHash('sha256'))
  .digest('hex')
  .slice(0, 10)

/** The base path of assets in pages. */
export const ASSETS_PATH = `/assets/${VERSION}`

export const assetRoutes: FastifyPluginAsyncZod = async (app) => {
  await app.register(fastifyStatic, { root: FOLDER, serve: false })
  const schema = { params: z.object({ version: z.string(), file: z.string() }) }
  app.get('/assets/:version/:file', { schema }, async ({ params }, reply) => {
    if (!FILES.includes(params.file)) return reply.callNotFound()
    // During a rollout, a page may request the other version's files. It gets ours, but must not cache them.
    const own = params.version === VERSION
    const path = pathOf(params.file)
    return reply
      .header('cache-control', own ? 'public, max-age=31536000, immutable' : 'no-store')
      .sendFile(basename(path), dirname(path), { cacheControl: false })
  })
}

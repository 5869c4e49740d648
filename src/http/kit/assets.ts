import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { compressPublicTexts } from './compress.ts'

const FOLDER = join(import.meta.dirname, '../assets')
const FONTS = join(FOLDER, 'fonts')
/** ALTCHA's web worker, which solves the challenges of the sign-up form. */
const SOLVER = fileURLToPath(import.meta.resolve('altcha/workers/pbkdf2'))

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

const filesIn = (folder: string): [string, string][] =>
  readdirSync(folder)
    .filter((file) => extname(file) in TYPES)
    .sort()
    .map((file) => [file, join(folder, file)])

/** Every asset by name, in memory: together they are smaller than a photo. */
const FILES = new Map(
  [...filesIn(FOLDER), ...filesIn(FONTS), ['solver.js', SOLVER] as const].map(([name, path]) => [
    name,
    { body: readFileSync(path), type: TYPES[extname(name)]! },
  ]),
)

/** A hash of all files, so that browsers may cache them forever. */
const VERSION = [...FILES.values()]
  .reduce((hash, { body }) => hash.update(body), createHash('sha256'))
  .digest('hex')
  .slice(0, 10)

/** The base path of assets in pages. */
export const ASSETS_PATH = `/assets/${VERSION}`

export const assetRoutes: FastifyPluginAsyncZod = async (app) => {
  compressPublicTexts(app)
  const schema = { params: z.object({ version: z.string(), file: z.string() }) }
  app.get('/assets/:version/:file', { schema }, async ({ params }, reply) => {
    const file = FILES.get(params.file)
    if (!file) return reply.callNotFound()
    // During a rollout, a page may request the other version's files. It gets ours, but must not cache them.
    const own = params.version === VERSION
    return reply
      .header('cache-control', own ? 'public, max-age=31536000, immutable' : 'no-store')
      .type(file.type)
      .send(file.body)
  })

  // Browsers ask for these by name. They are not versioned, so a day's caching is enough.
  for (const [path, name] of Object.entries({
    '/favicon.ico': 'icon-32.png',
    '/apple-touch-icon.png': 'apple-touch-icon.png',
  })) {
    const { body, type } = FILES.get(name)!
    app.get(path, async (_request, reply) =>
      reply.header('cache-control', 'public, max-age=86400').type(type).send(body),
    )
  }

  // The pages of other sites load this one, so its name stays.
  const embed = FILES.get('embed.js')!
  app.get('/embed.js', async (_request, reply) =>
    reply
      .headers({ 'cache-control': 'public, max-age=3600', 'cross-origin-resource-policy': 'cross-origin' })
      .type(embed.type)
      .send(embed.body),
  )

  app.get('/manifest.webmanifest', async (_request, reply) =>
    reply
      .header('cache-control', 'public, max-age=86400')
      .type('application/manifest+json; charset=utf-8')
      .send(JSON.stringify(MANIFEST)),
  )
}

/** Lets phones install the site. Its URLs are relative, since the service may live below a path. */
const MANIFEST = {
  id: './',
  start_url: './',
  scope: './',
  name: 'Paperboy',
  short_name: 'Paperboy',
  display: 'minimal-ui',
  background_color: '#fbf9f4',
  theme_color: '#fbf9f4',
  icons: [
    { src: `.${ASSETS_PATH}/icon-192.png`, sizes: '192x192', type: 'image/png' },
    { src: `.${ASSETS_PATH}/icon-512.png`, sizes: '512x512', type: 'image/png' },
    { src: `.${ASSETS_PATH}/icon-maskable.png`, sizes: '512x512', type: 'image/png', purpose: 'maskable' },
  ],
}

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Config } from '../../runtime/config/config.ts'
import { DEFAULT_NEWSLETTER, type Newsletter } from '../../runtime/config/newsletter.ts'
import { type Asset, brandFiles, type Icons, iconsOf, manifestOf, paletteCss } from './brand.ts'
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

/** The files that pages load, under a path that changes with any of them. */
export interface Assets {
  path: string
  files: ReadonlyMap<string, Asset>
  icons: Icons
}

const filesIn = (folder: string): [string, string][] =>
  readdirSync(folder)
    .filter((file) => extname(file) in TYPES)
    .sort()
    .map((file) => [file, join(folder, file)])

/** Every file of ours by name, in memory: together they are smaller than a photo. */
const OWN_FILES: ReadonlyMap<string, Asset> = new Map(
  [...filesIn(FOLDER), ...filesIn(FONTS), ['solver.js', SOLVER] as const].map(([name, path]) => [
    name,
    { body: readFileSync(path), type: TYPES[extname(name)]! },
  ]),
)

/** Returns the files with the operator's style sheets, and a newsletter's colours, logo and icons. */
export function loadAssets({ newsletter, templates }: Pick<Config, 'newsletter' | 'templates'>): Assets {
  const files = new Map(OWN_FILES)
  for (const [name, file] of files) {
    const own = templates.files.get(`css/${name}`)
    if (own !== undefined) files.set(name, { ...file, body: Buffer.from(own) })
  }
  if (newsletter !== DEFAULT_NEWSLETTER) {
    const style = files.get('style.css')!
    files.set('style.css', { ...style, body: Buffer.concat([style.body, Buffer.from(paletteCss(newsletter.palette))]) })
    for (const [name, file] of brandFiles(newsletter)) files.set(name, file)
  }
  const hash = createHash('sha256')
  for (const { body } of files.values()) hash.update(body)
  return { path: `/assets/${hash.digest('hex').slice(0, 10)}`, files, icons: iconsOf(newsletter) }
}

/** Nothing in an SVG may run or load anything, also when it is opened by itself. */
const SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

export const assetRoutes: FastifyPluginAsyncZod<{ assets: Assets; newsletter: Newsletter }> = async (
  app,
  { assets: { path, files, icons }, newsletter },
) => {
  compressPublicTexts(app)
  const schema = { params: z.object({ version: z.string(), file: z.string() }) }
  app.get('/assets/:version/:file', { schema }, async ({ params }, reply) => {
    const file = files.get(params.file)
    if (!file) return reply.callNotFound()
    if (file.type === TYPES['.svg']) reply.header('content-security-policy', SVG_POLICY)
    // During a rollout, a page may request the other version's files. It gets ours, but must not cache them.
    const own = `/assets/${params.version}` === path
    return reply
      .header('cache-control', own ? 'public, max-age=31536000, immutable' : 'no-store')
      .type(file.type)
      .send(file.body)
  })

  // Browsers ask for these by name. They are not versioned, so a day's caching is enough.
  for (const [address, name] of Object.entries({ '/favicon.ico': icons.tab, '/apple-touch-icon.png': icons.apple })) {
    const file = name && files.get(name)
    if (file)
      app.get(address, async (_request, reply) =>
        reply.header('cache-control', 'public, max-age=86400').type(file.type).send(file.body),
      )
  }

  // The pages of other sites load this one, so its name stays.
  const embed = files.get('embed.js')!
  app.get('/embed.js', async (_request, reply) =>
    reply
      .headers({ 'cache-control': 'public, max-age=3600', 'cross-origin-resource-policy': 'cross-origin' })
      .type(embed.type)
      .send(embed.body),
  )

  const manifest = JSON.stringify(manifestOf(newsletter, path, icons))
  app.get('/manifest.webmanifest', async (_request, reply) =>
    reply
      .header('cache-control', 'public, max-age=86400')
      .type('application/manifest+json; charset=utf-8')
      .send(manifest),
  )
}

import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { ListedRow } from '../../papers/lists/listed-rows.ts'
import { readThumbnail, type Size } from '../../papers/thumbnails/read-thumbnail.ts'
import type { Services } from '../../runtime/services.ts'
import { cookieScope } from '../kit/base-path.ts'
import { isFromOwnSite } from '../kit/own-site.ts'
import { ownPath } from '../kit/params.ts'
import { PICTURES_COOKIE } from '../kit/pictures.ts'

/** Bytes of pictures kept in memory: those of a month of lists. */
const KEPT_BYTES = 16 * 1024 * 1024
const COOKIE_SECONDS = 365 * 86_400

/** The pictures of papers, and the choice to see none, which a cookie remembers. */
export const thumbnailRoutes: FastifyPluginAsyncZod<Services> = async (app, { db, config }) => {
  const kept = new LRUCache<string, Buffer>({ maxSize: KEPT_BYTES, sizeCalculation: ({ length }) => length })

  const schema = {
    params: z.object({
      id: z.coerce.number().int().min(1).max(1e15),
      file: z.string().regex(/^[0-9a-f]{16}-(?:small|large)\.webp$/),
    }),
  }
  app.get('/thumbnails/:id/:file', { schema, attachValidation: true }, async (request, reply) => {
    if (request.validationError) return reply.callNotFound()
    const { id: paperId, file } = request.params
    const [hash, size] = file.replace('.webp', '').split('-') as [string, Size]
    const key = `${paperId} ${file}`
    const picture = kept.get(key) ?? (await readThumbnail(db, { paperId, hash, size }))
    if (!picture) return reply.callNotFound()
    kept.set(key, picture)
    return reply
      .headers({
        'cache-control': 'public, max-age=31536000, immutable',
        'cross-origin-resource-policy': 'same-origin',
      })
      .type('image/webp')
      .send(picture)
  })

  // A browser may open the form's address again, after a restart.
  app.get('/pictures', async (_request, reply) => reply.redirect('/'))

  const body = z.object({ show: z.enum(['on', 'off']), back: ownPath })
  app.post('/pictures', { schema: { body } }, async (request, reply) => {
    if (!isFromOwnSite(request, config.PUBLIC_URL)) return reply.redirect('/', 303)
    const { name, path, secure } = cookieScope(config, PICTURES_COOKIE)
    const options = { path, secure, httpOnly: true, sameSite: 'lax' } as const
    if (request.body.show === 'off') reply.setCookie(name, 'off', { ...options, maxAge: COOKIE_SECONDS })
    else reply.clearCookie(name, options)
    return reply.redirect(request.body.back ?? '/', 303)
  })
}

/** In CSS pixels: the box of a picture in a list, and beside a paper. */
const BOXES = { small: { width: 112, height: 150 }, large: { width: 336, height: 450 } }

/** A paper's picture with its size, so that a page does not move when it comes. */
export function pictureOf({ id, thumbnail }: Pick<ListedRow, 'id' | 'thumbnail'>, size: Size) {
  if (!thumbnail) return undefined
  const { hash, width, height } = thumbnail
  const box = BOXES[size]
  const scale = Math.min(1, box.width / width, box.height / height)
  const path = (each: Size) => `/thumbnails/${id}/${hash}-${each}.webp`
  return {
    src: path(size),
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  }
}

import type { FastifyInstance } from 'fastify'
import type { Config } from '../../runtime/config/config.ts'
import { cookieScope } from './base-path.ts'

export const PICTURES_COOKIE = 'pictures'

/** Tells templates whether to show pictures (`it.pictures`), and whether a visitor may choose (`it.picturesChoice`). */
export function offerPictures(app: FastifyInstance, config: Pick<Config, 'PUBLIC_URL' | 'THUMBNAILS'>): void {
  if (!config.THUMBNAILS) return
  const { name } = cookieScope(config, PICTURES_COOKIE)
  app.addHook('onRequest', async (request, reply) => {
    const pictures = request.cookies[name] !== 'off'
    // The address of a page that a token opens must not be in the page.
    const hasToken = Object.hasOwn(request.params as object, 'token')
    const back = request.method === 'POST' || hasToken ? '/' : request.url
    reply.locals = { ...reply.locals!, pictures, picturesChoice: { show: pictures ? 'off' : 'on', back } }
  })
}

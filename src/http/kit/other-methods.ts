import type { FastifyInstance } from 'fastify'

/**
 * Answers a known path 405 with Allow for a method that it does not have, and OPTIONS with Allow alone (RFC 9110 § 15.5.6). The
 * router knows each method's paths only, and answers 404.
 * @param app the root app, before any route
 */
export function answerOtherMethods(app: FastifyInstance): void {
  const routes: { path: RegExp; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => void routes.push({ path: patternOf(url), methods: [method].flat() }))
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return
    const path = request.url.replace(/[?#].*$/, '')
    const allowed = new Set(routes.flatMap((route) => (route.path.test(path) ? route.methods : [])))
    if (allowed.size === 0) return
    reply.header('allow', [...allowed, 'OPTIONS'].join(', '))
    if (request.method === 'OPTIONS') return reply.code(204).send()
    throw Object.assign(new Error('This path does not have this method.'), { statusCode: 405 })
  })
}

/** "/papers/:id/cite.bib" → a pattern of its paths, with or without a slash at the end. */
const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/[.+()]/g, '\\$&')
      .replace(/:\w+/g, '[^/]+')
      .replace('*', '.*')
      .replace(/\/$/, '')}/?$`,
  )

import type { FastifyError, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Services } from '../../runtime/services.ts'
import { clientErrorHandler } from './client-errors.ts'
import { encodePaperId } from './paper-id-paths.ts'
import { RouteLogController, requestLogger } from './request-log.ts'

const SECONDS = 1000

/** Enough for most forms: readers post addresses and choices. Routes that take more say so. */
const BODY_BYTES = 16 * 1024

export const serverOptions = ({ config, log }: Pick<Services, 'config' | 'log'>): FastifyServerOptions => ({
  loggerInstance: requestLogger(log),
  logController: new RouteLogController(),
  // Trusted proxies by address or network. Without any, X-Forwarded-For is ignored.
  trustProxy: config.TRUST_PROXY.length > 0 && config.TRUST_PROXY,
  bodyLimit: BODY_BYTES,
  rewriteUrl: ({ url }) => encodePaperId(url ?? '/'),
  requestTimeout: 30 * SECONDS,
  // Longer than a proxy keeps an idle connection: nginx 60 seconds, Traefik 90, Caddy 120. A request that the proxy sends while we close
  // is lost, and its reader gets 502.
  keepAliveTimeout: 130 * SECONDS,
  connectionTimeout: 60 * SECONDS,
  // While draining, requests on open connections still get their answer; then the connection closes.
  return503OnClosing: false,
  // As long as a request line may be, so that an overlong token gets the page for unknown links.
  routerOptions: { ignoreTrailingSlash: true, maxParamLength: BODY_BYTES },
  frameworkErrors: malformedUrl(config.PUBLIC_URL),
  clientErrorHandler,
  schemaController: zodCompilers as NonNullable<FastifyServerOptions['schemaController']>,
})

/** Among the options: before `setValidatorCompiler`, Fastify would load its own compilers, a hundred files. Its types know only those. */
const zodCompilers: object = {
  compilersFactory: { buildValidator: () => validatorCompiler, buildSerializer: () => serializerCompiler },
}

/** Runs before routing, so without hooks and templates: plain text, or a problem of the API. */
const malformedUrl =
  (frontPage: string) =>
  (_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    reply.code(400).headers({ 'content-security-policy': "default-src 'none'", 'cache-control': 'no-store' })
    if (request.raw.url?.startsWith('/api/')) {
      const problem = { title: 'Bad Request', status: 400, detail: 'This URL is not well formed.' }
      reply.type('application/problem+json').send(JSON.stringify(problem))
      return
    }
    reply
      .type('text/plain; charset=utf-8')
      .send(
        `This address is not well formed: a part of it was cut off or changed. The front page is at ${frontPage}/\n`,
      )
  }

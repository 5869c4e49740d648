import type { Server } from 'node:http'
import type { FastifyError, FastifyHttpOptions, FastifyReply, FastifyRequest } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { networkMatcher } from '../../lib/network.ts'
import type { Services } from '../../runtime/services.ts'
import { clientErrorHandler } from './client-errors.ts'
import { encodePercentTail } from './link-tail.ts'
import { RouteLogController, requestLogger } from './request-log.ts'
import { encodeSlashes } from './slashes-in-paths.ts'

const SECONDS = 1000

/** Enough for most forms: readers post addresses and choices. Routes that take more say so. */
const BODY_BYTES = 16 * 1024

/** How long a file may take to come, in milliseconds: the `handlerTimeoutMs` of routes that take one. Some lines are slow. */
export const UPLOAD_MS = 5 * 60 * SECONDS

/**
 * How long a handler may wait for a relay or a source, in milliseconds, so that its page says what that server did. At
 * `connectionTimeout`, the connection would end without an answer.
 */
export const OTHER_SERVER_MS = 50 * SECONDS

export const serverOptions = ({ config, log }: Pick<Services, 'config' | 'log'>): FastifyHttpOptions<Server> => ({
  loggerInstance: requestLogger(log),
  logController: new RouteLogController(),
  // Without trusted proxies, X-Forwarded-For is ignored. Fastify's own comparison knows no address with a port.
  trustProxy: config.TRUST_PROXY.length > 0 && networkMatcher(config.TRUST_PROXY),
  bodyLimit: BODY_BYTES,
  rewriteUrl: ({ url }) => encodePercentTail(encodeSlashes(url ?? '/')),
  http: { headersTimeout: 30 * SECONDS },
  // Node has one for all routes. Those without a file answer earlier (`limitHandlers`), before a slow body has come.
  requestTimeout: UPLOAD_MS,
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
  schemaController: zodCompilers as NonNullable<FastifyHttpOptions<Server>['schemaController']>,
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

import type { FastifyError, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify'
import type { Services } from '../../runtime/services.ts'
import { clientErrorHandler } from './client-errors.ts'
import { RouteLogController, requestLogger } from './request-log.ts'

const SECONDS = 1000

/** Small enough for one form; readers post addresses and choices. */
const BODY_BYTES = 16 * 1024

export const serverOptions = ({ config, log }: Pick<Services, 'config' | 'log'>): FastifyServerOptions => ({
  loggerInstance: requestLogger(log),
  logController: new RouteLogController(),
  // Addresses and networks of the proxies in front; without any, nobody's X-Forwarded-For is believed.
  trustProxy: config.TRUST_PROXY.length > 0 && config.TRUST_PROXY,
  bodyLimit: BODY_BYTES,
  requestTimeout: 30 * SECONDS,
  connectionTimeout: 60 * SECONDS,
  handlerTimeout: 20 * SECONDS,
  // While draining, what still comes in on an open connection is answered, and the connection closed after it.
  return503OnClosing: false,
  // A parameter as long as a request line may be: what is too long to be a token is an unknown link, and a page says so.
  routerOptions: { ignoreTrailingSlash: true, maxParamLength: BODY_BYTES },
  frameworkErrors: malformedUrl(config.PUBLIC_URL),
  clientErrorHandler,
})

/** Before any route is known, so without hooks and templates: words only. */
const malformedUrl =
  (frontPage: string) =>
  (_error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void => {
    reply
      .code(400)
      .headers({ 'content-security-policy': "default-src 'none'", 'cache-control': 'no-store' })
      .type('text/plain; charset=utf-8')
      .send(
        `This address is not well formed: a part of it was cut off or changed. The front page is at ${frontPage}/\n`,
      )
  }

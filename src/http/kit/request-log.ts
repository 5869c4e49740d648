import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { Logger } from 'pino'
import { safeError } from '../../lib/safe-error.ts'

/** Wraps a logger so that requests and errors never log a URL, an address or a token. */
export const requestLogger = (log: Logger): Logger =>
  log.child(
    {},
    {
      serializers: { req: summary, res: ({ statusCode }: { statusCode: number }) => ({ statusCode }), err: safeError },
    },
  )

/** Method and route pattern, such as "/confirm/:token". */
const summary = (request: FastifyRequest) => ({ method: request.method, route: request.routeOptions.url ?? 'none' })

/** Logs one line per request, when it is answered. */
export class RouteLogController extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const line = { ...summary(request), status: reply.statusCode, ms: Math.round(reply.elapsedTime) }
    if (error) reply.log.error({ ...line, err: error }, 'response broken off')
    else reply.log.info(line, 'request')
  }

  override defaultErrorLog(error: Error, request: FastifyRequest, reply: FastifyReply): void {
    reply.log.error({ ...summary(request), err: error }, 'request failed')
  }

  override streamError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
    reply.log.info({ ...summary(request), err: error }, 'response broken off')
  }

  override writeHeadError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
    reply.log.error({ ...summary(request), err: error }, 'response headers refused')
  }

  override routeNotFound(): void {}
}

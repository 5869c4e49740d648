import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { Logger } from 'pino'
import { safeError } from '../../lib/safe-error.ts'

/** A logger that cannot write a URL, an address or a token, whoever hands it a request or an error. */
export const requestLogger = (log: Logger): Logger =>
  log.child(
    {},
    { serializers: { req: asked, res: ({ statusCode }: { statusCode: number }) => ({ statusCode }), err: safeError } },
  )

/** The route by its pattern: "/confirm/:token". */
const asked = (request: FastifyRequest) => ({ method: request.method, route: request.routeOptions.url ?? 'none' })

/** One line a request, when it is answered. */
export class RouteLogController extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const line = { ...asked(request), status: reply.statusCode, ms: Math.round(reply.elapsedTime) }
    if (error) reply.log.error({ ...line, err: error }, 'response broken off')
    else reply.log.info(line, 'request')
  }

  override defaultErrorLog(error: Error, request: FastifyRequest, reply: FastifyReply): void {
    reply.log.error({ ...asked(request), err: error }, 'request failed')
  }

  override streamError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
    reply.log.info({ ...asked(request), err: error }, 'response broken off')
  }

  override writeHeadError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
    reply.log.error({ ...asked(request), err: error }, 'response headers refused')
  }

  override routeNotFound(): void {}
}

import type { FastifyInstance } from 'fastify'
import { type Locale, localeFrom, type Messages, messagesIn } from '../messages/catalogue.ts'

declare module 'fastify' {
  interface FastifyReply {
    locals?: { locale: Locale; t: Messages }
  }
}

/** Pages speak the language the browser asks for: templates find its messages as `it.t`. */
export function speakTheReadersLanguage(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const locale = localeFrom(request.headers['accept-language'])
    reply.locals = { locale, t: messagesIn(locale) }
  })
}

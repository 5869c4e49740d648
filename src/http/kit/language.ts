import type { FastifyInstance, FastifyReply } from 'fastify'
import { type Locale, localeFrom, type Messages, messagesIn } from '../../messages/catalogue.ts'

declare module 'fastify' {
  interface FastifyReply {
    locals?: { locale: Locale; t: Messages }
  }
}

/** Pages speak the language the browser asks for: templates find its messages as `it.t`. */
export function negotiateLanguage(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const locale = localeFrom(request.headers['accept-language'])
    setLocale(reply, locale)
  })
}

/** A page behind a personal link speaks its reader's language, whatever the browser asks for. @returns its messages */
export function setLocale(reply: FastifyReply, locale: Locale): Messages {
  const t = messagesIn(locale)
  reply.locals = { locale, t }
  return t
}

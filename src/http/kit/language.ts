import type { FastifyInstance, FastifyReply } from 'fastify'
import { type Locale, localeFrom, type Messages, messagesIn } from '../../messages/catalogue.ts'

declare module 'fastify' {
  interface FastifyReply {
    locals?: { locale: Locale; t: Messages }
  }
}

/** Sets each page's language from Accept-Language. Templates get its messages as `it.t`. */
export function negotiateLanguage(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const locale = localeFrom(request.headers['accept-language'])
    setLocale(reply, locale)
  })
}

/** Sets a page's language, such as the reader's own behind a personal link. @returns its messages */
export function setLocale(reply: FastifyReply, locale: Locale): Messages {
  const t = messagesIn(locale)
  reply.locals = { locale, t }
  return t
}

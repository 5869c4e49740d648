import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Locale, Messages } from '../../messages/catalogue.ts'
import { messagesOf, type Newsletter } from '../../runtime/config/newsletter.ts'

declare module 'fastify' {
  interface FastifyInstance {
    newsletter: Newsletter
  }
  interface FastifyReply {
    locals?: {
      locale: Locale
      t: Messages
      /** the reader's browser is known, so pages need no sign-up form */
      known?: boolean
      /** pages show pictures of papers */
      pictures?: boolean
      /** a form's fields to show them or not; absent if the service has none */
      picturesChoice?: { show: 'on' | 'off'; back: string }
    }
  }
}

/** Sets each page's language from Accept-Language. Templates get its messages as `it.t`. */
export function negotiateLanguage(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => void setLocale(reply, localeOf(request)))
}

/** Returns the offered language that the browser prefers (RFC 9110 § 12.5.4), or the first. */
export function localeOf(request: Pick<FastifyRequest, 'language' | 'server'>): Locale {
  const { languages } = request.server.newsletter
  return (request.language([...languages]) || languages[0]) as Locale
}

/** Sets a page's language, such as the reader's own behind a personal link. @returns its messages */
export function setLocale(reply: FastifyReply, locale: Locale): Messages {
  const t = messagesOf(reply.server.newsletter, locale)
  reply.locals = { ...reply.locals, locale, t }
  return t
}

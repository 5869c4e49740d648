import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LOCALES, type Locale, type Messages, messagesIn } from '../../messages/catalogue.ts'

declare module 'fastify' {
  interface FastifyReply {
    locals?: { locale: Locale; t: Messages }
  }
}

/** Pages speak the language the browser asks for: templates find its messages as `it.t`. */
export function speakTheReadersLanguage(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => void speak(reply, localeOf(request)))
}

/** Returns the language of ours that the browser prefers (RFC 9110 § 12.5.4), or English. */
export const localeOf = (request: Pick<FastifyRequest, 'language'>): Locale =>
  (request.language(LOCALES) || 'en') as Locale

/** A page behind a personal link speaks its reader's language, whatever the browser asks for. @returns its messages */
export function speak(reply: FastifyReply, locale: Locale): Messages {
  const t = messagesIn(locale)
  reply.locals = { locale, t }
  return t
}

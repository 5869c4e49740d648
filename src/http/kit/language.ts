import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Locale, type Messages, messagesIn } from '../../messages/catalogue.ts'
import type { Config } from '../../runtime/config/config.ts'
import { messagesOf, type Newsletter } from '../../runtime/config/newsletter.ts'
import { cookieScope } from './base-path.ts'

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
      /** a form's fields to change the language; absent if the service has one language, or the page has a reader's own */
      languageChoice?: { offered: { locale: Locale; name: string }[]; back: string }
      /** the language that the page's address asks for */
      asked?: Locale | undefined
    }
  }
}

export const LANGUAGE_COOKIE = 'language'

/** Sets each page's language from its address or Accept-Language. Templates get its messages as `it.t`. */
export function negotiateLanguage(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    setLocale(reply, localeOf(request))
    reply.locals!.asked = askedFor(request)
  })
}

/** Returns the language of `?lang=`, else the one that the browser prefers. */
export const localeOf = (request: Pick<FastifyRequest, 'language' | 'server' | 'query'>): Locale =>
  askedFor(request) ?? preferredLocale(request)

/** Returns the offered language that the browser prefers (RFC 9110 § 12.5.4), or the first. */
export function preferredLocale(request: Pick<FastifyRequest, 'language' | 'server'>): Locale {
  const { languages } = request.server.newsletter
  return (request.language([...languages]) || languages[0]) as Locale
}

function askedFor({ query, server }: Pick<FastifyRequest, 'server' | 'query'>): Locale | undefined {
  const asked = (query as { lang?: unknown }).lang
  return server.newsletter.languages.find((locale) => locale === asked)
}

/** Sets the language that the visitor once chose, and tells templates which there are (`it.languageChoice`). */
export function offerLanguages(app: FastifyInstance, config: Pick<Config, 'PUBLIC_URL' | 'newsletter'>): void {
  const { languages } = config.newsletter
  if (languages.length === 1) return
  const { name } = cookieScope(config, LANGUAGE_COOKIE)
  const offered = languages.map((locale) => ({ locale, name: messagesIn(locale).name }))
  app.addHook('onRequest', async (request, reply) => {
    const chosen = languages.find((locale) => locale === request.cookies[name])
    if (chosen && !reply.locals!.asked) setLocale(reply, chosen)
    // A page that a token opens has the reader's own language, and its address must not be in the page.
    if (Object.hasOwn(request.params as object, 'token')) return
    reply.locals = {
      ...reply.locals!,
      languageChoice: { offered, back: request.method === 'POST' ? '/' : request.url },
    }
  })
}

/** Adds `?lang=` to a path, or replaces it. @param locale if absent, none is added */
export function inLanguage(path: string, locale?: Locale): string {
  const bare = path.replace(/([?&])lang=[a-z]*(?:&|(?=#|$))/, '$1').replace(/[?&](?=#|$)/, '')
  return locale === undefined ? bare : `${bare}${bare.includes('?') ? '&' : '?'}lang=${locale}`
}

/** Sets a page's language, such as the reader's own behind a personal link. @returns its messages */
export function setLocale(reply: FastifyReply, locale: Locale): Messages {
  const t = messagesOf(reply.server.newsletter, locale)
  reply.locals = { ...reply.locals, locale, t }
  return t
}

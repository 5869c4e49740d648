import { fastifyAccepts } from '@fastify/accepts'
import { fastifyFormbody } from '@fastify/formbody'
import { fastifyHelmet } from '@fastify/helmet'
import { fastifyRateLimit } from '@fastify/rate-limit'
import { fastifyUnderPressure } from '@fastify/under-pressure'
import { fastifyView } from '@fastify/view'
import { type FastifyInstance, fastify } from 'fastify'
import { adminRoutes } from './http/admin/routes.ts'
import { apiRoutes } from './http/api/api.ts'
import { webhookRoutes } from './http/api/webhooks.ts'
import { cardRoutes } from './http/cards/cards.ts'
import { feedRoutes } from './http/feeds/feeds.ts'
import { assetRoutes, loadAssets } from './http/kit/assets.ts'
import { prependBasePath } from './http/kit/base-path.ts'
import { tolerateBrokenBodies } from './http/kit/client-errors.ts'
import { compressPublicTexts } from './http/kit/compress.ts'
import { pageErrorHandler, pageNotFound } from './http/kit/error-pages.ts'
import { limitHandlers } from './http/kit/handler-timeout.ts'
import { negotiateLanguage, offerLanguages } from './http/kit/language.ts'
import { loadLimits, routeLimits } from './http/kit/limits.ts'
import { dropLinkTails } from './http/kit/link-tail.ts'
import { answerOtherMethods } from './http/kit/other-methods.ts'
import { cachePages } from './http/kit/page-cache.ts'
import { offerPictures } from './http/kit/pictures.ts'
import { sanitizeStrings } from './http/kit/sanitize-strings.ts'
import { securityHeaders } from './http/kit/security.ts'
import { serverOptions } from './http/kit/server-options.ts'
import { detectUntrustedProxy } from './http/kit/untrusted-proxy.ts'
import { viewOptions } from './http/kit/views.ts'
import { healthRoutes } from './http/monitoring/health.ts'
import { isMetricsEnabled, metricRoutes, timeRequests } from './http/monitoring/metrics.ts'
import { aboutRoutes } from './http/pages/about.ts'
import { editionRoutes } from './http/pages/editions.ts'
import { goRoutes } from './http/pages/go.ts'
import { languageRoutes } from './http/pages/language.ts'
import { paperRoutes } from './http/pages/paper.ts'
import { paperListRoutes } from './http/pages/papers.ts'
import { peopleRoutes } from './http/pages/people.ts'
import { privacyRoutes } from './http/pages/privacy.ts'
import { searchRoutes } from './http/pages/search.ts'
import { sitemapRoutes } from './http/pages/sitemap.ts'
import { submitRoutes } from './http/pages/submit.ts'
import { thumbnailRoutes } from './http/pages/thumbnails.ts'
import { topicRoutes } from './http/pages/topics.ts'
import { trendRoutes } from './http/pages/trends.ts'
import { confirmRoutes } from './http/reader/confirm.ts'
import { embedRoutes } from './http/reader/embed.ts'
import { followRoutes } from './http/reader/follow.ts'
import { forYouRoutes } from './http/reader/for-you.ts'
import { judgeRoutes } from './http/reader/judge.ts'
import { manageRoutes } from './http/reader/manage.ts'
import { ownVotesRoutes } from './http/reader/own-votes.ts'
import { preferencesRoutes } from './http/reader/preferences.ts'
import { identifyReaders } from './http/reader/reader.ts'
import { savedRoutes } from './http/reader/saved.ts'
import { subscribeRoutes } from './http/reader/subscribe.ts'
import { unsubscribeRoutes } from './http/reader/unsubscribe.ts'
import { unsubscribeReasonRoutes } from './http/reader/unsubscribe-reason.ts'
import type { Services } from './runtime/services.ts'

export interface AppOptions {
  /** URL of the local mailbox page, if one runs: "check your inbox" links to it */
  mailboxUrl?: string | undefined
  /** milliseconds that a rendered public page is cached; default 5000, 0 turns the cache off */
  pageCacheMs?: number
  /** false: a busy process answers late instead of 503. For `npm start`, where jobs share the process, and for tests */
  shedsLoad?: boolean
}

export type App = ReturnType<typeof buildApp>

/** Builds the app with every page and route. Never listens, and never closes the services. */
export function buildApp(services: Services, options: AppOptions = {}) {
  const app = createServer(services)
  addRoutes(app, services, options)
  return app
}

/** A Fastify instance without routes. */
export const createServer = (deps: Pick<Services, 'config' | 'log'>) => fastify(serverOptions(deps))

/** Adds every hook, page and route. */
export function addRoutes(app: FastifyInstance, services: Services, options: AppOptions = {}): void {
  app.setErrorHandler(pageErrorHandler)
  app.setNotFoundHandler(pageNotFound)
  tolerateBrokenBodies(app.server)
  // A connection whose request is open at a stop becomes idle later. The server would wait until no proxy uses it again.
  app.addHook('preClose', async () => {
    app.server.keepAliveTimeout = 1
  })
  const registry = isMetricsEnabled(services.config) ? timeRequests(app) : undefined
  prependBasePath(app, services.config)
  app.register(fastifyAccepts)
  const addPageCache = cachePages(app, options.pageCacheMs)
  limitHandlers(app)
  detectUntrustedProxy(app, services)
  sanitizeStrings(app)
  app.register(fastifyHelmet, securityHeaders(services.config))
  // Browsers and proxies cache nothing unless a route allows it.
  app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  dropLinkTails(app)
  const { newsletter } = services.config
  const assets = loadAssets(services.config)
  app.decorate('newsletter', newsletter)
  app.register(fastifyView, viewOptions(services, assets, options.mailboxUrl))
  // After the views: their hook resets `reply.locals`.
  app.after(() => negotiateLanguage(app))
  answerOtherMethods(app)

  // Always reachable: outside rate limits and load shedding.
  app.register(unsubscribeRoutes, services)
  app.register(healthRoutes, services)
  if (registry) app.register(metricRoutes, { ...services, registry })
  app.register(webhookRoutes, services)
  app.register(assetRoutes, { assets, newsletter })

  app.register(async (limited) => {
    limited.register(fastifyFormbody)
    if (options.shedsLoad !== false) limited.register(fastifyUnderPressure, loadLimits)
    await limited.register(fastifyRateLimit, routeLimits)
    await identifyReaders(limited, services)
    offerLanguages(limited, services.config)
    offerPictures(limited, services.config)
    limited.register(async (lists) => {
      compressPublicTexts(lists)
      addPageCache(lists)
      lists.register(paperListRoutes, services)
      lists.register(paperRoutes, services)
      lists.register(searchRoutes, services)
      lists.register(topicRoutes, services)
      lists.register(trendRoutes, services)
      lists.register(peopleRoutes, services)
      lists.register(editionRoutes, services)
      lists.register(aboutRoutes, services)
      lists.register(privacyRoutes, services)
    })
    if (services.config.THUMBNAILS) limited.register(thumbnailRoutes, services)
    limited.register(languageRoutes, services)
    limited.register(cardRoutes, services)
    limited.register(feedRoutes, services)
    limited.register(sitemapRoutes, services)
    limited.register(judgeRoutes, services)
    limited.register(ownVotesRoutes, services)
    limited.register(savedRoutes, services)
    limited.register(forYouRoutes, services)
    limited.register(followRoutes, services)
    limited.register(subscribeRoutes, services)
    limited.register(embedRoutes, services)
    limited.register(confirmRoutes, services)
    limited.register(unsubscribeReasonRoutes, services)
    limited.register(manageRoutes, services)
    limited.register(submitRoutes, services)
    limited.register(goRoutes, services)
    limited.register(preferencesRoutes, services)
    if (services.config.ADMIN_EMAILS.length > 0) limited.register(adminRoutes, services)
    limited.register(apiRoutes, { prefix: '/api', ...services })
  })
}

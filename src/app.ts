import { fastifyFormbody } from '@fastify/formbody'
import { fastifyHelmet } from '@fastify/helmet'
import { fastifyRateLimit } from '@fastify/rate-limit'
import { fastifyUnderPressure } from '@fastify/under-pressure'
import { fastifyView } from '@fastify/view'
import { type FastifyInstance, fastify } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { adminRoutes } from './http/admin/routes.ts'
import { apiRoutes } from './http/api.ts'
import { assetRoutes } from './http/assets.ts'
import { answerBrokenBodies } from './http/client-errors.ts'
import { confirmRoutes } from './http/confirm.ts'
import { editionRoutes } from './http/editions.ts'
import { pageErrorHandler, pageNotFound } from './http/error-pages.ts'
import { feedRoutes } from './http/feeds.ts'
import { goRoutes } from './http/go.ts'
import { healthRoutes } from './http/health.ts'
import { keepPages } from './http/kept-pages.ts'
import { speakTheReadersLanguage } from './http/language.ts'
import { loadLimits, routeLimits } from './http/limits.ts'
import { manageRoutes } from './http/manage.ts'
import { hasMetrics, metricRoutes, timeRequests } from './http/metrics.ts'
import { ownVotesRoutes } from './http/own-votes.ts'
import { paperPageRoutes } from './http/paper.ts'
import { paperRoutes } from './http/papers.ts'
import { preferencesRoutes } from './http/preferences.ts'
import { privacyRoutes } from './http/privacy.ts'
import { knowReaders } from './http/reader.ts'
import { searchRoutes } from './http/search.ts'
import { securityHeaders } from './http/security.ts'
import { serverOptions } from './http/server-options.ts'
import { sitemapRoutes } from './http/sitemap.ts'
import { submitRoutes } from './http/submit.ts'
import { subscribeRoutes } from './http/subscribe.ts'
import { topicRoutes } from './http/topics.ts'
import { unsubscribeRoutes } from './http/unsubscribe.ts'
import { viewOptions } from './http/views.ts'
import { voteRoutes } from './http/vote.ts'
import { webhookRoutes } from './http/webhooks.ts'
import type { Services } from './runtime/services.ts'

export interface AppOptions {
  /** the local mailbox's page, where one runs: "check your inbox" then links to it */
  mailboxUrl?: string | undefined
  /** how long a page for everybody is kept as it was rendered; a second where nothing is said */
  keepPagesMs?: number
}

export type App = ReturnType<typeof buildApp>

/** Every page and every route. Never listens; the services stay the caller's to close. */
export function buildApp(services: Services, options: AppOptions = {}) {
  const app = fastify(serverOptions(services))
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(pageErrorHandler)
  app.setNotFoundHandler(pageNotFound)
  answerBrokenBodies(app.server)
  const registry = hasMetrics(services.config) ? timeRequests(app as unknown as FastifyInstance) : undefined
  const keep = keepPages(app as unknown as FastifyInstance, options.keepPagesMs)
  app.register(fastifyHelmet, securityHeaders(services.config))
  // Nothing is kept by browsers and caches unless its route says so.
  app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  app.register(fastifyView, viewOptions(services, options.mailboxUrl))
  // After the views, whose own hook begins every reply with empty locals.
  app.after(() => speakTheReadersLanguage(app))

  // Reached always: no limit and no load shedding in front of them.
  app.register(unsubscribeRoutes, services)
  app.register(healthRoutes, services)
  if (registry) app.register(metricRoutes, { ...services, registry })
  app.register(webhookRoutes, services)
  app.register(assetRoutes)

  app.register(async (limited) => {
    limited.register(fastifyFormbody)
    limited.register(fastifyUnderPressure, loadLimits)
    await limited.register(fastifyRateLimit, routeLimits)
    await knowReaders(limited, services)
    limited.register(async (lists) => {
      keep(lists)
      lists.register(paperRoutes, services)
      lists.register(paperPageRoutes, services)
      lists.register(searchRoutes, services)
      lists.register(topicRoutes, services)
    })
    limited.register(feedRoutes, services)
    limited.register(sitemapRoutes, services)
    limited.register(voteRoutes, services)
    limited.register(ownVotesRoutes, services)
    limited.register(subscribeRoutes, services)
    limited.register(confirmRoutes, services)
    limited.register(manageRoutes, services)
    limited.register(submitRoutes, services)
    limited.register(goRoutes, services)
    limited.register(privacyRoutes, services)
    limited.register(preferencesRoutes, services)
    limited.register(editionRoutes, services)
    if (services.config.ADMIN_EMAILS.length > 0) limited.register(adminRoutes, services)
    limited.register(apiRoutes, { prefix: '/api', ...services })
  })
  return app
}

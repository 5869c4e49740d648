import type { FastifyInstance } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { httpStatus, PaperboyError } from '../../lib/errors.ts'
import type { Services } from '../../runtime/services.ts'
import { pageErrorHandler } from '../kit/error-pages.ts'
import { setLocale } from '../kit/language.ts'
import { disallowIndexing } from '../kit/security.ts'
import { adminApiKeyRoutes } from './api-keys.ts'
import { auditLogRoutes } from './audit-log.ts'
import { curationRoutes } from './curation.ts'
import { deliveryRoutes } from './deliveries.ts'
import { adminEditionRoutes } from './edition.ts'
import { isFormTokenError, requireFormTokens } from './form-token.ts'
import { guardAdminPages } from './guard.ts'
import { inboundRoutes } from './inbound.ts'
import { insightRoutes } from './insights.ts'
import { previewRoutes } from './preview.ts'
import { adminReaderRoutes } from './reader.ts'
import { readerImportRoutes } from './reader-import.ts'
import { readerListRoutes } from './readers.ts'
import { addSections } from './sections.ts'
import { sessionRoutes } from './sessions.ts'
import { settingsRoutes } from './settings.ts'
import { signInRoutes, signOutRoute } from './sign-in.ts'
import { sourceRoutes } from './sources.ts'
import { adminSubmissionRoutes } from './submissions.ts'
import { todayRoutes } from './today.ts'
import { adminWebhookRoutes } from './webhooks.ts'
import { wordingRoutes } from './wording.ts'

const STALE = {
  title: 'This form is out of date',
  message: 'Nothing was changed. Open the page again and repeat what you did.',
}

/**
 * The curator's and operator's pages, for the addresses in ADMIN_EMAILS; without it they do not exist. They are in English, like
 * commands and logs. Every change is a posted form, equals a command, and enters the audit log with its author.
 */
export const adminRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  addSections(app as unknown as FastifyInstance)
  app.addHook('onRequest', async (_request, reply) => void setLocale(reply, 'en'))
  await requireFormTokens(app as unknown as FastifyInstance, services)
  // Admins may read the messages of our own errors.
  app.setErrorHandler(async (error, request, reply) => {
    if (isFormTokenError(error)) {
      reply.code(403)
      return request.admin
        ? reply.view('admin/problem', STALE)
        : reply.view('admin/sign-in', { refused: STALE.message })
    }
    return error instanceof PaperboyError
      ? reply.code(httpStatus[error.code]).view('admin/problem', { title: 'That did not work', message: error.message })
      : pageErrorHandler(error, request, reply)
  })
  app.register(signInRoutes, services)
  app.register(async (guarded) => {
    guardAdminPages(guarded as unknown as FastifyInstance, services)
    guarded.register(todayRoutes, services)
    guarded.register(adminEditionRoutes, services)
    guarded.register(curationRoutes, services)
    guarded.register(wordingRoutes, services)
    guarded.register(previewRoutes, services)
    guarded.register(deliveryRoutes, services)
    guarded.register(adminSubmissionRoutes, services)
    guarded.register(readerListRoutes, services)
    guarded.register(readerImportRoutes, services)
    guarded.register(adminReaderRoutes, services)
    guarded.register(insightRoutes, services)
    guarded.register(sourceRoutes, services)
    guarded.register(inboundRoutes, services)
    guarded.register(settingsRoutes, services)
    guarded.register(sessionRoutes, services)
    guarded.register(auditLogRoutes, services)
    guarded.register(adminApiKeyRoutes, services)
    guarded.register(adminWebhookRoutes, services)
    guarded.register(signOutRoute, services)
  })
}

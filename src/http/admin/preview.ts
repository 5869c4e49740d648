import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { darkened, preview } from '../../delivery/preview/preview.ts'
import { sendTest } from '../../delivery/preview/send-test.ts'
import { describeEdition, type EditionKey } from '../../edition/draft/control.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { AddressError } from '../../mail/address.ts'
import { LOCALES } from '../../messages/catalogue.ts'
import { editionHref } from '../../operate/attention/attention.ts'
import { recordAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { subscriberIdOf } from '../../subscription/find-reader.ts'
import { mailDocumentHeaders, securityHeaders } from '../kit/security.ts'
import { OTHER_SERVER_MS } from '../kit/server-options.ts'
import { editionParams as params } from './edition.ts'
import { nameOf } from './edition-labels.ts'
import { actor } from './guard.ts'

/** Test emails of one admin in ten minutes. */
const MOST_TESTS = { max: 20, timeWindow: 10 * 60_000 }

const Shown = z.object({
  format: z.enum(['html', 'text']).catch('html'),
  locale: z.enum(LOCALES).optional().catch(undefined),
  theme: z.enum(['light', 'dark']).catch('light'),
  width: z.enum(['desktop', 'phone']).catch('desktop'),
  size: z.coerce.number().int().min(1).max(120).optional().catch(undefined),
  /** a reader's number. Addresses are posted, never in a URL, which logs keep */
  reader: z.coerce.number().int().min(1).optional().catch(undefined),
})
type Shown = z.output<typeof Shown>

/** What an edition's email looks like for any reader, and a test of it to one's own address. */
export const previewRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const view = ({ reader: _, ...shown }: Shown, key: EditionKey, more: object = {}) => ({
    name: nameOf(key),
    href: editionHref(key),
    locales: LOCALES,
    shown,
    ...more,
  })
  app.get('/admin/editions/:kind/:date/preview', { schema: { params, querystring: Shown } }, async (request, reply) => {
    const { params: key, query } = request
    const { subject } = await preview(services, key, query.reader, query)
    await reply.helmet({ ...securityHeaders(services.config), ...framingHeaders(services) } as never)
    return reply.view(
      'admin/preview',
      view(query, key, { subject, reader: query.reader, source: emailHref(key, query) }),
    )
  })

  app.get('/admin/editions/:kind/:date/email', { schema: { params, querystring: Shown } }, async (request, reply) => {
    const { format, theme, reader, ...overrides } = request.query
    const made = await preview(services, request.params, reader, overrides)
    await reply.helmet({ ...securityHeaders(services.config), ...framedMailHeaders } as never)
    if (format === 'text') return reply.type('text/plain; charset=utf-8').send(made.text)
    return reply.type('text/html; charset=utf-8').send(darkened(made.html, theme === 'dark'))
  })

  const choosing = { params, body: z.object({ email: z.string().catch('') }).catch({ email: '' }) }
  app.post('/admin/editions/:kind/:date/preview', { schema: choosing }, async ({ params: key, body }, reply) => {
    try {
      const reader = await subscriberIdOf(services, body.email)
      // The form says why there is none.
      await preview(services, key, reader)
      return reply.redirect(`${editionHref(key)}/preview?reader=${reader}`, 303)
    } catch (error) {
      const problem =
        error instanceof AddressError
          ? reply.locals!.t.address[error.problem]
          : error instanceof PaperboyError && error.message
      if (!problem) throw error
      const shown = Shown.parse({})
      const { subject } = await preview(services, key)
      const source = emailHref(key, shown)
      await reply.helmet({ ...securityHeaders(services.config), ...framingHeaders(services) } as never)
      return reply.code(422).view('admin/preview', view(shown, key, { subject, source, problem, typed: body.email }))
    }
  })

  const testing = { params, body: z.object({ locale: z.enum(LOCALES).optional().catch(undefined) }).catch({}) }
  app.post(
    '/admin/editions/:kind/:date/test',
    { schema: testing, config: { handlerTimeoutMs: OTHER_SERVER_MS }, preHandler: app.rateLimit(MOST_TESTS) },
    async (request, reply) => {
      const { params: key, body } = request
      // To the signed-in admin alone: the form has no address.
      const to = actor(request)
      const { state, reply: said } = await sendTest(services, key, to, body.locale ? { locale: body.locale } : {})
      const done = state === 'accepted' ? 'sent a test of' : 'tried to send a test of'
      await recordAudit(services.db, services.now(), { actor: to, action: done, target: describeEdition(key) })
      return reply.view('admin/test-sent', { name: nameOf(key), href: editionHref(key), to, state, said })
    },
  )
}

/** As of every page, and it may frame the email. */
function framingHeaders({ config }: Pick<Services, 'config'>) {
  const { contentSecurityPolicy } = securityHeaders(config)
  const { directives } = contentSecurityPolicy
  return { contentSecurityPolicy: { ...contentSecurityPolicy, directives: { ...directives, frameSrc: ["'self'"] } } }
}

/** As of a mail document, but our own page may frame it. */
const framedMailHeaders = {
  contentSecurityPolicy: {
    ...mailDocumentHeaders.contentSecurityPolicy,
    directives: { ...mailDocumentHeaders.contentSecurityPolicy.directives, frameAncestors: ["'self'"] },
  },
  xFrameOptions: { action: 'sameorigin' as const },
}

function emailHref(key: EditionKey, { width: _, ...shown }: Shown): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(shown)) if (value !== undefined) query.set(name, String(value))
  return `${editionHref(key)}/email?${query}`
}
